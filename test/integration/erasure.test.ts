import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import sql from 'sql-template-tag'
import { parseConfig } from '../../src/config/load.ts'
import type { Ticket } from '../../src/domain/ticket/ticket.ts'
import type { LabPostgres } from '../../src/lab/postgres.ts'
import { LedgerAccess } from '../../src/ledger/access.ts'
import { publicKeyOf, signingKey } from '../../src/ledger/checkpoints.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { DeliveryStore } from '../../src/tickets/delivery-store.ts'
import { planned } from '../../src/tickets/planner.ts'
import { signWebhook } from '../../src/tickets/signature.ts'
import { type GivenHttp, givenHttp, settings, webhookSecret, withArchiveKey, withKey } from '../support/given-http.ts'
import { type GivenLedger, givenLedger, newDatabase, startLabPostgres } from '../support/given-ledger.ts'
import { incident, order } from '../support/intake.ts'

let postgres: LabPostgres
let access: LedgerAccess
let given: GivenHttp
let ledger: GivenLedger
let messages = 0

beforeAll(async () => {
  postgres = await startLabPostgres('erasure')
}, 120_000)
beforeEach(async () => {
  const url = await newDatabase(postgres)
  access = new LedgerAccess({ url, checkpointMs: 86_400_000, checkpointFile: '', keyFile: '' })
  given = await givenHttp({ ledger: access })
  ledger = await givenLedger(postgres, { url, journal: given.journal })
})
afterEach(async () => {
  await ledger.close()
  await access.close()
  await given.close()
})
afterAll(() => postgres.stop())

const ask = (method: string, url: string, payload?: object, headers: Record<string, string> = withArchiveKey) => given.http.inject({ method: method as 'GET', url, headers, ...(payload ? { payload } : {}) })
const pushed = async (more: object = {}) => (await ask('POST', '/v1/tickets', { from: '12345', intake: { ...incident, longitude: 121.657_83, latitude: 31.801_27 }, reason: '先期处置', ...more })).json<{ ticket: Ticket }>().ticket
const erase = async (of: object, headers?: Record<string, string>) => (await ask('POST', '/v1/ledger/erasures', of, headers)).json<{ calls: number }>()
const shown = async (id: string) => (await ask('GET', `/v1/tickets/${id}`)).json<{ ticket: Ticket }>().ticket
/** All that the ledger has that is not a digest. */
const kept = async () => {
  await ledger.caughtUp()
  return JSON.stringify([await ledger.database.query(sql`SELECT body FROM events`), await ledger.database.query(sql`SELECT value FROM personal`), await ledger.database.query(sql`SELECT record FROM tickets`)])
}
const faults = async () => (await verifyLedger(ledger.database, publicKeyOf(signingKey(ledger.config.keyFile)))).findings

async function says(data: object, type = 'ticket.registered') {
  const payload = JSON.stringify({ type, data })
  const answer = await given.http.inject({ method: 'POST', url: '/v1/inbox/tickets-110', headers: { 'content-type': 'application/json', ...signWebhook(`msg_${++messages}`, Buffer.from(payload), [webhookSecret], Date.now()) }, payload })
  expect(answer.statusCode).toBe(202)
  return answer.json<{ ticket?: string }>()
}

it('reaches what other systems have said, of a known ticket or of none', async () => {
  const { ticket: id = '' } = await says({ reference: 'J-1', ticket: { intake: order } })
  await says({ ticket: { id }, text: `${order.callerName} 称已修好` }, 'ticket.withdrawn')
  await says({ about: `回访电话 ${order.callerNumber}` }, 'order.printed')
  const other = { title: '另一件事', content: '另一件事', requestType: 'help', callerNumber: '13700000007', address: '江海路 9 号' }
  await says({ reference: 'J-2', ticket: { intake: other } })
  await ledger.caughtUp()
  expect(await erase({ number: order.callerNumber })).toEqual({ calls: 1 })
  const left = await kept()
  for (const said of [order.callerNumber, order.callerName, order.content, order.address]) expect(left).not.toContain(said)
  expect(left).toContain('另一件事')
  const { items } = (await ask('GET', `/v1/ledger/events?handover=${id}`)).json<{ items: { fact: { type: string; message?: string } }[] }>()
  expect(items.flatMap(({ fact }) => (fact.type === 'message-received' ? [fact.message] : []))).toEqual(['erased', 'erased'])
  expect(await faults()).toEqual([])
})

it('reaches a ticket that is still open: nothing says it again, now or after a restart', async () => {
  const { id } = await pushed()
  await ask('POST', `/v1/tickets/${id}/reports`, { platform: '110', step: 'on-scene', text: '已见到王女士' })
  await ledger.caughtUp()
  await erase({ number: incident.callerNumber })
  const forgotten = { intake: { callerNumber: 'erased', callerName: 'erased', content: 'erased', address: 'erased', longitude: 'erased', incidentLevel: '2' }, reason: 'erased' }
  expect(await shown(id)).toMatchObject({ ...forgotten, steps: [{}, { step: 'on-scene', text: 'erased' }] })
  await ask('POST', `/v1/tickets/${id}/reports`, { platform: '110', step: 'in-progress' })
  const left = await kept()
  for (const said of [incident.callerNumber, incident.callerName, incident.content, incident.address, '已见到王女士', '先期处置']) expect(left).not.toContain(said)
  expect((await given.journal.openTickets())[0]?.ticket).toMatchObject({ ...forgotten, state: 'in-progress' })
  // No ticket system is told: what it has is its own.
  expect((await given.journal.read(0, 100)).flatMap((entry) => planned(entry, [{ id: 'tickets-110', platform: '110' }], 'tandem', 0)).map(({ event }) => event)).toEqual(['ticket.registered', 'ticket.reported', 'ticket.reported'])
  expect(await faults()).toEqual([])
})

it('reaches where it was', async () => {
  const { id } = await pushed()
  expect(await kept()).not.toContain('"longitude":121.65783')
  const found = async () => (await ask('GET', `/v1/ledger/tickets?ticket=${id}`)).json<{ items: Ticket[] }>().items[0]?.intake
  expect(await found()).toMatchObject({ longitude: 121.657_83, latitude: 31.801_27 })
  await erase({ call: id })
  expect(await found()).toMatchObject({ longitude: 'erased', latitude: 'erased', ongoing: true })
  expect(await kept()).not.toContain('121.65783')
  expect(await faults()).toEqual([])
})

it('reaches what ticket systems answered', async () => {
  const { id } = await pushed()
  const store = new DeliveryStore(given.journal.tables)
  const [delivery] = (await given.journal.read(0, 100)).flatMap((entry) => planned(entry, parseConfig(settings('unused.sqlite'), {}).tickets.endpoints, 'tandem', 0))
  if (!delivery) throw new Error('nothing is delivered')
  await store.plan([delivery], 0)
  await store.record({ ...delivery, state: 'delivered' }, { at: 1, ms: 2, outcome: 'http-200', answer: `{"caller":"${incident.callerNumber}"}` })
  const answers = async () => (await ask('GET', `/v1/deliveries/${delivery.id}`)).json<{ attempts: { answer: string; outcome: string }[] }>().attempts.map(({ answer, outcome }) => [outcome, answer])
  expect(await answers()).toEqual([['http-200', `{"caller":"${incident.callerNumber}"}`]])
  await ledger.caughtUp()
  await erase({ call: id })
  expect(await answers()).toEqual([['http-200', 'erased']])
})

it('of a marked record is for who may know of it; for others there is none', async () => {
  const { id } = await pushed({ needToKnow: { reason: 'case', cause: '在办案件' } })
  await ledger.caughtUp()
  expect(await erase({ number: incident.callerNumber }, withKey)).toEqual({ calls: 0 })
  expect(await erase({ call: id }, withKey)).toEqual({ calls: 0 })
  expect(await kept()).toContain(incident.callerNumber)
  const key = { name: 'boss', role: 'supervisor', platform: '110', scopes: ['ledger:erase', 'tickets:read'] }
  const boss = { authorization: `Bearer ${(await ask('POST', '/v1/keys', key)).json<{ key: string }>().key}` }
  expect(await erase({ number: incident.callerNumber }, boss)).toEqual({ calls: 1 })
  const left = await kept()
  for (const said of [incident.callerNumber, incident.content, '在办案件']) expect(left).not.toContain(said)
  expect((await ask('GET', `/v1/tickets/${id}`, undefined, boss)).json()).toMatchObject({ ticket: { needToKnow: { reason: 'case', cause: 'erased' } } })
  expect(await faults()).toEqual([])
})
