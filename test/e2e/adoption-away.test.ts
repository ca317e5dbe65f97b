import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { type LabProcess, stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { addCallCentre, contexts, givenOwnTalk, numbers, redirectByHand } from '../support/call-centre.ts'
import { callOf, clear, expectHearing, press, settled, tones, type Voice } from '../support/given-call.ts'

/** Something goes wrong between the Redirect and the bridge: caller and agent talk on, with Tandem or without. */
let stack: Stack
let watchdog: LabProcess | undefined
let phones: Readonly<Record<Voice, Phone>>

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-adoption-away', adoption: contexts })
  await addCallCentre(stack)
  phones = {
    caller: await stack.citizen({ toneHz: tones.caller }),
    agent: await stack.agent('1001', tones.agent),
    peer: await stack.agent('2001', tones.peer),
    guest: await stack.citizen({ number: '13900005678', toneHz: tones.guest }),
  }
}, 120_000)
afterEach(async () => {
  stack.service.kill('SIGCONT')
  await watchdog?.stop()
  watchdog = undefined
  await clear(stack, ...Object.values(phones))
})
afterAll(() => stopAll())

/** Of each number: which leg is faster is up to chance. */
const rounds = 8

const expectTalk = () => expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
const live = async () => (await stack.api.get<{ items: CallSummary[] }>('/v1/calls')).body.items

async function dies(): Promise<void> {
  stack.service.kill('SIGKILL')
  await stack.service.exited
}

/** By the dialplan's `Bridge()`, both in the same bridge. */
function joinedAgain(channels: string): boolean {
  const lines = channels.trim().split('\n').map((line) => line.split('!'))
  const bridges = new Set(lines.map((fields) => fields.at(-2)))
  return lines.length === 2 && bridges.size === 1 && !bridges.has('') && lines.some((fields) => fields[1] === 'tandem-adopted' && fields[5] === 'Bridge')
}

async function expectTransfer(): Promise<void> {
  const { id } = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await settled(stack, id, 'completed')
  await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
}

it.each([
  ['Dial()', numbers.dial],
  ['Queue() with a phone as member', numbers.queue],
  ['Queue() with a Local member', numbers.localQueue],
])('away at the Redirect out of %s: the dialplan joins the two again, and the key works once it is back', async (_name, number) => {
  await givenOwnTalk(phones.caller, phones.agent, number)
  await dies()
  await redirectByHand(stack)
  await expectTalk()
  await stack.startService()
  expect(await live()).toEqual([])
  await expectTalk()
  await expectTransfer()
})

it('away, and the caller hangs up afterwards: the agent’s phone is free', async () => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.queue)
  await dies()
  await redirectByHand(stack)
  await expectTalk()
  await phones.caller.hangUp()
  await phones.agent.waitFor('idle')
  await stack.startService()
  expect(await live()).toEqual([])
})

it('away, again and again: whichever leg is faster, the two are together, until the agent hangs up', async () => {
  await dies()
  for (const number of Array.from({ length: rounds }, () => [numbers.dial, numbers.queue, numbers.localQueue]).flat()) {
    /* oxlint-disable no-await-in-loop -- one after the other */
    await givenOwnTalk(phones.caller, phones.agent, number)
    await redirectByHand(stack)
    await eventually(() => stack.asterisk.rx('core show channels concise'), joinedAgain, 3_000)
    expect(phones.caller.state).toBe('established')
    await phones.agent.hangUp()
    await phones.caller.waitFor('idle')
    /* oxlint-enable no-await-in-loop */
  }
  await stack.startService()
})

it('killed when both legs have come, and it has not seen them: the next process has the call', async () => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.localQueue)
  stack.service.kill('SIGSTOP')
  const id = await redirectByHand(stack)
  await eventually(() => stack.asterisk.rx('core show channels concise'), (text) => text.split('tandem,adopted,').length === 3)
  await dies()
  await stack.startService()
  await expectTalk()
  expect(await callOf(stack, '1001')).toMatchObject({ id, adopted: true })
  await expectTransfer()
})

it('frozen: the watchdog joins the two, and the service has the call when it wakes up', async () => {
  watchdog = await stack.startWatchdog()
  await givenOwnTalk(phones.caller, phones.agent, numbers.queue)
  stack.service.kill('SIGSTOP')
  await redirectByHand(stack)
  await expectTalk()
  stack.service.kill('SIGCONT')
  await eventually(live, ([call]) => call?.adopted === true && call.state === 'talking')
  await expectTalk()
  await expectTransfer()
})

it('the agent’s leg comes late: both are in the call all the same', async () => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.queue)
  const id = await redirectByHand(stack, 1)
  await eventually(live, ([call]) => call?.id === id)
  await expectTalk()
})

it('the agent’s leg does not come: the dialplan joins the two again', async () => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.queue)
  await redirectByHand(stack, 6)
  await expectTalk()
  expect(await live()).toEqual([])
  await expectTransfer()
})

it('a Redirect without the agent’s leg is refused, and both talk on', async () => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.queue)
  await expect(redirectByHand(stack, 'gone')).rejects.toThrow('ExtraChannel does not exist')
  await expectTalk()
  expect(await live()).toEqual([])
})

it.each([['before', 1], ['after', undefined]] as const)('the agent hangs up %s the caller’s leg has come: as when he hangs up in a call, that leg ends too', async (_when, callerLate) => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.dial)
  const id = await redirectByHand(stack, callerLate ? 'nowhere' : 6, callerLate)
  if (!callerLate) await phones.agent.hangUp()
  await phones.caller.waitFor('idle')
  const call = await eventually(async () => (await stack.api.get<CallSummary>(`/v1/calls/${id}`)).body, ({ state }) => state === 'ended')
  expect(call).toMatchObject({ endedBy: '1001', adopted: true })
})

it('the caller hangs up on the way: the agent’s phone is free', async () => {
  await givenOwnTalk(phones.caller, phones.agent, numbers.queue)
  stack.service.kill('SIGSTOP')
  await redirectByHand(stack, 1)
  await phones.caller.hangUp()
  stack.service.kill('SIGCONT')
  await phones.agent.waitFor('idle')
  expect(await live()).toEqual([])
})
