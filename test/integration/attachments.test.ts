import { createHash } from 'node:crypto'
import { readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Attachments } from '../../src/attachments/attachments.ts'
import type { Ticket } from '../../src/domain/ticket/ticket.ts'
import { fileLink, linkKey } from '../../src/recordings/links.ts'
import { type GivenHttp, givenHttp, newJournalPath, withKey } from '../support/given-http.ts'
import { incident } from '../support/intake.ts'

let given: GivenHttp
let path: string
let id: string
const photo = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, ...Buffer.from('JFIF')])

beforeEach(async () => {
  path = newJournalPath()
  given = await givenHttp({ path })
  id = (await given.http.inject({ method: 'POST', url: '/v1/tickets', headers: withKey, payload: { from: '12345', intake: incident } })).json<{ ticket: Ticket }>().ticket.id
})
afterEach(async () => {
  await given.close()
  rmSync(dirname(path), { recursive: true })
})

const files = () => readdirSync(join(dirname(path), 'attachments'))
const give = (payload: Buffer = photo, name = '现场 照片.jpg', type = 'image/jpeg') => given.http.inject({ method: 'POST', url: `/v1/tickets/${id}/attachments?${new URLSearchParams({ name, platform: '12345' }).toString()}`, headers: { ...withKey, 'content-type': type }, payload })
const given1 = async () => ((await give()).json<{ ticket: Ticket }>().ticket.attachments ?? [])[0]

it('is kept byte by byte, named in the ticket, and fetched by who may read it', async () => {
  const answer = await give()
  expect(answer.statusCode).toBe(201)
  const [one] = answer.json<{ ticket: Ticket }>().ticket.attachments ?? []
  expect(one).toMatchObject({ name: '现场 照片.jpg', type: 'image/jpeg', bytes: photo.length, sha256: createHash('sha256').update(photo).digest('hex'), by: 'desk', platform: '12345' })
  const fetched = await given.http.inject({ url: `/v1/tickets/${id}/attachments/${one?.id}`, headers: withKey })
  expect(fetched.rawPayload).toEqual(photo)
  expect(fetched.headers).toMatchObject({ 'content-type': 'image/jpeg', 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent('现场 照片.jpg')}`, 'x-content-type-options': 'nosniff' })
  expect((await given.http.inject({ url: `/v1/tickets/${id}/attachments/${one?.id}` })).statusCode).toBe(401)
})

it('is fetched by its link alone until that has expired, and by no other file’s', async () => {
  const one = (await given1())?.id ?? ''
  const key = await linkKey(given.journal.tables)
  const follow = async (now: number, of = one, kind: 'attachment' | 'recording' = 'attachment') => given.http.inject({ url: fileLink(key, 'http://tandem', { kind, id: of, name: '' }, 1, now).url.replace('http://tandem', '').replace(of, one).replace('/recordings/', '/attachments/') })
  expect((await follow(Date.now())).rawPayload).toEqual(photo)
  expect((await follow(Date.now() - 3 * 3_600_000)).json()).toMatchObject({ code: 'link-refused' })
  expect((await follow(Date.now(), 'att-other')).json()).toMatchObject({ code: 'link-refused' })
  expect((await follow(Date.now(), one, 'recording')).json()).toMatchObject({ code: 'link-refused' })
})

it('given twice is there once; what is refused leaves no file behind', async () => {
  await give()
  expect((await give()).json()).toMatchObject({ changed: false })
  expect((await give(Buffer.alloc(1_048_577, 1))).json()).toMatchObject({ code: 'body-too-large' })
  expect((await give(Buffer.of())).json()).toMatchObject({ code: 'attachment-empty' })
  expect((await give(photo, '../../etc/passwd')).json()).toMatchObject({ code: 'invalid-request', errors: [{ path: '/querystring/name' }] })
  await given.http.inject({ method: 'POST', url: `/v1/tickets/${id}/withdraw`, headers: withKey, payload: { platform: '12345', text: '误推' } })
  expect((await give(photo, 'late.jpg')).json()).toMatchObject({ code: 'ticket-settled' })
  expect(files()).toHaveLength(1)
})

it('may be JSON, or say to be nothing that is', async () => {
  expect((await give(Buffer.from('{"a":1}'), 'a.json', 'application/json')).json()).toMatchObject({ ticket: { attachments: [{ type: 'application/json', bytes: 7 }] } })
  expect((await give(photo, 'b', 'image/jpeg; x="<script>"')).json()).toMatchObject({ ticket: { attachments: [{}, { type: 'image/jpeg' }] } })
})

it('that cannot be written is told so, and may be given again', async () => {
  const directory = join(dirname(path), 'attachments')
  writeFileSync(directory, 'in its way')
  expect((await give()).json()).toMatchObject({ status: 503, code: 'not-durable' })
  rmSync(directory)
  expect((await give()).statusCode).toBe(201)
})

it('goes when it is old; what was cut off goes after a day', async () => {
  const one = (await given1())?.id ?? ''
  const directory = join(dirname(path), 'attachments')
  const attachments = new Attachments({ config: { directory, mostMiB: 1, retentionDays: 2 }, logger: pino({ level: 'silent' }) })
  const cutOff = `att-${'0'.repeat(36)}.part`
  writeFileSync(join(directory, cutOff), photo)
  await attachments.deleteOld(Date.now() + 90_000_000)
  expect(files()).toEqual([one])
  utimesSync(join(directory, one), new Date(), new Date(Date.now() - 3 * 86_400_000))
  await attachments.deleteOld(Date.now())
  expect(files()).toEqual([])
  expect((await given.http.inject({ url: `/v1/tickets/${id}/attachments/${one}`, headers: withKey })).json()).toMatchObject({ code: 'attachment-not-found' })
})
