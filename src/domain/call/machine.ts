/**
 * The call's machine. Pure: (state, event, context) → { state, actions }. Invariants: SPEC.md.
 *
 *   begin outbound ─► calling ─► talking: the desk's own phone answers, then the citizen
 *
 *   begin adopted ─► talking: they talk already, and Tandem comes to them
 *
 *   begin ─► ringing ◄────────────► waiting
 *               │ desk answers          (nobody to ring: music, then rung again)
 *               ▼
 *            talking ◄───────────────┐
 *               │ key pressed        │ busy, rejected, no answer, unreachable, cancelled
 *               ▼                    │ (the first desk gone: → ringing)
 *            inviting ───────────────┤
 *               │ other desk answers │
 *               │    consult first ──┼─► consulting ◄───┐ consult again
 *               ▼                    │     │            │
 *            joining ◄───────────────┼─────┘ merge, or the first desk leaves
 *               │ in the caller's    │                  │
 *               │ bridge ────────────┼─► conferring ────┘ three-way call, or a confirmation is awaited
 *               ▼                    │     │ one desk leaves: → talking
 *           releasing ◄──────────────┼─────┘ transferred, confirmed
 *               │ the first desk has left
 *               └─► talking (with the other desk)
 *
 *   talking ─► asking ─► ended: the desk hangs up, and the caller is asked how satisfied he was, where that is configured
 *   every phase ─► ended: the caller leaves, or the last desk that talks hangs up
 *   consulting, conferring, talking with further parties ─► aftertalk: the caller leaves, the others talk on
 */
import { iso } from '../instant.ts'
import { ended, ringing, waiting } from './before-the-talk.ts'
import { asking } from './asking.ts'
import { calling, callOut } from './calling.ts'
import { type Draft, type FactDraft, find, nothing, type Step, settle } from './draft.ts'
import type { Adoption, AnyEvent, Arrival, Context, Event, OutboundOrder, PartyEvent, RecordingEvent, RepairEvent } from './events.ts'
import { aftertalk, joining, releasing } from './joined.ts'
import { calledBack, ringDesk } from './moves.ts'
import { inviting } from './inviting.ts'
import { guestStep, partyStep } from './parties.ts'
import { recordingStep, withNotice } from './recording-events.ts'
import type { Table } from './row.ts'
import { emptyScene, sceneOf } from './scene.ts'
import type { Call, Leg, State } from './state.ts'
import { talking } from './talking.ts'
import { conferring, consulting } from './together.ts'

export const table: Table = { calling, ringing, waiting, talking, inviting, consulting, joining, conferring, releasing, aftertalk, asking, ended }

/** A citizen's call has arrived: its bridge is made, its desk is rung. */
export function begin(arrival: Arrival, context: Context): Step {
  const call = inbound(arrival, iso(context.now), context)
  const draft = ringDesk(call, arrival.platform, context, [{ type: 'open-bridge' }])
  return settle(emptyScene, withNotice({ ...draft, facts: [{ type: 'call-arrived' }, ...(draft.facts ?? [])] }, context), context.now)
}

/** Caller and desk talk already, without Tandem: both come into the call's bridge, and what follows is what follows an answer. */
export function beginAdopted({ desk, arrivedAt, ...arrival }: Adoption, context: Context): Step {
  const call: Call = { ...inbound(arrival, arrivedAt, context), callerUp: true, adopted: true }
  const state: State = { phase: 'talking', call, desk: { ...desk, platform: call.platform, rang: true } }
  return settle(emptyScene, { state, actions: [{ type: 'open-bridge' }, { type: 'answer-caller' }], facts: [{ type: 'call-adopted' }] }, context.now)
}

const inbound = (arrival: Arrival, arrivedAt: string, { recorded }: Context): Call => ({
  ...arrival,
  direction: 'inbound',
  arrivedAt,
  callerUp: false,
  callerHeld: false,
  callerMuted: false,
  guests: [],
  recorded,
  noticed: false,
  recordingPaused: false,
  recordings: [],
  overflowed: false,
  sequence: 0,
  legCount: 0,
  timer: 0,
})

/** A desk calls a citizen: what follows the citizen's answer is what follows an arrived call's. */
export const beginOutbound = (order: OutboundOrder, context: Context): Step => settle(emptyScene, callOut(order, context), context.now)

/** One event; the machine ignores what does not concern its phase, and never throws. */
export function step(state: State, event: AnyEvent, context: Context): Step {
  return settle(sceneOf(state), withNotice(draftOf(state, event, context), context), context.now)
}

function draftOf(state: State, event: AnyEvent, context: Context): Draft {
  if (event.type === 'repaired') return state.phase === 'ended' ? nothing(state) : { state, actions: [], facts: [repairOf(event)] }
  if (event.type === 'caller-left' && event.lost) return calledBack(state, draftOf(state, { type: 'caller-left' }, context))
  if (isRecordingEvent(event)) return recordingStep(state, event)
  if (isPartyEvent(event)) {
    return partyStep(state, event, context, ({ id }: Leg) => draftOf(state, { type: 'leg-ended', leg: id, lost: false }, context))
  }
  // A citizen who was called is a leg of ours, and the caller from the answer on.
  if (event.type === 'leg-ended' && event.leg === state.call.caller.channelId && state.phase !== 'calling') return draftOf(state, { type: 'caller-left' }, context)
  const guest = 'leg' in event && find(state.call.guests, event.leg)
  if (guest) return guestStep(state, guest, event)
  const handler = table[state.phase][event.type] as (state: State, event: Event, context: Context) => Draft
  return handler(state, event, context)
}

const repairOf = ({ repair, party }: RepairEvent): FactDraft => ({ type: 'call-repaired', repair, ...(party === undefined ? {} : { party }) })

const isPartyEvent = (event: AnyEvent): event is PartyEvent => event.type.startsWith('party-')

const isRecordingEvent = (event: AnyEvent): event is RecordingEvent => event.type.startsWith('recording-')
