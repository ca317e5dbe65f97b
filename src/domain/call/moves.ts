/** Moves that several phases share. Each ends in one phase. */
import type { HandoverFactType } from '../facts.ts'
import { advance, type Failure, type HandoverState, type Platform, type Tracked } from '../handover/handover.ts'
import { iso } from '../instant.ts'
import type { Action, Refusal } from './actions.ts'
import { type Draft, hangUp, makeLegs, startTimer, stopTimer } from './draft.ts'
import type { CancelRequest, Context, HandoverRequest } from './events.ts'
import type { Call, Leg, State } from './state.ts'
import { legsOf } from './state.ts'
import { deskOf } from './summary.ts'
import { toRecord } from '../handover/handover.ts'

/** Rings every free seat of the desk; with none, the caller waits with music. */
export function ringDesk(call: Call, desk: Platform, context: Context, before: readonly Action[] = []): Draft {
  const seats = context.seats[desk]
  if (seats.length === 0) return wait(call, desk, context, before)
  const made = makeLegs(call, seats, { platform: desk, role: 'agent' })
  const timer = startTimer(made.call, context.ringMs)
  return {
    state: { phase: 'ringing', call: timer.call, desk, legs: made.legs },
    actions: [
      ...before,
      { type: 'set-background', sound: call.callerUp ? 'ringback' : 'ringing' },
      ...made.actions,
      timer.action,
    ],
  }
}

/** Nobody to ring: the caller is answered, hears an announcement and music, and the desk is tried again. Never a hang-up. */
export function wait(call: Call, desk: Platform, context: Context, before: readonly Action[] = []): Draft {
  const timer = startTimer({ ...call, callerUp: true }, context.retryMs)
  return {
    state: { phase: 'waiting', call: timer.call, desk },
    actions: [
      ...before,
      ...answerCaller(call),
      { type: 'announce', prompt: 'please-wait' },
      { type: 'set-background', sound: 'music' },
      timer.action,
    ],
    facts: [{ type: 'call-waiting' }],
  }
}

export const answerCaller = (call: Call): readonly Action[] => (call.callerUp ? [] : [{ type: 'answer-caller' }])

/** Caller and desk talk (again, where a hand-over failed at `failedAtMono`). */
export function talk(call: Call, desk: Leg, before: readonly Action[] = [], failedAtMono?: number): Draft {
  const again = failedAtMono === undefined ? {} : { failedAtMono }
  return { state: { phase: 'talking', call: stopTimer(call), desk, ...again }, actions: before }
}

const closing = { failed: 'handover-failed', cancelled: 'handover-cancelled', completed: 'handover-completed' } as const

/** Ends the hand-over's record; later presses are shown it as the call's last one. */
export function close(call: Call, handover: Tracked, state: keyof typeof closing, failure?: Failure) {
  const settled: Tracked = { ...advance(handover, state), ...(failure ? { failure } : {}) }
  return { call: { ...call, last: settled }, fact: { type: closing[state] as HandoverFactType, handover: settled } }
}

/**
 * The hand-over came to nothing: the first desk talks with the caller again; where it has left it is rung again
 * (never drop, DESIGN "Telephony").
 */
export function fallBack(
  from: { call: Call; desk?: Leg | undefined; separated: boolean; handover: Tracked },
  outcome: 'failed' | 'cancelled',
  failure: Failure | undefined,
  context: Context,
  before: readonly Action[],
): Draft {
  const closed = close(from.call, from.handover, outcome, failure)
  const failedAtMono = outcome === 'failed' ? context.now.mono : undefined
  const next = from.desk
    ? talk(closed.call, from.desk, [...before, ...(from.separated ? rejoin(from.desk) : [])], failedAtMono)
    : ringDesk(closed.call, from.handover.from, context, before)
  return { ...next, facts: [closed.fact, ...(next.facts ?? [])] }
}

const rejoin = (desk: Leg): readonly Action[] => [
  { type: 'set-background', sound: 'nothing' },
  { type: 'join-leg', leg: desk.id },
]

/** The call is over: every leg of ours ends, nothing keeps ringing. A hand-over under way ends as `outcome`. */
export function end(
  state: State,
  endedBy: string,
  context: Context,
  options: { caller: 'left' | 'hang-up' | 'give-back'; outcome?: { handover: Tracked; state: HandoverState & keyof typeof closing; failure?: Failure }; except?: string },
): Draft {
  const outcome = options.outcome && close(state.call, options.outcome.handover, options.outcome.state, options.outcome.failure)
  const call = stopTimer(outcome ? outcome.call : state.call)
  const legs = legsOf(state).filter((leg) => leg.id !== options.except)
  const last: readonly Action[] =
    options.caller === 'hang-up'
      ? [{ type: 'hang-up-caller', endedBy }]
      : options.caller === 'give-back'
        ? [{ type: 'give-back-caller' }]
        : []
  return {
    state: { phase: 'ended', call, desk: deskOf(state), endedAt: iso(context.now), endedBy },
    actions: [...hangUp(legs, 'normal'), ...last, { type: 'set-background', sound: 'nothing' }, { type: 'close-bridge' }],
    facts: [...(outcome ? [outcome.fact] : []), { type: 'call-ended' }],
  }
}

export const refuse = (state: State, command: string, code: Refusal): Draft => ({
  state,
  actions: [{ type: 'reply', command, reply: { kind: 'refused', code } }],
})

const show = (state: State, command: string, handover: Tracked): Draft => ({ state, actions: [replyWith(command, handover, false)] })

/** A second press shows the hand-over that the first one made; somebody else's press is not this call's. */
export const pressAgain = (state: State & { handover: Tracked }, { command, agent }: HandoverRequest): Draft =>
  agent === undefined || agent === state.handover.agent
    ? show(state, command, state.handover)
    : refuse(state, command, 'not-your-call')

export const replyWith = (command: string, handover: Tracked, created: boolean): Action => ({
  type: 'reply',
  command,
  reply: { kind: 'handover', handover: toRecord(handover), created },
})

/** Taking back a hand-over that is not under way: cancelled already is a success, anything else is too late. */
export function cancelSettled(state: State, { command, handoverId }: CancelRequest): Draft {
  const { last } = state.call
  if (last?.id !== handoverId) return refuse(state, command, 'handover-not-found')
  return last.state === 'cancelled' ? show(state, command, last) : refuse(state, command, 'handover-settled')
}
