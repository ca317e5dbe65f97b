import { type Draft, nothing } from './draft.ts'
import type { Context, EventOf, EventType } from './events.ts'
import { cancelSettled, settledAlready } from './settling.ts'
import { legsOf, type Phase, type State } from './state.ts'

export type StateOf<P extends Phase> = Extract<State, { phase: P }>
export type Handler<P extends Phase, E extends EventType> = (state: StateOf<P>, event: EventOf<E>, context: Context) => Draft

/** One answer to every event: a phase without a complete row does not compile. */
export type Row<P extends Phase> = { readonly [E in EventType]: Handler<P, E> }
export type Table = { readonly [P in Phase]: Row<P> }

/** Commands about a hand-over where none is under way. */
export const noHandover = {
  'handover-cancel-requested': cancelSettled,
  'handover-change-requested': settledAlready,
  'handover-confirm-requested': settledAlready,
  'handover-outcome-decided': settledAlready,
} as const

/** Somebody that was rung in vain answers all the same. */
export const answeredElsewhere = (state: State, { leg }: { leg: string }): Draft =>
  leg === state.call.caller.channelId || legsOf(state).some(({ id }) => id === leg) ? nothing(state) : { state, actions: [{ type: 'hang-up-leg', leg, reason: 'answered-elsewhere' }] }
