/** How a hand-over's record ends, and what a command about it is answered. */
import { advance, type Failure, type Outcome, responsibleAfter, type Tracked, toRecord } from '../handover/handover.ts'
import type { Action, Refusal } from './actions.ts'
import type { Draft, FactDraft } from './draft.ts'
import type { HandoverCommand, HandoverRequest } from './events.ts'
import type { Call, State } from './state.ts'

const closing = { failed: 'handover-failed', cancelled: 'handover-cancelled', completed: 'handover-completed' } as const

/** A hand-over's end: the call with it as its last one, and the facts. */
export interface Settled {
  readonly call: Call
  readonly facts: readonly [FactDraft & { handover: Tracked }]
}

/** Ends the hand-over's record; later presses are shown it as the call's last one. */
export function close(call: Call, handover: Tracked, state: keyof typeof closing, failure?: Failure): Settled {
  const settled: Tracked = { ...advance(handover, state), ...(failure ? { failure } : {}) }
  return { call: { ...call, last: settled }, facts: [{ type: closing[state], handover: settled }] }
}

/** The two talked with the caller together; what was not verified by that has come about. */
export const hasJoined = ({ clock, mode, verified }: Tracked): boolean => clock.joined !== undefined && !(mode === 'transfer' && verified)

/** The other desk has the caller: a transfer is done, or a three-way call ends with `outcome` unless another was decided. */
export function complete(call: Call, handover: Tracked, outcome: Outcome): Settled {
  if (handover.mode === 'transfer') {
    const { outcome: _, ...transfer } = handover
    return close(call, { ...transfer, responsible: outcome === 'kept' ? handover.from : handover.to }, 'completed')
  }
  const decided = handover.outcome ?? outcome
  return close(call, { ...handover, outcome: decided, responsible: responsibleAfter(handover, decided) }, 'completed')
}

/** A talk of three ends otherwise than by a desk's leaving: it has taken place, or, where it was to be verified, has failed. */
export const conclude = (call: Call, handover: Tracked, failure: Failure): Settled =>
  hasJoined(handover) ? complete(call, handover, 'undecided') : close(call, handover, 'failed', failure)

export const refuse = (state: State, { command }: { command: string }, code: Refusal): Draft => ({
  state,
  actions: [{ type: 'reply', command, reply: { kind: 'refused', code } }],
})

export const show = (state: State, { command }: { command: string }, handover: Tracked): Draft => ({
  state,
  actions: [replyWith(command, handover, false)],
})

/** A second press shows the hand-over that the first one made; somebody else's press is not this call's. */
export const pressAgain = (state: State & { handover: Tracked }, event: HandoverRequest): Draft =>
  event.agent === undefined || event.agent === state.handover.agent ? show(state, event, state.handover) : refuse(state, event, 'not-your-call')

export const replyWith = (command: string, handover: Tracked, created: boolean): Action => ({
  type: 'reply',
  command,
  reply: { kind: 'handover', handover: toRecord(handover), created },
})

/** Taking back a hand-over that is not under way: cancelled already is a success, anything else is too late. */
export function cancelSettled(state: State, event: HandoverCommand): Draft {
  const { last } = state.call
  if (last?.id !== event.handoverId) return refuse(state, event, 'handover-not-found')
  return last.state === 'cancelled' ? show(state, event, last) : refuse(state, event, 'handover-settled')
}

/** A command about a hand-over that is not under way. */
export const settledAlready = (state: State, event: HandoverCommand): Draft =>
  refuse(state, event, state.call.last?.id === event.handoverId ? 'handover-settled' : 'handover-not-found')

/** For the hand-over under way only. */
export const about =
  <S extends State & { handover: Tracked }, E extends HandoverCommand, C>(handle: (state: S, event: E, context: C) => Draft, otherwise = settledAlready) =>
  (state: S, event: E, context: C): Draft =>
    event.handoverId === state.handover.id ? handle(state, event, context) : otherwise(state, event)

export const tooLate = (state: State, event: HandoverCommand): Draft => refuse(state, event, 'handover-too-late')
