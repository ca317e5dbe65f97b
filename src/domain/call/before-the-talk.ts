/** Rows of the phases in which no desk talks with the caller yet: ringing, waiting; and ended. */
import { iso } from '../instant.ts'
import { otherThan } from '../handover/handover.ts'
import { type Action, lastSpokenPosition } from './actions.ts'
import { type Draft, find, hangUp, nothing, startTimer, without } from './draft.ts'
import type { Context } from './events.ts'
import { answerCaller, end, ringDesk, ringing as ringingNow, talk, tell, wait } from './moves.ts'
import { heard, ringRoutes, routesLeft } from './ring.ts'
import { noHandover, type Row } from './row.ts'
import { refuse } from './settling.ts'
import { type Ringing, type Waiting, withLeg } from './state.ts'

export const ringing: Row<'ringing'> = {
  'leg-dialled': (state, event) => {
    const leg = find(state.legs, event.leg)
    if (!leg || event.sipCallId === undefined) return nothing(state)
    const { sipCallId } = event
    return nothing(withLeg(state, leg.id, (dialled) => ({ ...dialled, sipCallId })))
  },
  'leg-ringing': (state, event, context) => {
    if (!find(state.legs, event.leg)) return nothing(state)
    const rings = withLeg(state, event.leg, (leg) => ({ ...leg, rang: true }))
    if (state.legs.some(({ rang }) => rang)) return nothing(rings)
    const { call, actions } = heard(rings.call, state.ring, context)
    return { state: { ...rings, call }, actions }
  },
  'leg-answered': (state, event, { now }) => {
    const desk = find(state.legs, event.leg)
    if (!desk) return { state, actions: [{ type: 'hang-up-leg', leg: event.leg, reason: 'answered-elsewhere' }] }
    const call = { ...state.call, callerUp: true, answeredAt: state.call.answeredAt ?? iso(now) }
    const next = talk(call, desk, answerCaller(state.call))
    return { ...next, lastly: hangUp(without(state.legs, desk.id), 'answered-elsewhere'), facts: [{ type: 'call-answered' }] }
  },
  'leg-joined': nothing,
  'leg-join-failed': nothing,
  'leg-ended': (state, event, context) => {
    if (!find(state.legs, event.leg)) return nothing(state)
    const legs = without(state.legs, event.leg)
    return legs.length > 0 ? nothing({ ...state, legs }) : goOn(state, context, [])
  },
  'caller-left': (state, _event, context) => end(state, 'caller', context, { caller: 'left' }),
  'control-lost': (state, _event, context) => end(state, 'given-back', context, { caller: 'give-back' }),
  'timer-fired': (state, event, context) =>
    event.token === state.call.timer ? goOn(state, context, hangUp(state.legs, 'no-answer')) : nothing(state),
  'desk-free': nothing,
  'digit-pressed': nothing,
  'handover-requested': (state, event) => refuse(state, event, 'call-not-answered'),
  ...noHandover,
}

export const waiting: Row<'waiting'> = {
  'leg-dialled': nothing,
  'leg-ringing': nothing,
  // It answered as its ringing was given up, and its leg is being ended already: the desk will be rung again.
  'leg-answered': (state, event) => ({ state, actions: [{ type: 'hang-up-leg', leg: event.leg, reason: 'normal' }] }),
  'leg-joined': nothing,
  'leg-join-failed': nothing,
  'leg-ended': nothing,
  'caller-left': (state, _event, context) => end(state, 'caller', context, { caller: 'left' }),
  'control-lost': (state, _event, context) => end(state, 'given-back', context, { caller: 'give-back' }),
  'timer-fired': (state, event, context) => {
    if (event.token !== state.call.timer) return nothing(state)
    return takeTurn(state, context) ?? stayInQueue(state, context)
  },
  'desk-free': (state, _event, context) => takeTurn(state, context) ?? nothing(state),
  'digit-pressed': nothing,
  'handover-requested': (state, event) => refuse(state, event, 'call-not-answered'),
  ...noHandover,
}

export const ended: Row<'ended'> = {
  'leg-dialled': nothing,
  'leg-ringing': nothing,
  'leg-answered': (state, event) => ({ state, actions: [{ type: 'hang-up-leg', leg: event.leg, reason: 'normal' }] }),
  'leg-joined': nothing,
  'leg-join-failed': nothing,
  'leg-ended': nothing,
  'caller-left': nothing,
  'control-lost': nothing,
  'timer-fired': nothing,
  'desk-free': nothing,
  'digit-pressed': nothing,
  'handover-requested': (state, event) => refuse(state, event, 'call-ended'),
  ...noHandover,
}

/** The next route within the ring time; where none is left, the caller waits. */
function goOn(state: Ringing, context: Context, before: readonly Action[]): Draft {
  const { call, desk, ring } = state
  const platform = state.legs[0]?.platform ?? desk
  const { reachable, overflow } = context.desks[desk]
  const left = context.now.mono < ring.deadline ? routesLeft(ring, platform === desk ? reachable : overflow) : []
  const next = ringRoutes(call, left, { platform, role: 'agent' }, context, ring.deadline)
  return next ? ringingNow(next, desk, before) : wait(call, desk, context, before)
}

/** It is this caller's turn: the desk is rung, or where it is swamped the other one's seats (§15); one after the other where its own are free and do not answer. */
function takeTurn({ call, desk }: Waiting, context: Context): Draft | undefined {
  const { routes, overflow } = context.desks[desk]
  if (routes.length > 0 && (overflow.length === 0 || call.rung !== desk)) return ringDesk(call, desk, context)
  const helped = ringRoutes({ ...call, overflowed: true }, overflow, { platform: otherThan(desk), role: 'agent' }, context)
  return helped && ringingNow(helped, desk)
}

/** The caller is told his place when it has changed. */
function stayInQueue(state: Waiting, context: Context): Draft {
  const place = context.desks[state.desk].ahead + 1
  const moved = `queue-position-${place > lastSpokenPosition ? 'many' : place}` as const
  const told = tell(state.call, place, place === state.call.told?.place ? 'please-wait' : moved, context)
  const timer = startTimer(told.call, context.retryMs)
  return { state: { ...state, call: timer.call }, actions: told.actions, lastly: [timer.action] }
}
