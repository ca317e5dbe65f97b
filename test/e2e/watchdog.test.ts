import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { clear, expectHearing, givenTalk, expectMusicOrRingback, press, settled, storyOf, tones, type Voice } from '../support/given-call.ts'

/** The service stands still for longer than anybody should wait: the watchdog helps its callers. */
let stack: Stack
let phones: Readonly<Record<Voice, Phone>>

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-watchdog' })
  await stack.startWatchdog()
  phones = {
    caller: await stack.citizen({ toneHz: tones.caller }),
    agent: await stack.agent('1001', tones.agent),
    peer: await stack.agent('2001', tones.peer),
    guest: await stack.citizen({ number: '13900005678', toneHz: tones.guest }),
  }
}, 120_000)
afterEach(() => clear(stack, ...Object.values(phones)))
afterAll(() => stopAll())

const expectEach = (expected: Parameters<typeof expectHearing>[0]) => expectHearing(expected, phones)
const rung = (phone: Phone) => phone.events.filter(({ type }) => type === 'CALL_INCOMING').length

async function wakes(): Promise<void> {
  stack.service.kill('SIGCONT')
  await eventually(async () => (await stack.api.get<{ ok: boolean }>('/v1/health')).body.ok, Boolean, 20_000)
}

it('who is being rung through goes on by the dialplan’s fallback, and is not called back as if he were lost', async () => {
  await phones.caller.dial('12345')
  await phones.agent.waitFor('incoming')
  const { body } = await stack.api.get<{ items: CallSummary[] }>('/v1/calls')
  const [call] = body.items
  const before = rung(phones.agent)
  stack.service.kill('SIGSTOP')
  await eventually(() => rung(phones.agent), (count) => count > before, 15_000)
  await phones.agent.waitFor('incoming')
  await phones.agent.answer()
  await phones.caller.waitFor('established')
  await expectEach({ caller: ['agent'], agent: ['caller'] })
  await wakes()
  await expectEach({ caller: ['agent'], agent: ['caller'] })
  const story = await storyOf(stack, call?.id ?? '')
  expect(story).not.toContain('call-back-requested')
  expect(story.at(-1)).toBe('call-ended')
})

it('a transfer that rings is taken back: the pair talk again, and nothing rings on', async () => {
  await givenTalk(stack, phones.caller, phones.agent, '1001')
  const { id } = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  stack.service.kill('SIGSTOP')
  await phones.peer.waitFor('idle', 15_000)
  await expectEach({ caller: ['agent'], agent: ['caller'] })
  await wakes()
  await settled(stack, id, 'failed')
  await expectEach({ caller: ['agent'], agent: ['caller'] })
})

it('the other desk answers meanwhile: it talks with the citizen, and is what the hand-over was made for once the service is awake', async () => {
  await givenTalk(stack, phones.caller, phones.agent, '1001')
  const { id } = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  stack.service.kill('SIGSTOP')
  await phones.peer.answer()
  await expectHearing({ caller: ['agent', 'peer'], agent: ['caller', 'peer'], peer: ['agent', 'caller'] }, phones, 15_000)
  await wakes()
  await settled(stack, id, 'completed')
  await expectEach({ caller: ['peer'], peer: ['caller'] })
})

it('the service dies, and the agent answers then: the citizen reaches him by the dialplan', async () => {
  await phones.caller.dial('12345')
  await phones.agent.waitFor('incoming')
  stack.service.kill('SIGKILL')
  await stack.service.exited
  const before = rung(phones.agent)
  await phones.agent.answer()
  await eventually(() => rung(phones.agent), (count) => count > before, 15_000)
  await phones.agent.waitFor('incoming')
  await phones.agent.answer()
  await phones.caller.waitFor('established')
  await expectEach({ caller: ['agent'], agent: ['caller'] })
  await stack.startService()
  await expectEach({ caller: ['agent'], agent: ['caller'] })
})

it('desks that consult: all talk together while nobody leads, and are as they were once the service is awake', async () => {
  await givenTalk(stack, phones.caller, phones.agent, '1001')
  await press(stack, '1001', { mode: 'conference', consult: true })
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await expectEach({ caller: [], agent: ['peer'], peer: ['agent'] })
  stack.service.kill('SIGSTOP')
  await expectHearing({ caller: ['agent', 'peer'], agent: ['caller', 'peer'], peer: ['agent', 'caller'] }, phones, 15_000)
  await wakes()
  await expectEach({ caller: [], agent: ['peer'], peer: ['agent'] })
  await expectMusicOrRingback(phones.caller, 2_000)
})

it('who talks is left alone', async () => {
  await givenTalk(stack, phones.caller, phones.agent, '1001')
  stack.service.kill('SIGSTOP')
  // Another citizen is rung through by the dialplan: the heartbeat is stale by then.
  await phones.guest.dial('110')
  await phones.peer.waitFor('incoming', 15_000)
  await expectEach({ caller: ['agent'], agent: ['caller'] })
  await wakes()
  await expectEach({ caller: ['agent'], agent: ['caller'] })
})
