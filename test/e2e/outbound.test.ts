import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { carrierHost, type Stack, startStack } from '../../src/lab/stack.ts'
import { callOf, clear, expectHearing, givenTalk, expectMusicOrRingback, press, settled, storyOf, tones, type Voice } from '../support/given-call.ts'

/** Agents call citizens. */
let stack: Stack
let phones: Record<Voice, Phone>

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-outbound', carrierPort: await freePort(undefined, 'both', carrierHost), calls: { ringMs: 4_000, satisfactionMs: 8_000 } })
  const [caller, agent, peer] = [await stack.citizen({ toneHz: tones.caller }), await stack.agent('1001', tones.agent), await stack.agent('2001', tones.peer)]
  phones = { caller, agent, peer, guest: peer }
}, 120_000)
afterEach(() => clear(stack, phones.caller, phones.agent, phones.peer))
afterAll(() => stopAll())

const make = (more: object = {}) => stack.api.post<{ call: CallSummary }>('/v1/calls', { agent: '1001', number: '13800001234', ...more })
const ended = async (call: string) => (await stack.api.get<CallSummary>(`/v1/calls/${call}`)).body

it('the agent’s own phone rings, then the citizen’s with the desk’s number; they talk, and the key hands over to 110', async () => {
  const { status, body } = await make({ purpose: 'call-back', ticket: 'T-1' })
  expect(status).toBe(201)
  expect(body.call).toMatchObject({ direction: 'outbound', state: 'calling', purpose: 'call-back', ticket: 'T-1', caller: { number: '13800001234' } })
  await phones.agent.waitFor('incoming')
  expect(phones.caller.state).toBe('idle')
  expect(phones.agent.peer?.number).toBe('13800001234')
  await phones.agent.answer()
  await phones.caller.waitFor('incoming')
  expect(phones.caller.peer?.number).toBe('12345')
  await phones.caller.answer()
  await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  await eventually(() => callOf(stack, '1001'), ({ state }) => state === 'talking')
  const { id } = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await settled(stack, id, 'completed')
  await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
  await phones.caller.hangUp()
  expect((await storyOf(stack, body.call.id)).slice(0, 2)).toEqual(['call-made', 'call-answered'])
})

it('the desk hangs up: the citizen is asked how satisfied he was, and the answer is kept with the call', async () => {
  const { id } = await givenTalk(stack, phones.caller, phones.agent, '1001')
  await phones.agent.hangUp()
  await expectMusicOrRingback(phones.caller, 2_000)
  await phones.caller.sendDtmf('2')
  await phones.caller.waitFor('idle')
  expect(await ended(id)).toMatchObject({ state: 'ended', endedBy: '1001', rating: 2 })
  expect((await storyOf(stack, id)).slice(-2)).toEqual(['call-rated', 'call-ended'])
})

it('the citizen is busy: the agent is released, the record says why', async () => {
  const { body } = await make()
  await phones.agent.waitFor('incoming')
  await phones.agent.answer()
  await phones.caller.waitFor('incoming')
  await phones.caller.reject()
  await phones.agent.waitFor('idle')
  expect(await ended(body.call.id)).toMatchObject({ state: 'ended', failure: { reason: 'busy', sipCode: 486 } })
})

it('the agent hangs up while it rings: the citizen’s phone stops ringing', async () => {
  await make()
  await phones.agent.waitFor('incoming')
  await phones.agent.answer()
  await phones.caller.waitFor('incoming')
  await phones.agent.hangUp()
  await expect.poll(() => phones.caller.state).toBe('idle')
})

it('an agent who has a call, an unknown one, and no number: refused', async () => {
  await make()
  expect(await make()).toMatchObject({ status: 409, body: { code: 'destination-busy' } })
  expect(await make({ agent: '4711' })).toMatchObject({ status: 404, body: { code: 'destination-not-found' } })
  expect(await make({ number: '1001@evil' })).toMatchObject({ status: 400, body: { code: 'invalid-request' } })
  await phones.agent.waitFor('incoming')
})

it('the citizen hangs up while 110 rings: 110’s ticket system gets the number to call back', async () => {
  await make()
  await phones.agent.waitFor('incoming')
  await phones.agent.answer()
  await phones.caller.waitFor('incoming')
  await phones.caller.answer()
  await eventually(() => callOf(stack, '1001'), ({ state }) => state === 'talking')
  const { id } = await press(stack, '1001', { danger: true })
  await settled(stack, id, 'ringing')
  await phones.caller.hangUp()
  const told = () => stack.receiver.tickets.map(({ payload, signature }) => ({ signature, type: payload.type as string, data: payload.data as object }))
  const ticket = await eventually(() => told().find(({ type }) => type === 'call-back.requested'), (found) => found !== undefined)
  expect(ticket).toMatchObject({ signature: 'valid', data: { platform: '110', call: { caller: { number: '13800001234' } } } })
})
