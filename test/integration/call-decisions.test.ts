import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import type { Recommendation } from '../../src/recommendation/recommender.ts'
import { type GivenHttp, givenHttp, newJournalPath, withKey } from '../support/given-http.ts'

const recommendation: Recommendation = { platform: '12345', emergency: false, matters: [] }
let path: string
let given: GivenHttp

beforeEach(async () => {
  path = newJournalPath()
  given = await givenHttp({ path, recommendation })
})
afterEach(async () => {
  await given.close()
  rmSync(dirname(path), { recursive: true })
})

const ask = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) => {
  const answer = await given.http.inject({ method, url, headers: withKey, ...(payload ? { payload } : {}) })
  return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json<Record<string, unknown>>() }
}
const decide = (call: string, body: object) => ask('POST', `/v1/calls/${call}/decisions`, body)
const press = (agent: string, body: object) => ask('POST', '/v1/handovers', { agent, mode: 'transfer', ...body })
const lastFact = async () => (await given.journal.read(0, 1_000)).at(-1)?.fact

it('neither desk’s matter: that it was explained is recorded, with the paragraph', async () => {
  const { call } = given.control.talk('1001')
  const decision = { mode: 'guide', urgency: 'routine', paragraphs: ['§4'], warnings: [], followed: true }
  expect(await decide(call, { mode: 'guide', responsibility: 'neither' })).toEqual({ status: 201, body: { decision, nuisanceMarks: 0, durable: true } })
  expect(await lastFact()).toMatchObject({ type: 'decision-recorded', callId: call, agent: '1001', by: 'desk', mode: 'guide', facts: { at: '12345', channel: 'phone', responsibility: 'neither' }, decision })
})

it('who does otherwise says why: kept though it is the other desk’s', async () => {
  const { call } = given.control.talk('1001')
  expect(await decide(call, { mode: 'keep', responsibility: '110' })).toMatchObject({ status: 409, body: { code: 'reason-missing' } })
  expect(await decide(call, { mode: 'keep', responsibility: '110', reason: 'he only wants to know an address' })).toMatchObject({ status: 201, body: { decision: { mode: 'transfer', platform: '110', followed: false } } })
})

it('a key keeps the decision with the hand-over; towards 110 it waits for no reason', async () => {
  given.control.talk('1001')
  expect(await press('1001', { facts: { responsibility: '12345' } })).toMatchObject({ status: 201, body: { handover: { to: '110', decision: { mode: 'keep', platform: '12345', followed: false } } } })
  given.control.talk('2001', '110')
  expect(await press('2001', { facts: { responsibility: '110' } })).toMatchObject({ status: 409, body: { code: 'reason-missing' } })
  expect(await press('2001', { facts: { responsibility: '110' }, reason: 'she asks for it' })).toMatchObject({ status: 201, body: { handover: { decision: { mode: 'keep', followed: false } } } })
  given.control.talk('2002', '110')
  expect(await press('2002', { facts: { responsibility: '12345' } })).toMatchObject({ status: 201, body: { handover: { decision: { mode: 'transfer', platform: '12345', paragraphs: ['§4'], followed: true } } } })
})

it('a caller who harasses the hotline is marked and offered to 110; his next calls say so, also after a restart, until the marks are taken off', async () => {
  const { call } = given.control.talk('1001')
  const number = given.calls.get(call)?.caller.number
  const harassed = { mode: 'keep', responsibility: '12345', nuisance: true, reason: 'insults, the fourth time today' }
  expect(await decide(call, harassed)).toMatchObject({ status: 201, body: { nuisanceMarks: 1, decision: { mode: 'transfer', platform: '110', warnings: ['nuisance-caller'] } } })
  // Once a call, however often it is said.
  await press('1001', { facts: { responsibility: '12345', nuisance: true } })
  const second = given.control.talk('1002').call
  await press('1002', { facts: { responsibility: '12345', nuisance: true } })
  await eventually(() => ask('GET', '/v1/nuisance-callers'), ({ body }) => JSON.stringify(body).includes('"nuisanceMarks":2'))
  await given.close()
  given = await givenHttp({ path, recommendation })
  expect((await ask('GET', '/v1/nuisance-callers')).body).toEqual({ items: [{ caller: { number, nuisanceMarks: 2 }, at: expect.any(String), by: 'desk', callId: second }] })
  const shown = async (agent: string) => (await ask('GET', `/v1/calls/${given.control.talk(agent).call}`)).body
  expect(await shown('1002')).toMatchObject({ caller: { number, nuisanceMarks: 2 } })
  expect(await ask('DELETE', `/v1/nuisance-callers/+86${number}`)).toMatchObject({ status: 204 })
  expect((await shown('1003'))['caller']).toEqual({ number, name: '王先生' })
})

it('what is said at the key is learned for its matter; a matter that is in no catalogue, and what has no word, are not', async () => {
  given.control.talk('1001')
  await press('1001', { said: '有人打架', matter: { category: '社会治安类', item: '殴打伤害事故' } })
  given.control.talk('1002')
  await press('1002', { said: '有人打架', matter: { item: '打架' } })
  given.control.talk('1003')
  await press('1003', { said: '……', matter: { item: '路灯故障' } })
  expect(given.chosen).toEqual([['有人打架', 'L1-04']])
})

it('what was chosen for what is not handed over is told by itself', async () => {
  expect(await ask('POST', '/v1/recommendations/choices', { text: '路登不亮', matter: 'L2-02' })).toMatchObject({ status: 204 })
  expect(await ask('POST', '/v1/recommendations/choices', { text: '路登不亮', matter: 'L9-99' })).toMatchObject({ status: 404, body: { code: 'matter-not-found' } })
  expect(await ask('POST', '/v1/recommendations/choices', { text: '😀', matter: 'L2-02' })).toMatchObject({ status: 400, body: { errors: [{ path: '/body/text' }] } })
  expect(given.chosen).toEqual([['路登不亮', 'L2-02']])
})

it('a police officer is known by his number: police work is refused to him, by the paragraph', async () => {
  await given.close()
  given = await givenHttp({ path, recommendation, knownCallers: [{ number: '13800001234', kind: 'police-officer' }] })
  const { call } = given.control.talk('1001')
  expect((await ask('GET', `/v1/calls/${call}`)).body).toMatchObject({ caller: { kind: 'police-officer' } })
  expect(await decide(call, { mode: 'refuse', responsibility: '110' })).toMatchObject({ status: 201, body: { decision: { mode: 'refuse', paragraphs: ['§10'], followed: true } } })
  expect(await press('1001', { facts: { responsibility: '110' } })).toMatchObject({ status: 201, body: { handover: { decision: { mode: 'refuse', followed: false } } } })
})

it('a hand-over that goes on in another way is held to the decision anew', async () => {
  given.control.talk('1001')
  const { handover } = (await press('1001', { facts: { responsibility: 'shared' } })).body as { handover: { id: string; decision: object } }
  expect(handover.decision).toMatchObject({ mode: 'conference', followed: false })
  const changed = await given.http.inject({ method: 'PATCH', url: `/v1/handovers/${handover.id}`, headers: withKey, payload: { mode: 'conference', consult: false } })
  expect(changed.json()).toMatchObject({ handover: { mode: 'conference', decision: { mode: 'conference', followed: true } } })
})
