import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import { type Handover, settledStates } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { type AriProxy, startAriProxy } from '../support/ari-proxy.ts'
import { faults } from '../support/faults.ts'
import type { ServerEvent } from '../support/sse-client.ts'
import { clear, expectHearing, givenTalk, press, shown, factsOf, storyOf, tones, type Voice } from '../support/given-call.ts'

/** The service is not there, or not to be reached, while something happens to its calls. */
let stack: Stack
let proxy: AriProxy
let phones: Readonly<Record<Voice, Phone>>

beforeAll(async () => {
  proxy = await startAriProxy()
  stack = await startStack({ name: 'e2e-recovery', seats: { '12345': ['1001', '1002'], '110': ['2001'] }, ariProxy: proxy })
  phones = {
    caller: await stack.citizen({ toneHz: tones.caller }),
    agent: await stack.agent('1001', tones.agent),
    peer: await stack.agent('2001', tones.peer),
    guest: await stack.agent('1002', tones.guest),
  }
}, 120_000)
afterEach(() => clear(stack, ...Object.values(phones)))
afterAll(async () => {
  await stopAll()
  await proxy.close()
})

interface Given {
  readonly call: CallSummary
  readonly handover?: Handover
}

const talking = async (): Promise<Given> => ({ call: await givenTalk(stack, phones.caller, phones.agent, '1001') })

const state = (call: CallSummary) => stack.api.get<CallSummary>(`/v1/calls/${call.id}`).then(({ body }) => body.state)
const handover = ({ handover: made }: Given) => shown(stack, made?.id ?? '').then((found) => found.handover)

const inviting = async (): Promise<Given> => {
  const { call } = await talking()
  const made = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  await eventually(() => shown(stack, made.id), ({ handover: { state: step } }) => step === 'ringing')
  return { call, handover: made }
}

const together = async (more: object, phase: string): Promise<Given> => {
  const { call } = await talking()
  const made = await press(stack, '1001', { mode: 'conference', ...more })
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await eventually(() => state(call), (now) => now === phase)
  return { call, handover: made }
}
const consulting = () => together({ consult: true }, 'consulting')
const conferring = () => together({}, 'conferring')

interface Case {
  readonly given: () => Promise<Given>
  readonly name: string
  readonly happens: () => Promise<void>
  readonly expectAfter: (made: Given, fault: string) => Promise<void>
}

const hear = (expected: Parameters<typeof expectHearing>[0]) => expectHearing(expected, phones)
const idle = (...names: readonly Voice[]) => Promise.all(names.map((name) => phones[name].waitFor('idle', 10_000)))
async function ended(call: CallSummary): Promise<void> {
  await eventually(() => state(call), (now) => now === 'ended')
}

const cases: readonly Case[] = [
  {
    name: 'talking: nothing happens, and every key works afterwards',
    given: talking,
    happens: async () => undefined,
    expectAfter: async ({ call }) => {
      await hear({ caller: ['agent'], agent: ['caller'] })
      const made = await press(stack, '1001')
      await phones.peer.waitFor('incoming')
      await phones.peer.answer()
      await eventually(() => shown(stack, made.id), ({ handover: { state: step } }) => step === 'completed')
      await hear({ caller: ['peer'], peer: ['caller'] })
      expect(await state(call)).toBe('talking')
    },
  },
  {
    name: 'talking: the citizen hangs up',
    given: talking,
    happens: () => phones.caller.hangUp(),
    expectAfter: async ({ call }) => {
      await idle('agent')
      await ended(call)
    },
  },
  {
    name: 'talking: the agent hangs up',
    given: talking,
    happens: () => phones.agent.hangUp(),
    expectAfter: async ({ call }, fault) => {
      if (fault === 'is frozen' || fault === 'loses Redis') return ended(call)
      // Nobody can know whether the phone was put down or the leg was lost: the citizen is not let go.
      await phones.guest.waitFor('incoming', 10_000)
      expect(await state(call)).toBe('ringing')
    },
  },
  {
    name: 'ringing: the citizen hangs up',
    given: async () => {
      await phones.caller.dial('12345')
      await phones.agent.waitFor('incoming')
      const { body } = await stack.api.get<{ items: CallSummary[] }>('/v1/calls')
      return { call: body.items[0] as CallSummary }
    },
    happens: () => phones.caller.hangUp(),
    expectAfter: async ({ call }) => {
      await idle('agent', 'guest')
      await ended(call)
    },
  },
  {
    name: 'ringing: the agent answers',
    given: async () => {
      await phones.caller.dial('12345')
      await phones.agent.waitFor('incoming')
      const { body } = await stack.api.get<{ items: CallSummary[] }>('/v1/calls')
      return { call: body.items[0] as CallSummary }
    },
    happens: () => phones.agent.answer(),
    expectAfter: async ({ call }) => {
      await phones.caller.waitFor('established')
      await hear({ caller: ['agent'], agent: ['caller'] })
      await idle('guest')
      expect(await state(call)).toBe('talking')
    },
  },
  {
    name: 'inviting: the other desk answers',
    given: inviting,
    happens: () => phones.peer.answer(),
    expectAfter: async (made) => {
      await eventually(() => handover(made), ({ state: step }) => step === 'completed')
      await hear({ caller: ['peer'], peer: ['caller'] })
      await idle('agent')
    },
  },
  {
    name: 'inviting: the other desk rejects',
    given: inviting,
    happens: () => phones.peer.reject(),
    expectAfter: async (made) => {
      await eventually(() => handover(made), ({ state: step }) => step === 'failed')
      await hear({ caller: ['agent'], agent: ['caller'] })
    },
  },
  {
    name: 'inviting: the citizen hangs up',
    given: inviting,
    happens: () => phones.caller.hangUp(),
    expectAfter: async (made) => {
      await idle('peer', 'agent')
      await ended(made.call)
      expect((await handover(made)).state).toBe('failed')
    },
  },
  {
    name: 'inviting: the agent hangs up, then the other desk answers',
    given: inviting,
    happens: () => phones.agent.hangUp(),
    expectAfter: async (made) => {
      await phones.peer.answer()
      await eventually(() => handover(made), ({ state: step }) => step === 'completed')
      await hear({ caller: ['peer'], peer: ['caller'] })
    },
  },
  {
    name: 'inviting: the agent presses the phone’s hold key, then the other desk answers',
    given: inviting,
    happens: () => phones.agent.hold(),
    expectAfter: async (made) => {
      await phones.peer.answer()
      await eventually(() => handover(made), ({ state: step }) => step === 'completed')
      await hear({ caller: ['peer'], peer: ['caller'] })
    },
  },
  {
    name: 'consulting: nothing happens, then it is merged',
    given: consulting,
    happens: async () => undefined,
    expectAfter: async (made) => {
      await hear({ caller: [], agent: ['peer'], peer: ['agent'] })
      await stack.api.patch(`/v1/handovers/${made.handover?.id}`, { mode: 'conference', consult: false })
      await hear({ caller: ['agent', 'peer'], agent: ['caller', 'peer'], peer: ['agent', 'caller'] })
    },
  },
  {
    name: 'consulting: the citizen hangs up',
    given: consulting,
    happens: () => phones.caller.hangUp(),
    expectAfter: async (made) => {
      await hear({ agent: ['peer'], peer: ['agent'] })
      await eventually(() => state(made.call), (now) => now === 'aftertalk')
    },
  },
  {
    name: 'consulting: the other desk hangs up',
    given: consulting,
    happens: () => phones.peer.hangUp(),
    expectAfter: () => hear({ caller: ['agent'], agent: ['caller'] }),
  },
  {
    name: 'consulting: the first desk hangs up',
    given: consulting,
    happens: () => phones.agent.hangUp(),
    expectAfter: () => hear({ caller: ['peer'], peer: ['caller'] }),
  },
  {
    name: 'conferring: nothing happens',
    given: conferring,
    happens: async () => undefined,
    expectAfter: async (made) => {
      await hear({ caller: ['agent', 'peer'], agent: ['caller', 'peer'], peer: ['agent', 'caller'] })
      expect(await state(made.call)).toBe('conferring')
    },
  },
  {
    name: 'conferring: the citizen hangs up',
    given: conferring,
    happens: () => phones.caller.hangUp(),
    expectAfter: async (made) => {
      await hear({ agent: ['peer'], peer: ['agent'] })
      await eventually(() => state(made.call), (now) => now === 'aftertalk')
    },
  },
  {
    name: 'conferring: the first desk hangs up',
    given: conferring,
    happens: () => phones.agent.hangUp(),
    expectAfter: () => hear({ caller: ['peer'], peer: ['caller'] }),
  },
  {
    name: 'conferring: the other desk hangs up',
    given: conferring,
    happens: () => phones.peer.hangUp(),
    expectAfter: () => hear({ caller: ['agent'], agent: ['caller'] }),
  },
]

/** Numbered without a gap, ended once, each hand-over settled once. */
function expectTrueStory(facts: readonly ServerEvent[]): void {
  expect(facts.map(({ data }) => data.sequence)).toEqual(facts.map((_, i) => i + 1))
  expect(facts.filter(({ event }) => event === 'call-ended')).toHaveLength(1)
  const handovers = facts.flatMap(({ data }) => ('handover' in data ? [data.handover as Handover] : []))
  const settledOnce = [...new Set(handovers.map(({ id }) => id))].map((id) => handovers.filter((record) => record.id === id && settledStates.includes(record.state)).length)
  expect(settledOnce.every((count) => count === 1)).toBe(true)
}

describe.each(Object.entries(faults))('the service %s', (name, faultOf) => {
  it.each(cases)('$name', async ({ given, happens, expectAfter }) => {
    const made = await given()
    const fault = faultOf(stack, proxy)
    await fault.begin()
    await happens()
    await fault.end()
    await expectAfter(made, name)
    await clear(stack, ...Object.values(phones))
    expectTrueStory(await factsOf(stack, made.call.id))
  })
})

it('the story of a call that was taken over is complete, and says so', async () => {
  const { call } = await talking()
  stack.service.kill('SIGKILL')
  await stack.service.exited
  await phones.caller.hangUp()
  await stack.startService()
  await ended(call)
  expect(await storyOf(stack, call.id)).toEqual(['call-arrived', 'call-answered', 'call-repaired', 'call-repaired', 'call-ended'])
})
