import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { addCallCentre, contexts, givenOwnTalk, numbers } from '../support/call-centre.ts'
import { callOf, clear, expectHearing, factsOf, press, settled, tones, type Voice } from '../support/given-call.ts'

/** The call centre keeps its own queue and dialplan; Tandem takes a talk over when the agent presses the key. */
let stack: Stack
let phones: Readonly<Record<Voice, Phone>>

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-adoption', seats: { '12345': ['1001', '1002'], '110': ['2001'] }, adoption: contexts })
  await addCallCentre(stack)
  phones = {
    caller: await stack.citizen({ toneHz: tones.caller }),
    agent: await stack.agent('1001', tones.agent),
    peer: await stack.agent('2001', tones.peer),
    guest: await stack.agent('1002', tones.guest),
  }
}, 120_000)
afterEach(() => clear(stack, ...Object.values(phones)))
afterAll(() => stopAll())

const expectEach = (expected: Parameters<typeof expectHearing>[0]) => expectHearing(expected, phones)
const pressAtOnce = () => stack.api.post<{ handover: Handover }>('/v1/handovers', { agent: '1001', mode: 'conference' })
const live = async () => (await stack.api.get<{ items: CallSummary[] }>('/v1/calls')).body.items
const stateOf = (id: string) => stack.api.get<CallSummary>(`/v1/calls/${id}`).then(({ body }) => body.state)

describe.each([
  ['Dial()', numbers.dial, numbers.dial],
  ['Queue() with a phone as member', numbers.queue, numbers.queue],
  ['Queue() with a Local member, as FreePBX has them', numbers.localQueue, '12345'],
])('a talk in %s', (_name, number, dialled) => {
  it('is handed over by one key: the other desk has the caller, and the record tells where it came from', async () => {
    await givenOwnTalk(phones.caller, phones.agent, number)
    await expectEach({ caller: ['agent'], agent: ['caller'] })
    expect(await live()).toEqual([])
    const { id, callId } = await press(stack, '1001')
    await phones.peer.waitFor('incoming')
    await expectEach({ agent: [] })
    await phones.peer.answer()
    await settled(stack, id, 'completed')
    await expectEach({ caller: ['peer'], peer: ['caller'] })
    await phones.agent.waitFor('idle')
    expect(await live()).toMatchObject([{ id: callId, adopted: true, dialled, platform: '12345', desk: '110', caller: { number: '13800001234' } }])
    await phones.peer.hangUp()
    const facts = await factsOf(stack, callId)
    expect(facts.map(({ event }) => event).slice(0, 2)).toEqual(['call-adopted', 'handover-requested'])
  })

  it('becomes a three-way call while they talk on, and a transfer afterwards', async () => {
    await givenOwnTalk(phones.caller, phones.agent, number)
    const { id } = await press(stack, '1001', { mode: 'conference' })
    await phones.peer.waitFor('incoming')
    await expectEach({ caller: ['agent'], agent: ['caller'] })
    await phones.peer.answer()
    await expectEach({ caller: ['agent', 'peer'], agent: ['caller', 'peer'], peer: ['agent', 'caller'] })
    await stack.api.patch(`/v1/handovers/${id}`, { mode: 'transfer', consult: false })
    await phones.agent.waitFor('idle')
    await expectEach({ caller: ['peer'], peer: ['caller'] })
  })

  it('goes on with Tandem when the other desk does not take it', async () => {
    await givenOwnTalk(phones.caller, phones.agent, number)
    const { id, callId } = await press(stack, '1001')
    await phones.peer.waitFor('incoming')
    await phones.peer.reject()
    await settled(stack, id, 'failed')
    await expectEach({ caller: ['agent'], agent: ['caller'] })
    expect(await stateOf(callId)).toBe('talking')
    await phones.caller.hangUp()
    await phones.agent.waitFor('idle')
    await eventually(() => stateOf(callId), (state) => state === 'ended')
  })
})

it('is consulted about first: the caller hears neither, and comes back', async () => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.queue)
  const { id } = await press(stack, '1001', { mode: 'conference', consult: true })
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await expectEach({ caller: [], agent: ['peer'], peer: ['agent'] })
  await stack.api.post(`/v1/handovers/${id}/cancel`, {})
  await expectEach({ caller: ['agent'], agent: ['caller'] })
})

it('two presses at once take it over once, and make one hand-over', async () => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.localQueue)
  const answers = await Promise.all([pressAtOnce(), pressAtOnce(), pressAtOnce()])
  expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 200, 201])
  expect(new Set(answers.map(({ body }) => body.handover.id)).size).toBe(1)
  expect(await live()).toHaveLength(1)
  await expectEach({ caller: ['agent'], agent: ['caller'] })
})

it('in a context that is not chosen it is left alone, and the agent is told', async () => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.notChosen)
  const answer = await stack.api.post('/v1/handovers', { agent: '1001', mode: 'transfer' })
  expect(answer).toMatchObject({ status: 409, body: { code: 'adoption-not-allowed' } })
  await expectEach({ caller: ['agent'], agent: ['caller'] })
  expect(await live()).toEqual([])
})

it('a key that is pressed in the moment of the answer is not too early', async () => {
  await phones.caller.dial(numbers.dial)
  await phones.agent.waitFor('incoming')
  await phones.agent.answer()
  const { callId } = await press(stack, '1001', { mode: 'conference' })
  await expectEach({ caller: ['agent'], agent: ['caller'] })
  expect(await live()).toMatchObject([{ id: callId, adopted: true }])
})

it('an agent who talks with nobody is told so', async () => {
  const answer = await stack.api.post('/v1/handovers', { agent: '1001', mode: 'transfer' })
  expect(answer).toMatchObject({ status: 409, body: { code: 'agent-not-in-call' } })
})

it('survives the service: killed after the adoption, both are in its hands again', async () => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.localQueue)
  const { id } = await press(stack, '1001', { mode: 'conference' })
  await phones.peer.waitFor('incoming')
  await phones.peer.reject()
  await settled(stack, id, 'failed')
  stack.service.kill('SIGKILL')
  await stack.service.exited
  await stack.startService()
  expect(await callOf(stack, '1001')).toMatchObject({ adopted: true, state: 'talking' })
  const again = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  // Out of the caller's bridge: the leg that we did not make is known to be in it.
  await expectEach({ agent: [] })
  await phones.peer.answer()
  await settled(stack, again.id, 'completed')
  await phones.agent.waitFor('idle')
  await expectEach({ caller: ['peer'], peer: ['caller'] })
})
