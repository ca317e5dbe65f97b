import type { CallSummary } from '../domain/facts.ts'
import type { Handover } from '../domain/handover/handover.ts'
import type { Phone } from '../lab/phone.ts'
import type { ReceivedTicket } from '../lab/ticket-receiver.ts'
import type { Stack } from '../lab/stack.ts'
import { partyTones } from '../lab/tones.ts'
import type { DeliveryView } from '../tickets/deliveries.ts'
import { eventually } from '../lab/eventually.ts'

type Party = 'caller' | 'agent' | 'peer'
export type DemoPhones = Readonly<Record<Party, Phone>>
export type Hears = Readonly<Record<Party, readonly string[]>>

export interface DemoResult {
  /** ms since the citizen dialled, and what happened. */
  readonly timeline: readonly { readonly at: number; readonly what: string }[]
  readonly handover: Handover
  readonly hears: { readonly before: Hears; readonly during: Hears; readonly after: Hears }
  readonly ticket: { readonly state: string; readonly attempts: number; readonly first: ReceivedTicket }
  readonly ok: boolean
  readonly phones: DemoPhones
}

const tones = { caller: partyTones.caller, agent: partyTones.agent, peer: partyTones.peer }
const listenMs = 1_500
const expected = {
  before: { caller: ['agent'], agent: ['caller'], peer: [] },
  during: { caller: [], agent: [], peer: [] },
  after: { caller: ['peer'], agent: [], peer: ['caller'] },
} satisfies Record<string, Hears>

interface Shown {
  readonly handover: Handover
  readonly deliveries: readonly DeliveryView[]
}

/** The main job, live: a citizen rings 12345, the agent presses one key, 110 answers and talks with the citizen. */
export async function demoCall(stack: Stack, say: (line: string) => void): Promise<DemoResult> {
  const [caller, agent, peer] = await Promise.all([
    stack.citizen({ toneHz: tones.caller }),
    stack.agent('1001', tones.agent),
    stack.agent('2001', tones.peer),
  ])
  const start = performance.now()
  const timeline: { at: number; what: string }[] = []
  const note = (what: string, at = performance.now()) => {
    timeline.push({ at: at - start, what })
    say(what)
  }
  note('citizen 13800001234 dials 12345')
  await caller.dial('12345')
  await agent.waitFor('incoming')
  note(`agent 1001's phone rings and shows ${agent.peer?.number ?? 'nothing'}`)
  await agent.answer()
  await caller.waitFor('established')
  note('agent 1001 answers; they talk')
  const before = await hear({ caller, agent, peer })

  const pressed = performance.now()
  note('agent 1001 presses the key: POST /v1/handovers {"agent":"1001","mode":"transfer"}', pressed)
  const { body, status } = await stack.api.post<{ handover: Handover }>('/v1/handovers', {
    agent: '1001',
    mode: 'transfer',
    matter: { category: '社会治安类' },
    reason: '邻居斗殴，需要出警',
  })
  if (status !== 201) throw new Error(`the key press was refused: ${JSON.stringify(body)}`)
  await peer.waitFor('incoming')
  note(`110's phone rings and shows ${peer.peer?.number ?? 'nothing'}`)
  const during = await hear({ caller, agent, peer })
  const ticketsWhileRinging = stack.receiver.of(body.handover.callId)
  await peer.answer()
  const answered = performance.now()
  note("call-taker 2001 answers at 110's desk", answered)
  await agent.waitFor('idle')
  note("agent 1001 is released; the citizen talks with 110")
  const after = await hear({ caller, agent, peer })
  const path = `/v1/handovers/${body.handover.id}`
  const shown = await eventually(
    async () => (await stack.api.get<Shown>(path)).body,
    ({ handover, deliveries }) => handover.state === 'completed' && deliveries.every(({ state }) => state !== 'pending'),
  )
  await caller.hangUp()
  await eventually(async () => (await stack.api.get<CallSummary>(`/v1/calls/${body.handover.callId}`)).body, ({ state }) => state === 'ended')
  note('the citizen hangs up')

  const [first] = ticketsWhileRinging
  if (!first) throw new Error('no ticket had arrived while the phone rang')
  timeline.push({ at: first.at - start, what: `the signed ticket is at 110's ticket system, ${Math.round(first.at - pressed)} ms after the press` })
  timeline.sort((one, other) => one.at - other.at)
  const delivered = shown.deliveries.every(({ state }) => state === 'delivered')
  const hears = { before, during, after }
  return {
    timeline,
    handover: shown.handover,
    hears,
    ticket: { state: delivered ? 'delivered' : 'failed', attempts: shown.deliveries[0]?.attempts ?? 0, first },
    ok: shown.handover.state === 'completed' && delivered && first.at < answered && JSON.stringify(hears) === JSON.stringify(expected),
    phones: { caller, agent, peer },
  }
}

/** A talk to try the keys on: the citizen and agent 1001, for as long as neither hangs up. 110's phone answers by itself after three rings. */
export async function demoTalk({ caller, agent, peer }: DemoPhones): Promise<void> {
  peer.on(({ type }) => {
    // Taken back meanwhile, as may be: there is nothing to answer then.
    if (type === 'CALL_INCOMING') setTimeout(() => void peer.answer().catch(() => undefined), 10_000)
  })
  await caller.dial('12345')
  await agent.waitFor('incoming')
  await agent.answer()
  await caller.waitFor('established')
}

/** Listens at all three phones at once; a phone without a call hears nobody. */
async function hear(phones: Record<Party, Phone>): Promise<Hears> {
  const [caller, agent, peer] = await Promise.all([heardBy(phones.caller), heardBy(phones.agent), heardBy(phones.peer)])
  return { caller, agent, peer }
}

const heardBy = async (phone: Phone): Promise<readonly string[]> => (phone.state === 'established' ? phone.listen(tones, listenMs) : [])
