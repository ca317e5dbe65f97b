import { failureOf } from '../handover/failure.ts'
import type { Failure } from '../handover/handover.ts'
import { iso } from '../instant.ts'
import { type Draft, nothing, startTimer } from './draft.ts'
import type { Context, OutboundOrder } from './events.ts'
import { end, talk } from './moves.ts'
import { noHandover, type Row } from './row.ts'
import { refuse } from './settling.ts'
import type { Call, Calling, Leg } from './state.ts'

/** The citizen's leg has one name for the whole call. */
const calleeOf = (callId: string): string => `${callId}-caller`

/** The desk's own phone rings first, so that nobody who answers us has to wait for a desk. */
export function callOut({ trunk, agent, number, ...order }: OutboundOrder, context: Context): Draft {
  const call: Call = {
    ...order,
    direction: 'outbound',
    dialled: number,
    caller: { channelId: calleeOf(order.id), number, trunk },
    callerHeld: false,
    callerMuted: false,
    arrivedAt: iso(context.now),
    callerUp: false,
    guests: [],
    recorded: context.recorded,
    noticed: false,
    recordingPaused: false,
    recordings: [],
    overflowed: false,
    sequence: 0,
    legCount: 1,
    timer: 0,
  }
  const desk: Leg = { id: `${order.id}-1`, endpoint: agent, platform: order.platform, rang: false }
  const timer = startTimer(call, context.ringMs)
  return {
    state: { phase: 'calling', call: timer.call, desk },
    actions: [{ type: 'open-bridge' }, { type: 'dial-leg', leg: desk.id, endpoint: agent, platform: order.platform, role: 'agent' }, timer.action],
    facts: [{ type: 'call-made' }],
  }
}

export const calling: Row<'calling'> = {
  'leg-dialled': (state, { leg, sipCallId }) => {
    if (sipCallId === undefined) return nothing(state)
    if (leg === state.desk.id) return nothing({ ...state, desk: { ...state.desk, sipCallId } })
    if (leg !== state.callee?.id) return nothing(state)
    return nothing({ ...state, callee: { ...state.callee, sipCallId }, call: { ...state.call, caller: { ...state.call.caller, sipCallId } } })
  },
  'leg-ringing': (state, { leg }) => {
    if (leg === state.desk.id) return nothing({ ...state, desk: { ...state.desk, rang: true } })
    return leg === state.callee?.id ? nothing({ ...state, callee: { ...state.callee, rang: true } }) : nothing(state)
  },
  'leg-answered': (state, event, context) => {
    if (event.leg === state.callee?.id) return answered(state, context)
    if (event.leg === state.desk.id) return state.callee ? nothing(state) : ringCitizen(state, context)
    return { state, actions: [{ type: 'hang-up-leg', leg: event.leg, reason: 'answered-elsewhere' }] }
  },
  'leg-joined': nothing,
  'leg-join-failed': nothing,
  'leg-ended': (state, event, context) => {
    if (event.leg === state.desk.id && state.callee) return end(state, state.desk.endpoint, context, { caller: 'left', except: event.leg })
    if (event.leg === state.desk.id) return notReached(state, failureOf({ ...event, rang: state.desk.rang }), context, event.leg)
    return event.leg === state.callee?.id ? notReached(state, failureOf({ ...event, rang: state.callee.rang }), context, event.leg) : nothing(state)
  },
  'caller-left': nothing,
  'control-lost': (state, _event, context) => notReached(state, { reason: 'control-lost' }, context),
  'timer-fired': (state, event, context) => {
    if (event.token !== state.call.timer) return nothing(state)
    const rang = (state.callee ?? state.desk).rang
    return notReached(state, { reason: rang ? 'no-answer' : 'unreachable' }, context)
  },
  'desk-free': nothing,
  'digit-pressed': nothing,
  'handover-requested': (state, event) => refuse(state, event, 'call-not-answered'),
  ...noHandover,
}

/** The desk is there: now the citizen is rung, while the desk hears ringback. */
function ringCitizen(state: Calling, context: Context): Draft {
  const { caller } = state.call
  const endpoint = caller.trunk ?? ''
  const callee: Leg = { id: caller.channelId, endpoint, platform: state.desk.platform, rang: false }
  const timer = startTimer(state.call, context.ringMs)
  return {
    state: { ...state, call: timer.call, callee },
    actions: [{ type: 'dial-leg', leg: callee.id, endpoint, platform: state.desk.platform, role: 'caller', number: caller.number }, timer.action],
  }
}

function answered({ call, desk }: Calling, { now }: Context): Draft {
  const draft = talk({ ...call, callerUp: true, answeredAt: iso(now) }, desk, [{ type: 'answer-caller' }])
  return { ...draft, facts: [{ type: 'call-answered' }] }
}

/** The desk's leg is ended, and the record says why. */
function notReached(state: Calling, failure: Failure, context: Context, except?: string): Draft {
  const draft = end(state, 'not-reached', context, { caller: 'left', ...(except === undefined ? {} : { except }) })
  return draft.state.phase === 'ended' ? { ...draft, state: { ...draft.state, failure } } : draft
}
