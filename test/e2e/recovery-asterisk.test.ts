import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { givenTalk, press, settled, storyOf, tones } from '../support/given-call.ts'

/** Asterisk itself is gone, and every call with it. Each test has an agent of its own: a phone that was registered is not any more. */
let stack: Stack
let caller: Phone

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-recovery-asterisk', seats: { '12345': ['1001', '1002'], '110': ['2001'] } })
  caller = await stack.citizen({ toneHz: tones.caller })
}, 120_000)
afterAll(() => stopAll())

const ok = () => eventually(async () => (await stack.api.get<{ ok: boolean }>('/v1/health')).body.ok, Boolean, 20_000)
const stateOf = (call: CallSummary) => stack.api.get<CallSummary>(`/v1/calls/${call.id}`).then(({ body }) => body.state)
const callBacks = (call: CallSummary) => stack.receiver.of(call.id).filter(({ payload: { type } }: { payload: { type: string } }) => type === 'call-back.requested')

async function kill(...processes: readonly { kill(signal: NodeJS.Signals): unknown; readonly exited: Promise<unknown> }[]): Promise<void> {
  for (const dying of processes) dying.kill('SIGKILL')
  await Promise.all(processes.map(({ exited }) => exited))
}

it('Asterisk dies: its calls are to be called back, and the story ends', async () => {
  const agent = await stack.agent('1001', tones.agent)
  const call = await givenTalk(stack, caller, agent, '1001')
  await kill(stack.asterisk.process)
  await stack.startAsterisk()
  await ok()
  await eventually(() => stateOf(call), (state) => state === 'ended')
  expect(await storyOf(stack, call.id)).toEqual(['call-arrived', 'call-answered', 'call-repaired', 'call-back-requested', 'call-ended'])
  await eventually(() => callBacks(call).length, (count) => count === 1)
  await caller.hangUp()
})

it('Asterisk and the service die: the journal knows who is to be called back, and which hand-over has failed', async () => {
  const agent = await stack.agent('1002', tones.agent)
  const peer = await stack.agent('2001', tones.peer)
  const call = await givenTalk(stack, caller, agent, '1002')
  const { id } = await press(stack, '1002')
  await peer.waitFor('incoming')
  await kill(stack.service, stack.asterisk.process)
  await stack.startAsterisk()
  await stack.startService()
  const failed = await settled(stack, id, 'failed')
  expect(failed.handover.failure).toEqual({ reason: 'control-lost' })
  expect((await storyOf(stack, call.id)).slice(-3)).toEqual(['handover-failed', 'call-back-requested', 'call-ended'])
  await eventually(() => callBacks(call).length, (count) => count === 1)
  await caller.hangUp()
})
