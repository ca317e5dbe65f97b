import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { recordingName } from '../../src/domain/recording.ts'
import type { Ticket } from '../../src/domain/ticket/ticket.ts'
import { linkKey, fileLink } from '../../src/recordings/links.ts'
import { type GivenHttp, givenHttp, newJournalPath, withArchiveKey } from '../support/given-http.ts'
import { incident, order } from '../support/intake.ts'
import { ticketDesk } from '../support/ticket-desk.ts'

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

const { post, get, shown, pushed, facts, says } = ticketDesk(() => given)

describe('a system push', () => {
  it('is registered, accepted, reported on and closed; each step is kept with who did it', async () => {
    const { id } = await pushed({ reference: 'G2026-1' })
    expect((await post(`/v1/tickets/${id}/accept`, { platform: '110', reference: 'J-7' })).json()).toMatchObject({ changed: true, durable: true, ticket: { state: 'accepted' } })
    for (const step of ['dispatched', 'on-scene', 'resolved', 'reported-back']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await post(`/v1/tickets/${id}/reports`, { platform: '110', step, text: `到了 ${step}` })).json()).toMatchObject({ ticket: { state: step } })
    }
    expect((await post(`/v1/tickets/${id}/close`, { platform: '12345' })).json()).toMatchObject({ ticket: { state: 'closed' } })
    expect(await shown(id)).toMatchObject({ references: { '12345': 'G2026-1', '110': 'J-7' }, matter: { category: '社会治安类', catalogueVersion: 1 }, urgency: 'at-once' })
    expect((await shown(id)).steps.map(({ step, platform, by }) => [step, platform, by])).toEqual([
      ['sent', '12345', 'desk'],
      ['accepted', '110', 'desk'],
      ['dispatched', '110', 'desk'],
      ['on-scene', '110', 'desk'],
      ['resolved', '110', 'desk'],
      ['reported-back', '110', 'desk'],
      ['closed', '12345', 'desk'],
    ])
  })

  it('that lacks something is refused with every field named, and nothing is sent', async () => {
    const answer = await post('/v1/tickets', { from: '12345', intake: { content: '有人打架', callerNumber: 'unknown', colour: 'red' } })
    expect(answer.statusCode).toBe(422)
    expect(answer.json<{ errors: { path: string }[] }>().errors.map(({ path: at }) => at)).toEqual(['incidentType', 'incidentLevel', 'callerNumber', 'address', 'occurredAt', 'ongoing', 'injured', 'colour'].map((field) => `/body/intake/${field}`))
    expect(await facts()).toEqual([])
  })

  it('the form is built from what the API tells of it', async () => {
    const schema = (await get('/v1/intake/110')).json<{ required: string[]; properties: Record<string, { title: string }> }>()
    expect(schema.required).toEqual(['content', 'incidentType', 'incidentLevel', 'callerNumber', 'address', 'occurredAt', 'ongoing', 'injured'])
    expect(schema.properties['incidentLevel']).toEqual({ title: '警情级别', oneOf: [{ const: '1', title: '一级' }, { const: '2', title: '二级' }, { const: '3', title: '三级' }, { const: '4', title: '四级' }] })
    expect((await get('/v1/intake/12345')).json()).toMatchObject({ title: '工单', required: ['title', 'content', 'requestType', 'callerNumber', 'address'] })
  })

  it('from 110 is never urgent, and who does otherwise than the policy says tells why', async () => {
    const facing = { from: '110', intake: order, urgency: 'emergency', facts: { responsibility: '12345', handledFirst: true } }
    expect((await post('/v1/tickets', facing)).json()).toMatchObject({ ticket: { to: '12345', urgency: 'routine', decision: { mode: 'push', platform: '12345', followed: true } } })
    expect((await post('/v1/tickets', { ...facing, facts: { responsibility: '110' } })).json()).toMatchObject({ code: 'reason-missing' })
  })

  it('is known after a restart, and listed, the newest first; the settled ones apart', async () => {
    const [first, second] = [await pushed(), await pushed()]
    await post(`/v1/tickets/${first.id}/withdraw`, { platform: '12345', text: '误推' })
    await given.close()
    given = await givenHttp({ path })
    expect((await get('/v1/tickets')).json<{ items: Ticket[] }>().items.map(({ id }) => id)).toEqual([second.id, first.id])
    expect((await get('/v1/tickets?open=true')).json<{ items: Ticket[] }>().items.map(({ id }) => id)).toEqual([second.id])
    expect(await shown(first.id)).toMatchObject({ state: 'withdrawn' })
    expect((await post(`/v1/tickets/${first.id}/accept`, { platform: '110' })).json()).toMatchObject({ code: 'ticket-settled' })
    expect((await post(`/v1/tickets/${second.id}/accept`, { platform: '110' })).json()).toMatchObject({ ticket: { state: 'accepted' } })
  })

  it('the same key sends it once', async () => {
    const key = { 'idempotency-key': 'k1' }
    const [one, other] = [await post('/v1/tickets', { from: '12345', intake: incident }, key), await post('/v1/tickets', { from: '12345', intake: incident }, key)]
    expect(other.json()).toEqual(one.json())
    expect(await facts()).toHaveLength(1)
  })

  it('is on disk in one commit with its key’s answer: a crash leaves both, or neither', async () => {
    const append = vi.spyOn(given.journal, 'append')
    const { id } = (await post('/v1/tickets', { from: '12345', intake: incident }, { 'idempotency-key': 'k1' })).json<{ ticket: Ticket }>().ticket
    await post(`/v1/tickets/${id}/reports`, { platform: '110', step: 'on-scene' }, { 'idempotency-key': 'k2' })
    expect(append.mock.calls.map(([written, answer]) => [written.map(({ type }) => type), answer?.key])).toEqual([[['ticket-registered'], 'k1'], [['ticket-reported'], 'k2']])
    await given.close()
    given = await givenHttp({ path })
    expect((await post(`/v1/tickets/${id}/reports`, { platform: '110', step: 'on-scene' }, { 'idempotency-key': 'k2' })).json()).toMatchObject({ changed: true, durable: true, ticket: { id, state: 'on-scene' } })
    expect(await facts()).toHaveLength(2)
  })

  it('of other systems, whose ids are in no order, are listed by their time, page by page', async () => {
    const ids = []
    for (const n of [1, 2, 3, 4]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      ids.unshift((await says('ticket.registered', { reference: `J-${n}`, at: `2026-11-27T06:0${n}:00+08:00`, ticket: { intake: order } })).json<{ ticket: string }>().ticket)
    }
    for (const query of ['limit=3', 'limit=3&open=true']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const first = (await get(`/v1/tickets?${query}`)).json<{ items: Ticket[]; next: string }>()
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const second = (await get(`/v1/tickets?${query}&cursor=${encodeURIComponent(first.next)}`)).json<{ items: Ticket[] }>()
      expect([first.items, second.items].map((items) => items.map(({ id }) => id))).toEqual([ids.slice(0, 3), ids.slice(3)])
    }
    expect((await shown(ids[0] ?? '')).registeredAt).toBe('2026-11-26T22:04:00.000Z')
  })
})

describe('the receiver’s own system', () => {
  it('accepts it, reports on it and gives it its number, by signed messages', async () => {
    const { id } = await pushed()
    expect((await says('ticket.accepted', { ticket: { id }, reference: 'J-9' })).json()).toMatchObject({ ticket: id })
    await says('ticket.reported', { ticket: { id }, step: 'on-scene', text: '已到场', by: '民警 031', at: '2026-11-27T06:30:00.000Z' })
    expect(await shown(id)).toMatchObject({ state: 'on-scene', references: { '110': 'J-9' }, steps: [{}, { step: 'accepted', by: 'tickets-110' }, { step: 'on-scene', text: '已到场', by: '民警 031', at: '2026-11-27T06:30:00.000Z' }] })
    expect((await facts()).map(({ type }) => type)).toEqual(['ticket-registered', 'message-received', 'ticket-accepted', 'message-received', 'ticket-reported'])
  })

  it('returns it with a cause; it is sent again', async () => {
    const { id } = await pushed()
    expect((await says('ticket.returned', { ticket: { id }, cause: 'because' })).json()).toMatchObject({ code: 'invalid-message' })
    await says('ticket.returned', { ticket: { id }, cause: 'wrong-place', text: '不在辖区' })
    expect(await shown(id)).toMatchObject({ state: 'returned', returns: 1 })
    expect((await post(`/v1/tickets/${id}/resend`, { platform: '12345', intake: { address: '江海路 9 号' } })).json()).toMatchObject({ ticket: { state: 'sent', intake: { address: '江海路 9 号' } } })
  })

  it('pushes a matter of its own, by its number, once', async () => {
    const told = { ticket: { intake: order }, reference: 'J-100' }
    const first = (await says('ticket.registered', told)).json<{ ticket: string }>()
    expect((await says('ticket.registered', told)).json<{ ticket: string }>().ticket).toBe(first.ticket)
    expect(await shown(first.ticket)).toMatchObject({ from: '110', to: '12345', mode: 'push', urgency: 'routine', references: { '110': 'J-100' }, by: 'tickets-110' })
    expect((await says('ticket.registered', { ...told, reference: 'J-101', ticket: { intake: { title: '路灯' } } })).json()).toMatchObject({ code: 'intake-incomplete', errors: expect.arrayContaining([{ path: '/data/ticket/intake/content', reason: expect.any(String) }]) })
  })

  it('may not do what is the other platform’s, and is told so', async () => {
    const { id } = await pushed()
    expect((await says('ticket.closed', { ticket: { id } })).json()).toMatchObject({ code: 'ticket-not-yours' })
    expect((await says('ticket.accepted', { ticket: { id: 'ho-unknown' } })).json()).toMatchObject({ code: 'ticket-not-found' })
    expect((await says('ticket.accepted', {})).json()).toMatchObject({ code: 'invalid-message', errors: [{ path: '/data', reason: expect.stringContaining('ticket') }] })
    expect(await shown(id)).toMatchObject({ state: 'sent' })
  })
})

it('a returned one is settled by a three-way call that there is', async () => {
  given.control.talk('1001')
  const { handover } = (await post('/v1/handovers', { mode: 'conference', agent: '1001' })).json<{ handover: { id: string } }>()
  const { id } = await pushed()
  await post(`/v1/tickets/${id}/return`, { platform: '110', cause: 'unclear', text: '请三方通话' })
  expect((await post(`/v1/tickets/${id}/confer`, { platform: '12345', handover: 'ho-never' })).json()).toMatchObject({ code: 'handover-not-found' })
  expect((await post(`/v1/tickets/${id}/confer`, { platform: '12345', handover: handover.id })).json()).toMatchObject({ ticket: { state: 'conferred', conference: handover.id } })
})

it('an agent without a desk acts for none', async () => {
  const { key } = (await given.http.inject({ method: 'POST', url: '/v1/keys', headers: withArchiveKey, payload: { name: 'no-desk', role: 'agent' } })).json<{ key: string }>()
  expect((await post('/v1/tickets', { from: '110', intake: order }, { authorization: `Bearer ${key}` })).json()).toMatchObject({ code: 'forbidden' })
})

describe('beside a call', () => {
  it('the ticket is registered with the press, in one commit, and withdrawn with it', async () => {
    given.control.talk('1001')
    const { handover } = (await post('/v1/handovers', { mode: 'transfer', agent: '1001', reason: '打架', intake: { address: '人民路 18 号' } })).json<{ handover: { id: string } }>()
    expect(await shown(handover.id)).toMatchObject({ state: 'sent', mode: 'transfer', intake: { content: '打架', address: '人民路 18 号' }, missing: ['incidentType', 'incidentLevel', 'occurredAt', 'ongoing', 'injured'] })
    await post(`/v1/tickets/${handover.id}/intake`, { platform: '12345', intake: { incidentType: 'public-order', incidentLevel: '2', occurredAt: '2026-11-27T14:00:00+08:00', ongoing: true, injured: false } })
    expect((await shown(handover.id)).missing).toBeUndefined()
    await post(`/v1/handovers/${handover.id}/cancel`, {})
    expect(await shown(handover.id)).toMatchObject({ state: 'withdrawn' })
    const types = (await facts()).map(({ type }) => type)
    expect(types[types.indexOf('handover-requested') + 1]).toBe('ticket-registered')
    expect(types[types.indexOf('handover-cancelled') + 1]).toBe('ticket-withdrawn')
  })

  it('an accepted one stays with the receiver, whatever becomes of the call', async () => {
    given.control.talk('1001')
    const { handover } = (await post('/v1/handovers', { mode: 'transfer', agent: '1001' })).json<{ handover: { id: string } }>()
    await says('ticket.accepted', { ticket: { id: handover.id } })
    await post(`/v1/handovers/${handover.id}/cancel`, {})
    expect(await shown(handover.id)).toMatchObject({ state: 'accepted' })
  })
})

const told = async () => (await facts()).flatMap((fact) => ('ticket' in fact && 'deadline' in fact ? [`${fact.type} ${fact.deadline}`] : []))
const later = (minutes: number) => given.tickets.tellDues(Date.now() + minutes * 60_000)

describe('deadlines', () => {
  it('are told before and after, once, over a restart; and no more when it is done', async () => {
    const { id } = await pushed({ danger: true })
    expect(await shown(id)).toMatchObject({ urgency: 'emergency', due: { accept: { at: expect.any(String) }, feedback: {}, finish: {} } })
    later(0.9)
    later(1.1)
    await given.close()
    given = await givenHttp({ path })
    later(1.2)
    expect(await told()).toEqual(['ticket-due-soon accept', 'ticket-overdue accept'])
    expect((await get('/v1/tickets?overdue=true')).json<{ items: Ticket[] }>().items).toHaveLength(1)
    await post(`/v1/tickets/${id}/accept`, { platform: '110' })
    expect((await get('/v1/tickets?overdue=true')).json<{ items: Ticket[] }>().items).toHaveLength(0)
    await post(`/v1/tickets/${id}/reports`, { platform: '110', step: 'on-scene' })
    later(60)
    expect(await told()).toHaveLength(2)
  })

  it('of very many at once are told in parts: no call waits for them', async () => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let n = 0; n < 110; n++) await pushed({ danger: true })
    expect([later(2), later(2)]).toEqual([true, false])
    expect((await told()).filter((one) => one === 'ticket-overdue accept')).toHaveLength(110)
  })

  it('begin anew when a returned one is sent again; one that goes back and forth is told', async () => {
    const { id, due } = await pushed()
    for (let n = 0; n < 3; n++) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      await post(`/v1/tickets/${id}/return`, { platform: '110', cause: 'unclear', text: '哪里？' })
      expect((await facts()).filter(({ type }) => type === 'ticket-bounced')).toHaveLength(n === 2 ? 1 : 0)
      await post(`/v1/tickets/${id}/resend`, { platform: '12345' })
      /* oxlint-enable no-await-in-loop */
    }
    expect((await shown(id)).due?.accept?.at).not.toBe(due?.accept?.at)
    expect(await shown(id)).toMatchObject({ returns: 3, state: 'sent' })
  })
})

describe('the recording of a ticket’s call', () => {
  it('is told with the ticket once it has ended, and fetched by its link alone, until that has expired', async () => {
    const { call } = given.control.talk('1001')
    const { handover } = (await post('/v1/handovers', { mode: 'transfer', agent: '1001' })).json<{ handover: { id: string } }>()
    const file = join(given.directory, `${recordingName(call)}.wav`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, Buffer.alloc(16_044))
    await given.recordings.finish(call, undefined)
    const [recording] = (await shown(handover.id)).recordings ?? []
    expect(recording).toMatchObject({ id: call, room: 'call', durationMs: 1_000, sha256: expect.stringMatching(/^[0-9a-f]{64}$/u) })
    const key = await linkKey(given.journal.tables)
    const follow = async (url: string) => given.http.inject({ url: url.replace('https://tandem.example', '') })
    const { url, expiresAt } = fileLink(key, 'https://tandem.example/', { kind: 'recording', id: call, name: '录音' }, 1, Date.now())
    expect((await follow(url)).rawPayload).toHaveLength(16_044)
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 3_500_000)
    expect((await facts()).at(-1)).toMatchObject({ type: 'recording-fetched', by: 'link', recording: { id: call } })
    expect((await follow(url.replace(call, `${call}-consultation-1`))).json()).toMatchObject({ code: 'link-refused' })
    expect((await follow(fileLink(key, 'https://tandem.example', { kind: 'recording', id: call, name: '录音' }, 1, Date.now() - 3 * 3_600_000).url)).json()).toMatchObject({ code: 'link-refused' })
  })
})
