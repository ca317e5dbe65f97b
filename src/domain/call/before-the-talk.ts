/** Rows of the phases in which no desk talks with the caller yet: ringing, waiting; and ended. */
import { iso } from '../instant.ts'
import { find, hangUp, nothing, without } from './draft.ts'
import { answerCaller, end, ringDesk, talk, wait } from './moves.ts'
import { noHandover, type Row } from './row.ts'
import { refuse } from './settling.ts'
import { withLeg } from './state.ts'

export const ringing: Row<'ringing'> = {
  'leg-dialled': (state, event) => {
    const leg = find(state.legs, event.leg)
    if (!leg || event.sipCallId === undefined) return nothing(state)
    const { sipCallId } = event
    return nothing(withLeg(state, leg.id, (dialled) => ({ ...dialled, sipCallId })))
  },
  'leg-ringing': (state, event) => {
    return find(state.legs, event.leg) ? nothing(withLeg(state, event.leg, (leg) => ({ ...leg, rang: true }))) : nothing(state)
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
    return legs.length > 0 ? nothing({ ...state, legs }) : wait(state.call, state.desk, context)
  },
  'caller-left': (state, _event, context) => end(state, 'caller', context, { caller: 'left' }),
  'control-lost': (state, _event, context) => end(state, 'given-back', context, { caller: 'give-back' }),
  'timer-fired': (state, event, context) =>
    event.token === state.call.timer
      ? wait(state.call, state.desk, context, hangUp(state.legs, 'no-answer'))
      : nothing(state),
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
    return context.seats[state.desk].length > 0
      ? ringDesk(state.call, state.desk, context)
      : { ...wait(state.call, state.desk, context), facts: [] }
  },
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
  'handover-requested': (state, event) => refuse(state, event, 'call-ended'),
  ...noHandover,
}
