/** Rows of the phases in which the other desk has answered: joining, releasing. */
import type { HandoverFactType } from '../facts.ts'
import { advance, stamp, type Tracked } from '../handover/handover.ts'
import { type Draft, hangUp, nothing } from './draft.ts'
import type { Context, EventOf } from './events.ts'
import { cancelSettled, close, end, fallBack, pressAgain, refuse, ringDesk, talk } from './moves.ts'
import type { Row } from './row.ts'
import type { Call, Joining, Leg, Releasing } from './state.ts'

export const joining: Row<'joining'> = {
  'leg-dialled': dialled,
  'leg-ringing': nothing,
  'leg-answered': late,
  'leg-joined': (state, event, { now }) => {
    if (event.leg !== state.peer.id) return nothing(state)
    const handover = advance(state.handover, 'joined', 'joined', now)
    const joined = { type: 'handover-joined' satisfies HandoverFactType, handover } as const
    if (!state.desk) return complete(state.call, state.peer, handover, [joined])
    return {
      state: { phase: 'releasing', call: state.call, desk: state.desk, peer: state.peer, handover },
      actions: hangUp([state.desk], 'normal'),
      facts: [joined],
    }
  },
  'leg-join-failed': (state, event, context) =>
    event.leg === state.peer.id
      ? fallBack({ ...state, separated: true }, 'failed', { reason: 'control-lost' }, context, hangUp([state.peer], 'normal'))
      : nothing(state),
  'leg-ended': (state, event, context) => {
    if (event.leg === state.peer.id) return fallBack({ ...state, separated: true }, 'failed', { reason: 'peer-left' }, context, [])
    if (event.leg !== state.desk?.id) return nothing(state)
    const { desk: _, ...rest } = state
    const handover = stamp(state.handover, 'released', context.now)
    return { state: { ...rest, handover }, actions: [], facts: [{ type: 'handover-released', handover }] }
  },
  'caller-left': (state, _event, context) =>
    end(state, 'caller', context, {
      caller: 'left',
      outcome: { handover: state.handover, state: 'failed', failure: { reason: 'caller-left' } },
    }),
  'control-lost': (state, _event, context) =>
    end(state, 'given-back', context, {
      caller: 'give-back',
      outcome: { handover: state.handover, state: 'failed', failure: { reason: 'control-lost' } },
    }),
  'timer-fired': nothing,
  'handover-requested': pressAgain,
  'handover-cancel-requested': (state, event) =>
    event.handoverId === state.handover.id ? refuse(state, event.command, 'handover-too-late') : cancelSettled(state, event),
}

export const releasing: Row<'releasing'> = {
  'leg-dialled': dialled,
  'leg-ringing': nothing,
  'leg-answered': late,
  'leg-joined': nothing,
  'leg-join-failed': nothing,
  'leg-ended': (state, event, context) => {
    if (event.leg === state.desk.id) {
      const handover = stamp(state.handover, 'released', context.now)
      return complete(state.call, state.peer, handover, [{ type: 'handover-released', handover }])
    }
    if (event.leg !== state.peer.id) return nothing(state)
    if (event.lost) return losePeer(state, context)
    return end(state, state.peer.endpoint, context, {
      caller: 'hang-up',
      outcome: { handover: state.handover, state: 'completed' },
      except: event.leg,
    })
  },
  'caller-left': (state, _event, context) =>
    end(state, 'caller', context, { caller: 'left', outcome: { handover: state.handover, state: 'completed' } }),
  'control-lost': (state, _event, context) =>
    end(state, 'given-back', context, { caller: 'give-back', outcome: { handover: state.handover, state: 'completed' } }),
  'timer-fired': nothing,
  'handover-requested': pressAgain,
  'handover-cancel-requested': (state, event) =>
    event.handoverId === state.handover.id ? refuse(state, event.command, 'handover-too-late') : cancelSettled(state, event),
}

/** The target answered before its dialling was told. */
function dialled(state: Joining | Releasing, { leg, sipCallId }: EventOf<'leg-dialled'>): Draft {
  return leg === state.peer.id && sipCallId !== undefined ? nothing({ ...state, peer: { ...state.peer, sipCallId } }) : nothing(state)
}

/** The other desk has the caller: it is the call's desk from now on, and may hand over in its turn. */
function complete(
  call: Call,
  peer: Leg,
  handover: Tracked,
  facts: readonly { type: HandoverFactType; handover: Tracked }[],
): Draft {
  const closed = close(call, handover, 'completed')
  return { ...talk(closed.call, peer), facts: [...facts, closed.fact] }
}

/** The hand-over was done when the other desk's leg broke: that desk is rung again, the first one is gone. */
function losePeer({ call, peer, handover }: Releasing, context: Context): Draft {
  const closed = close(call, handover, 'completed')
  const next = ringDesk(closed.call, peer.platform, context)
  return { ...next, facts: [closed.fact, ...(next.facts ?? [])] }
}

/** Another target answered at the same moment. */
function late(state: Joining | Releasing, event: { leg: string }, _context: Context): Draft {
  const known = event.leg === state.peer.id || event.leg === state.desk?.id
  return known ? nothing(state) : { state, actions: [{ type: 'hang-up-leg', leg: event.leg, reason: 'answered-elsewhere' }] }
}
