import { type Draft, nothing, startTimer } from './draft.ts'
import type { Context } from './events.ts'
import { end } from './moves.ts'
import { answeredElsewhere, noHandover, type Row } from './row.ts'
import { refuse } from './settling.ts'
import { type Asking, type Rating, ratings, type Talking } from './state.ts'

/** The desk has hung up by itself: the caller, who is still there, is asked how satisfied he was (满意度), and then hung up. */
export function ask(state: Talking, context: Context): Draft {
  const timer = startTimer({ ...state.call, callerHeld: false }, context.satisfactionMs)
  return {
    state: { phase: 'asking', call: timer.call, desk: state.desk.platform, endedBy: state.desk.endpoint },
    actions: [],
    lastly: [{ type: 'announce', prompt: 'satisfaction' }, timer.action],
  }
}

export const asking: Row<'asking'> = {
  'leg-dialled': nothing,
  'leg-ringing': nothing,
  'leg-answered': answeredElsewhere,
  'leg-joined': nothing,
  'leg-join-failed': nothing,
  'leg-ended': nothing,
  'caller-left': (state, _event, context) => end(state, state.endedBy, context, { caller: 'left' }),
  'control-lost': over,
  'timer-fired': (state, event, context) => (event.token === state.call.timer ? over(state, event, context) : nothing(state)),
  'desk-free': nothing,
  'digit-pressed': (state, event, context) => {
    const rating = ratings.find((known) => String(known) === event.digit)
    return rating === undefined ? nothing(state) : rated(state, rating, context)
  },
  'handover-requested': (state, event) => refuse(state, event, 'call-ended'),
  ...noHandover,
}

function over(state: Asking, _event: unknown, context: Context): Draft {
  return end(state, state.endedBy, context, { caller: 'hang-up' })
}

function rated(state: Asking, rating: Rating, context: Context): Draft {
  const draft = over({ ...state, call: { ...state.call, rating } }, undefined, context)
  return { ...draft, facts: [{ type: 'call-rated' }, ...(draft.facts ?? [])] }
}
