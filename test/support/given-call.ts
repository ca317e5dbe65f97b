import type { CallSummary } from '../../src/domain/facts.ts'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { type Phone, PhoneTimeoutError } from '../../src/lab/phone.ts'
import type { Stack } from '../../src/lab/stack.ts'
import { openEvents, type ServerEvent } from './sse-client.ts'
import { type Recording, slice } from '../../src/lab/recording.ts'
import { hearing, loudButNoParty, musicOrRingback, partyTones } from '../../src/lab/tones.ts'
import type { DeliveryView } from '../../src/tickets/deliveries.ts'

export interface Shown {
  readonly handover: Handover
  readonly deliveries: readonly DeliveryView[]
}

export const tones = { caller: partyTones.caller, agent: partyTones.agent, peer: partyTones.peer, guest: partyTones.supervisor }
export type Voice = keyof typeof tones

/** The live call of this agent, as the API shows it. */
export async function callOf(stack: Stack, agent: string): Promise<CallSummary> {
  const { body } = await stack.api.get<{ items: CallSummary[] }>('/v1/calls')
  const found = body.items.find((call) => call.agent === agent)
  if (!found) throw new Error(`agent ${agent} has no call: ${JSON.stringify(body.items)}`)
  return found
}

/** The citizen dials a desk, the agent answers, and they hear each other. */
export async function givenTalk(stack: Stack, caller: Phone, agent: Phone, agentId: string, number = '12345'): Promise<CallSummary> {
  await caller.dial(number)
  await agent.waitFor('incoming')
  await agent.answer()
  await caller.waitFor('established')
  return eventually(() => callOf(stack, agentId), ({ state }) => state === 'talking')
}

/** One key press. */
export async function press(stack: Stack, agent: string, more: object = {}): Promise<Handover> {
  const { status, body } = await stack.api.post<{ handover: Handover }>('/v1/handovers', { agent, mode: 'transfer', ...more })
  if (status !== 201) throw new Error(`the press was answered ${status}: ${JSON.stringify(body)}`)
  return body.handover
}

export async function shown(stack: Stack, handoverId: string): Promise<Shown> {
  return (await stack.api.get<Shown>(`/v1/handovers/${handoverId}`)).body
}

export const settled = (stack: Stack, handoverId: string, state: Handover['state']): Promise<Shown> =>
  eventually(() => shown(stack, handoverId), ({ handover }) => handover.state === state, 15_000)

/** Waits until both hear each other's tone, and nobody else's. */
export async function expectTalkTogether(one: [Phone, Voice], other: [Phone, Voice]): Promise<void> {
  const heard = () => Promise.all([one[0].listen(tones), other[0].listen(tones)])
  await eventually(heard, ([first, second]) => first.join() === other[1] && second.join() === one[1])
}

/** Waits until everybody hears just these voices: nobody else, and nobody's own. */
export async function expectHearing(expected: Partial<Record<Voice, readonly Voice[]>>, phones: Readonly<Record<Voice, Phone>>, withinMs?: number): Promise<void> {
  const names = Object.keys(expected) as Voice[]
  const heardBy = async (name: Voice) => {
    try {
      return (await phones[name].listen(tones)).toSorted()
    } catch (error) {
      // No sound arrives at all: it hears nobody.
      if (error instanceof PhoneTimeoutError) return []
      throw error
    }
  }
  const heard = async () => Object.fromEntries(await Promise.all(names.map(async (name) => [name, await heardBy(name)] as const)))
  const wanted = JSON.stringify(Object.fromEntries(names.map((name) => [name, (expected[name] ?? []).toSorted()])))
  await eventually(async () => JSON.stringify(await heard()), (text) => text === wanted, withinMs)
}

/** The types of the call's facts, in order. */
export const storyOf = async (stack: Stack, callId: string): Promise<readonly string[]> => (await factsOf(stack, callId)).map(({ event }) => event)

/** The facts of an ended call, in order, as its live events tell them. */
export async function factsOf(stack: Stack, callId: string): Promise<readonly ServerEvent[]> {
  const reader = await openEvents(`${stack.api.address}/v1/events?call=${callId}`, { authorization: `Bearer ${stack.api.key}`, 'last-event-id': '0' })
  // oxlint-disable-next-line no-await-in-loop -- one event after the other
  while (reader.events.at(-1)?.event !== 'call-ended') await reader.readTo(reader.events.length + 1)
  reader.leave()
  return reader.events
}

/** Waits until what the phone hears for so long is music or ringback, and then no party. */
export async function expectMusicOrRingback(phone: Phone, forMs = 5_500, withinMs?: number): Promise<void> {
  const heard = async () => {
    const from = performance.now()
    await phone.listen(tones, forMs)
    const parties = await phone.listen(tones, 200)
    const [begin, end] = [from + 200, from + forMs - 200]
    return { music: parties.length === 0 && musicOrRingback(phone.heard(), tones, begin, end), parties, picture: pictureOf(phone.heard(), begin, end) }
  }
  await eventually(heard, ({ music }) => music, withinMs)
}

/** A letter for every 40 ms: `P` a party, `m` anything else that is loud, `.` nothing. */
function pictureOf(recording: Recording, fromMs: number, toMs: number): string {
  const moments = hearing(slice(recording, fromMs, toMs).samples, recording.sampleRate, tones)
  return moments.map((moment) => (loudButNoParty(moment) ? 'm' : Object.values(moment.heard).some(Boolean) ? 'P' : '.')).join('')
}

/** Asterisk has nothing left of ours: no channel, no bridge. */
export async function expectEmptyAsterisk(stack: Stack): Promise<void> {
  await eventually(
    async () => {
      const [channels, bridges] = [await stack.asterisk.rx('core show channels count'), await stack.asterisk.rx('bridge show all')]
      return `${channels}${bridges.split('\n').slice(1).join('')}`.trim()
    },
    (text) => /^0 active channels\n0 active calls\n[0-9]+ calls? processed$/.test(text),
  )
}

/** Hangs every phone up and waits until nothing is left. */
export async function clear(stack: Stack, ...phones: readonly Phone[]): Promise<void> {
  await Promise.all(phones.map((phone) => phone.hangUp()))
  await Promise.all(phones.map((phone) => phone.waitFor('idle')))
  await expectEmptyAsterisk(stack)
  await eventually(async () => (await stack.api.get<{ items: CallSummary[] }>('/v1/calls')).body.items.length, (count) => count === 0)
}
