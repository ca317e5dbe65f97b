import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { signWebhook } from '../../src/tickets/signature.ts'
import { type GivenHttp, givenHttp, newJournalPath, webhookSecret } from '../support/given-http.ts'

let given: GivenHttp
let path: string

beforeEach(async () => {
  path = newJournalPath()
  given = await givenHttp({ path })
})
afterEach(async () => {
  await given.close()
  rmSync(dirname(path), { recursive: true })
})

const body = JSON.stringify({ type: 'order.printed', data: { order: 'G-1', text: '已受理' } })
const send = (headers: object, payload = body) => given.http.inject({ method: 'POST', url: '/v1/inbox/tickets-110', headers: { 'content-type': 'application/json', ...headers }, payload })
const facts = async () => (await given.journal.read(0, 1_000)).map(({ fact }) => fact)

it('takes what Standard Webhooks’ own library signs, once, also after a restart', async () => {
  const now = new Date()
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)), 'webhook-signature': new Webhook(webhookSecret).sign('msg_1', now, body) }
  expect((await send(headers)).json()).toEqual({ id: 'msg_1' })
  expect((await send(headers)).json()).toMatchObject({ status: 409, code: 'message-replayed' })
  await given.close()
  given = await givenHttp({ path })
  expect((await send(headers)).json()).toMatchObject({ code: 'message-replayed' })
  expect(await facts()).toMatchObject([
    { type: 'message-received', endpoint: 'tickets-110', id: 'msg_1', message: body },
    { type: 'message-refused', id: 'msg_1', code: 'message-replayed' },
    { type: 'message-refused', code: 'message-replayed' },
  ])
})

it('still knows on the fourth day what it has taken: retries run for three', async () => {
  const headers = signWebhook('msg_old', Buffer.from(body), [webhookSecret], Date.now())
  await given.journal.append([], { scope: 'inbox tickets-110', key: 'msg_old', request: '', status: 202, body: '', at: Date.now() - 80 * 3_600_000 })
  await given.journal.append([], { scope: 'desk POST /v1/tickets', key: 'k', request: '', status: 201, body: '', at: Date.now() - 80 * 3_600_000 })
  await given.close()
  given = await givenHttp({ path })
  expect((await send(headers)).json()).toMatchObject({ code: 'message-replayed' })
  expect((await given.journal.answers()).map(({ key }) => key)).toEqual(['msg_old'])
})

it('takes HMAC-SM3, and no other change of a byte', async () => {
  expect((await send(signWebhook('msg_1', Buffer.from(body), [webhookSecret], Date.now(), 'hmac-sm3'))).statusCode).toBe(202)
  expect((await send(signWebhook('msg_2', Buffer.from(body), [webhookSecret], Date.now()), body.replace('已', '未'))).json()).toMatchObject({ code: 'signature-mismatch' })
  expect((await send({})).json()).toMatchObject({ code: 'headers-missing' })
  expect((await facts()).map((fact) => [fact.type, 'code' in fact ? fact.code : undefined])).toEqual([['message-received', undefined], ['message-refused', 'signature-mismatch'], ['message-refused', 'headers-missing']])
})

it('of a flood keeps the first ones, and how many more there were', async () => {
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (let n = 0; n < 40; n++) expect((await send({ 'webhook-id': `msg_${n}` })).statusCode).toBe(401)
  expect(await facts()).toHaveLength(30)
})

it('what is signed and no JSON is refused, and may come again whole', async () => {
  const broken = '{"type":'
  expect((await send(signWebhook('msg_1', Buffer.from(broken), [webhookSecret], Date.now()), broken)).json()).toMatchObject({ code: 'malformed-body' })
  expect((await send(signWebhook('msg_1', Buffer.from(body), [webhookSecret], Date.now()))).statusCode).toBe(202)
})

it.each(['constructor', 'toString', '__proto__'])('a type %s is kept as any other, and does nothing', async (type) => {
  const payload = JSON.stringify({ type, data: {} })
  expect((await send(signWebhook('msg_1', Buffer.from(payload), [webhookSecret], Date.now()), payload)).statusCode).toBe(202)
  expect((await facts()).map((fact) => fact.type)).toEqual(['message-received'])
})

it('what could not be done for a fault of ours was not taken, and may come again', async () => {
  await given.close()
  let broken = true
  given = await givenHttp({ path, wrap: (file) => ({ ...file, ticket: (id) => (broken ? Promise.reject(new Error('secret of the disk')) : file.ticket(id)) }) })
  const payload = JSON.stringify({ type: 'ticket.accepted', data: { ticket: { id: 'ho-1' } } })
  const signed = () => send(signWebhook('msg_1', Buffer.from(payload), [webhookSecret], Date.now()), payload)
  expect((await signed()).statusCode).toBe(500)
  broken = false
  expect((await signed()).json()).toMatchObject({ code: 'ticket-not-found' })
})
