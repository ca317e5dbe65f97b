/**
 * The call's machine. Pure: (state, event, context) → { state, actions }. Invariants: SPEC.md.
 *
 *   begin ─► ringing ◄────────────► waiting
 *               │ desk answers          (nobody to ring: music, then rung again)
 *               ▼
 *            talking ◄───────────────┐
 *               │ key pressed        │ busy, rejected, no answer, unreachable, cancelled
 *               ▼                    │ (the first desk gone: → ringing)
 *          transferring ─────────────┤
 *               │ other desk answers │
 *               ▼                    │
 *            joining ────────────────┘ cannot be joined, or leaves
 *               │ in the caller's bridge
 *               ▼
 *           releasing ─► talking (with the other desk)
 *
 *   every phase ─► ended: the caller leaves, or a desk that talks hangs up
 */
import { iso } from '../instant.ts'
import { ended, ringing, waiting } from './before-the-talk.ts'
import { type Draft, type Step, settle } from './draft.ts'
import type { Arrival, Context, Event } from './events.ts'
import { joining, releasing } from './joined.ts'
import { ringDesk } from './moves.ts'
import type { Table } from './row.ts'
import type { Call, State } from './state.ts'
import { talking } from './talking.ts'
import { transferring } from './transferring.ts'

export const table: Table = { ringing, waiting, talking, transferring, joining, releasing, ended }

/** A citizen's call has arrived: its bridge is made, its desk is rung. */
export function begin(arrival: Arrival, context: Context): Step {
  const call: Call = {
    ...arrival,
    arrivedAt: iso(context.now),
    callerUp: false,
    sequence: 0,
    legCount: 0,
    timer: 0,
  }
  const draft = ringDesk(call, arrival.platform, context, [{ type: 'open-bridge' }])
  return settle({ ...draft, facts: [{ type: 'call-arrived' }, ...(draft.facts ?? [])] }, context.now)
}

/** One event; the machine ignores what does not concern its phase, and never throws. */
export function step(state: State, event: Event, context: Context): Step {
  const handler = table[state.phase][event.type] as (state: State, event: Event, context: Context) => Draft
  return settle(handler(state, event, context), context.now)
}
