import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { needToKnowReasons } from '../../src/domain/sharing/need-to-know.ts'
import type { Ticket } from '../../src/domain/ticket/ticket.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { signWebhook } from '../../src/tickets/signature.ts'
import { type GivenHttp, givenHttp, newJournalPath, webhookSecret, withArchiveKey, withKey } from '../support/given-http.ts'
import { incident, order } from '../support/intake.ts'

let given: GivenHttp
let path: string
let messages = 0

beforeEach(async () => {
  path = newJournalPath()
  given = await givenHttp({ path })
})
afterEach(async () => {
  await given.close()
  rmSync(dirname(path), { recursive: true })
})

type Headers = Record<string, string>
const ask = (method: string, url: string, headers: Headers, payload?: object) => given.http.inject({ method: method as 'GET', url, headers, ...(payload ? { payload } : {}) })
const facts = async () => (await given.journal.read(0, 1_000)).map(({ fact }) => fact)
const types = async () => (await facts()).map(({ type }) => type).filter((type) => !['user-changed', 'key-changed', 'signed-in', 'record-viewed'].includes(type))
const terrorism = { reason: 'terrorism', cause: '来电人称目击可疑人员' } as const
const statusOf = async (url: string, headers: Headers) => (await ask('GET', url, headers)).statusCode
const pushed = async (more: object = {}, headers: Headers = withKey) => (await ask('POST', '/v1/tickets', headers, { from: '12345', intake: incident, ...more })).json<{ ticket: Ticket }>().ticket

async function keyOf(role: string, platform?: string): Promise<Headers> {
  const name = `${role}-${platform}-${++messages}`
  const { key } = (await ask('POST', '/v1/keys', withArchiveKey, { name, role, ...(platform ? { platform } : {}) })).json<{ key: string }>()
  return { authorization: `Bearer ${key}` }
}

/** A police officer, or an agent, at this seat. */
async function at(seat: string): Promise<Headers> {
  const password = 'a long enough one'
  await ask('PUT', `/v1/users/at-${seat}`, withArchiveKey, { role: 'agent', agent: seat, password })
  const [cookie] = (await ask('POST', '/v1/sessions', {}, { name: `at-${seat}`, password })).cookies
  return { cookie: `tandem=${cookie?.value}`, 'sec-fetch-site': 'same-origin' }
}

async function says(type: string, data: object) {
  const payload = JSON.stringify({ type, data })
  return given.http.inject({ method: 'POST', url: '/v1/inbox/tickets-110', headers: { 'content-type': 'application/json', ...signWebhook(`msg_${++messages}`, Buffer.from(payload), [webhookSecret], Date.now()) }, payload })
}

it('has the five reasons of the policy, by its own words', () => {
  expect(Object.values(needToKnowReasons)).toEqual(['涉密', '涉稳', '涉恐', '涉案', '涉重大敏感'])
})

describe('a marking', () => {
  it('is a fact with its cause, holds over a restart, and is lifted by the platform that marked it', async () => {
    const [boss, police] = [await keyOf('supervisor', '12345'), await keyOf('supervisor', '110')]
    const { id } = await pushed()
    expect((await ask('PUT', `/v1/need-to-know/${id}`, boss, { ...terrorism, platform: '110' })).json()).toMatchObject({ code: 'forbidden' })
    expect((await ask('PUT', `/v1/need-to-know/${id}`, boss, terrorism)).json()).toEqual({ record: id, needToKnow: true, changed: true, durable: true })
    expect((await ask('PUT', `/v1/need-to-know/${id}`, boss, terrorism)).json()).toMatchObject({ changed: false })
    expect(await statusOf(`/v1/tickets/${id}`, withKey)).toBe(404)
    await given.close()
    given = await givenHttp({ path })
    expect([await statusOf(`/v1/tickets/${id}`, withKey), await statusOf(`/v1/tickets/${id}`, boss), await statusOf(`/v1/tickets/${id}`, police)]).toEqual([404, 200, 200])
    expect((await ask('GET', '/v1/need-to-know', police)).json()).toMatchObject({ items: [{ record: id, platforms: ['110', '12345'], marking: { ...terrorism, platform: '12345' } }] })
    for (const [method, url, body] of [['PUT', '', { reason: 'case', cause: '立案' }], ['POST', '/lift', { cause: '立案' }]] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await ask(method, `/v1/need-to-know/${id}${url}`, police, body)).json()).toMatchObject({ code: 'marking-not-yours' })
    }
    expect((await ask('POST', `/v1/need-to-know/${id}/lift`, boss, { cause: '已排除' })).json()).toMatchObject({ needToKnow: false, changed: true })
    expect((await ask('GET', `/v1/tickets/${id}`, withKey)).json<{ ticket: Ticket }>().ticket).not.toHaveProperty('needToKnow')
    expect(await types()).toEqual(['ticket-registered', 'need-to-know-marked', 'ticket-marked', 'need-to-know-lifted', 'ticket-lifted'])
    expect((await facts()).find(({ type }) => type === 'need-to-know-lifted')).toMatchObject({ ticketId: id, platform: '12345', cause: '已排除', marking: terrorism })
  })

  it('that is stated with a registration is written with it, in one commit, and the answer’s repetition is told to who stated it', async () => {
    const once = { ...withKey, 'idempotency-key': 'k1' }
    const first = await ask('POST', '/v1/tickets', once, { from: '12345', intake: incident, needToKnow: terrorism })
    const { ticket } = first.json<{ ticket: Ticket }>()
    expect(await types()).toEqual(['need-to-know-marked', 'ticket-registered'])
    expect((await facts())[1]).toMatchObject({ ticket: { needToKnow: { ...terrorism, platform: '12345', by: 'desk' } } })
    expect((await ask('POST', '/v1/tickets', once, { from: '12345', intake: incident, needToKnow: terrorism })).body).toBe(first.body)
    expect(await statusOf(`/v1/tickets/${ticket.id}`, withKey)).toBe(404)
  })

  it('that comes later is stronger than an answer that was given before', async () => {
    const once = { ...withKey, 'idempotency-key': 'k1' }
    const ask1 = () => ask('POST', '/v1/tickets', once, { from: '12345', intake: incident })
    const { ticket } = (await ask1()).json<{ ticket: Ticket }>()
    await ask('PUT', `/v1/need-to-know/${ticket.id}`, await keyOf('supervisor', '12345'), terrorism)
    expect((await ask1()).json()).toMatchObject({ code: 'ticket-not-found' })
  })

  it('is of the roles that the configuration clears, for its reason alone', async () => {
    await given.close()
    given = await givenHttp({ path, cleared: { supervisor: ['stability'], auditor: ['terrorism'] } })
    const { id } = await pushed({ needToKnow: terrorism })
    const seen = async (role: string, platform?: string) => statusOf(`/v1/tickets/${id}`, await keyOf(role, platform))
    expect([await seen('supervisor', '12345'), await seen('auditor', '12345'), await seen('auditor', '110'), await seen('auditor'), await seen('administrator', '12345')]).toEqual([404, 200, 200, 404, 404])
  })
})

describe('a call', () => {
  it('that is marked at the key goes on: who is in it sees and commands it, the receiver’s desk as it rings, nobody else', async () => {
    const { call } = given.control.talk('1001')
    const [hers, other, theirs, police] = [await at('1001'), await at('1002'), await at('2001'), await keyOf('supervisor', '110')]
    const pressed = await ask('POST', '/v1/handovers', hers, { mode: 'transfer', agent: '1001', needToKnow: terrorism })
    expect(pressed.statusCode).toBe(201)
    const { handover } = pressed.json<{ handover: { id: string } }>()
    expect((await types()).slice(2)).toEqual(['need-to-know-marked', 'handover-requested', 'ticket-registered'])
    expect((await facts()).slice(-2)).toMatchObject([{ call: { needToKnow: terrorism } }, { ticket: { needToKnow: terrorism } }])
    const seen = async (headers: Headers) => [await statusOf(`/v1/calls/${call}`, headers), await statusOf(`/v1/handovers/${handover.id}`, headers), await statusOf(`/v1/tickets/${handover.id}`, headers)]
    expect([await seen(hers), await seen(police)]).toEqual([[200, 200, 200], [200, 200, 200]])
    expect([await seen(other), await seen(withKey)]).toEqual([[404, 404, 404], [404, 404, 404]])
    given.control.answer('2001')
    await eventually(() => given.calls.handover(handover.id)?.state, (state) => state === 'completed')
    expect([await seen(hers), await seen(theirs)]).toEqual([[404, 404, 404], [200, 200, 200]])
    expect((await ask('POST', `/v1/calls/${call}/parties`, theirs, { destination: '1003' })).statusCode).toBe(200)
    expect((await ask('POST', '/v1/handovers', theirs, { mode: 'conference', agent: '2001' })).statusCode).toBe(201)
  })

  it('is handed over, taken back and changed by a phone’s program as before: it presses for the seat', async () => {
    const { call } = given.control.talk('1001')
    await ask('PUT', `/v1/need-to-know/${call}`, withKey, { ...terrorism, platform: '12345' })
    expect(await statusOf(`/v1/calls/${call}`, withKey)).toBe(404)
    expect((await ask('POST', '/v1/handovers', withKey, { mode: 'transfer', call })).json()).toMatchObject({ code: 'call-not-found' })
    const { handover } = (await ask('POST', '/v1/handovers', withKey, { mode: 'transfer', agent: '1001' })).json<{ handover: { id: string } }>()
    expect((await ask('PATCH', `/v1/handovers/${handover.id}`, withKey, { mode: 'conference', consult: false })).statusCode).toBe(200)
    expect((await ask('POST', `/v1/handovers/${handover.id}/cancel`, withKey, {})).statusCode).toBe(200)
    expect((await ask('POST', `/v1/handovers/${handover.id}/cancel`, await keyOf('system', '12345'), {})).json()).toMatchObject({ code: 'handover-not-found' })
    expect((await facts()).find(({ type }) => type === 'need-to-know-widened')).toMatchObject({ callId: call, platforms: ['110', '12345'] })
  })

  it('of a supervisor who may not know of it is no call: not by its seat either', async () => {
    const { call } = given.control.talk('1001')
    await ask('PUT', `/v1/need-to-know/${call}`, withKey, { ...terrorism, platform: '12345' })
    expect((await ask('POST', '/v1/handovers', await keyOf('supervisor', '110'), { mode: 'transfer', agent: '1001' })).json()).toMatchObject({ code: 'agent-not-in-call' })
  })
})

it('nobody gets to know of a record by naming it: in a push, in a call about it', async () => {
  const { call } = given.control.talk('1001')
  await ask('PUT', `/v1/need-to-know/${call}`, withKey, { ...terrorism, platform: '12345' })
  const police = await keyOf('supervisor', '110')
  const answer = await ask('POST', '/v1/tickets', police, { from: '110', intake: order, call })
  expect(answer.statusCode).toBe(201)
  expect(answer.body).not.toContain('needToKnow')
  expect([await statusOf(`/v1/calls/${call}`, police), await statusOf(`/v1/calls/${call}`, await keyOf('supervisor', '12345'))]).toEqual([404, 200])
  const theirs = given.control.talk('2001', '110').call
  expect((await ask('POST', '/v1/tickets', withKey, { from: '12345', intake: incident, call: theirs, needToKnow: terrorism })).json()).toMatchObject({ code: 'marking-not-yours' })
  const { key } = (await ask('POST', '/v1/keys', withArchiveKey, { name: 'narrow', role: 'system', scopes: ['tickets:command'] })).json<{ key: string }>()
  expect((await ask('POST', '/v1/tickets', { authorization: `Bearer ${key}` }, { from: '12345', intake: incident, needToKnow: terrorism })).json()).toMatchObject({ code: 'forbidden' })
})

it('a call about a marked ticket is marked as it is', async () => {
  await given.close()
  given = await givenHttp({ path, outbound: true })
  const { id } = await pushed({ needToKnow: terrorism })
  const made = async (headers: Headers, agent: string) => (await ask('POST', '/v1/calls', headers, { agent, number: '13800001234', ticket: id })).json<{ call: { id: string } }>().call.id
  const [hers, theirs] = [await made(await keyOf('supervisor', '12345'), '1001'), await made(withKey, '1002')]
  expect([given.tickets.markings.of(hers)?.marking.reason, given.tickets.markings.of(theirs)]).toEqual(['terrorism', undefined])
})

it('pages are full, and what is left out of them is not to be told from what never was', async () => {
  const ids: string[] = []
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (let n = 0; n < 7; n++) ids.unshift((await pushed(n % 2 === 0 ? {} : { needToKnow: terrorism })).id)
  const shown = ids.filter((_, n) => n % 2 === 0)
  for (const query of ['limit=2', 'limit=2&open=true']) {
    const found: string[][] = []
    let cursor = ''
    do {
      // oxlint-disable-next-line no-await-in-loop -- page after page
      const page = (await ask('GET', `/v1/tickets?${query}${cursor}`, withKey)).json<{ items: Ticket[]; next?: string }>()
      found.push(page.items.map(({ id }) => id))
      cursor = page.next === undefined ? '' : `&cursor=${page.next}`
    } while (cursor !== '')
    expect(found).toEqual([shown.slice(0, 2), shown.slice(2), []])
  }
})

describe('the other platform’s system', () => {
  it('that says so registers a need-to-know matter, marks one, and lifts its own', async () => {
    const { ticket: id } = (await says('ticket.registered', { reference: 'J-1', ticket: { intake: order, needToKnow: terrorism } })).json<{ ticket: string }>()
    expect(await statusOf(`/v1/tickets/${id}`, withKey)).toBe(404)
    expect((await ask('GET', '/v1/need-to-know', await keyOf('supervisor', '12345'))).json()).toMatchObject({ items: [{ record: id, marking: { platform: '110', by: 'tickets-110' } }] })
    expect((await says('ticket.lifted', { ticket: { id }, text: '已结案' })).statusCode).toBe(202)
    expect(await statusOf(`/v1/tickets/${id}`, withKey)).toBe(200)
    expect((await says('ticket.marked', { ticket: { id }, needToKnow: terrorism })).statusCode).toBe(202)
    expect(await statusOf(`/v1/tickets/${id}`, withKey)).toBe(404)
    const own = await pushed({ needToKnow: { reason: 'secret', cause: '涉密' } })
    expect((await says('ticket.lifted', { ticket: { id: own.id } })).json()).toMatchObject({ code: 'ticket-not-yours' })
    expect((await says('ticket.marked', { ticket: { id: own.id } })).json()).toMatchObject({ code: 'invalid-message' })
  })

  it('hands over a call need-to-know: its ticket is so as it begins', async () => {
    const ticket = { id: 'ho-far-1', mode: 'transfer', callId: 'call-far', from: '110', to: '12345', state: 'sent', urgency: 'routine', intake: { content: '路灯不亮' }, needToKnow: { ...terrorism, platform: '12345', by: 'forged', at: '2026-11-27T06:00:00.000Z' }, references: {}, returns: 0, steps: [], by: '2001', registeredAt: '2026-11-27T06:00:00.000Z' }
    expect((await says('handover.requested', { ticket })).statusCode).toBe(202)
    expect(await types()).toEqual(['message-received', 'need-to-know-marked', 'ticket-registered'])
    expect((await ask('GET', '/v1/need-to-know', await keyOf('supervisor', '110'))).json()).toMatchObject({ items: [{ record: 'call-far', marking: { platform: '110', by: '2001' } }] })
    expect(await statusOf('/v1/tickets/ho-far-1', withKey)).toBe(404)
  })

  it('hears of a call’s marking with the press, and what it says of a marked one is heard by nobody who may not know', async () => {
    given.control.talk('1001')
    const { handover } = (await ask('POST', '/v1/handovers', withKey, { mode: 'transfer', agent: '1001', needToKnow: terrorism })).json<{ handover: { id: string } }>()
    await says('ticket.reported', { ticket: { id: handover.id }, step: 'on-scene', text: '已到场' })
    const received = (await facts()).find(({ type }) => type === 'message-received')
    expect(received).toMatchObject({ ticketId: handover.id, callId: given.calls.list()[0]?.id })
  })
})
