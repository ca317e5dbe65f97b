/** Rows of the phases in which the other desk gets the caller: joining, releasing; and of the talk after the caller has left. */
import { advance, stamp } from '../handover/handover.ts'
import { type Draft, type FactDraft, find, hangUp, nothing, without } from './draft.ts'
import type { Context, EventOf } from './events.ts'
import { after, end, fallBack, ringDesk, talk, withGuest } from './moves.ts'
import { answeredElsewhere, noHandover, type Row } from './row.ts'
import { deskStays } from './scene.ts'
import { about, cancelSettled, complete, conclude, pressAgain, refuse, tooLate } from './settling.ts'
import type { Aftertalk, Joining, Releasing } from './state.ts'

/** The hand-over can only take its course. */
const settling = {
  'handover-requested': pressAgain,
  'handover-cancel-requested': about(tooLate, cancelSettled),
  'handover-change-requested': about(tooLate),
  'handover-confirm-requested': about(tooLate),
  'handover-outcome-decided': about(tooLate),
} as const

export const joining: Row<'joining'> = {
  'leg-dialled': dialled,
  'leg-ringing': nothing,
  'leg-answered': answeredElsewhere,
  'leg-joined': joined,
  'leg-join-failed': (state, event, context) => {
    if (event.leg === state.peer.id) return fallBack(state, 'failed', { reason: event.gone ? 'peer-left' : 'control-lost' }, context, hangUp([state.peer], 'normal'))
    return event.leg === state.desk?.id && deskStays(state.handover) ? after(deskLeft(state, context), state.desk) : nothing(state)
  },
  'leg-ended': (state, event, context) => {
    if (event.leg === state.peer.id) return fallBack(state, 'failed', { reason: 'peer-left' }, context, [])
    return event.leg === state.desk?.id ? deskLeft(state, context) : nothing(state)
  },
  'caller-left': (state, _event, context) =>
    end(state, 'caller', context, { caller: 'left', outcome: conclude(state.call, state.handover, { reason: 'caller-left' }) }),
  'control-lost': (state, _event, context) =>
    end(state, 'given-back', context, {
      caller: 'give-back',
      outcome: conclude(state.call, state.handover, { reason: 'control-lost' }),
    }),
  'timer-fired': nothing,
  'desk-free': nothing,
  'digit-pressed': nothing,
  ...settling,
}

export const releasing: Row<'releasing'> = {
  'leg-dialled': dialled,
  'leg-ringing': nothing,
  'leg-answered': answeredElsewhere,
  'leg-joined': nothing,
  // Out of a hold it came back to nobody.
  'leg-join-failed': (state, event, context) => (event.leg === state.peer.id ? after(losePeer(state, true, context), state.peer) : nothing(state)),
  'leg-ended': (state, event, context) => {
    if (event.leg === state.desk.id) {
      const handover = stamp(state.handover, 'released', context.now)
      const done = complete(state.call, handover, 'taken')
      return { ...talk(done.call, state.peer), facts: [{ type: 'handover-released', handover }, ...done.facts] }
    }
    return event.leg === state.peer.id ? losePeer(state, event.lost, context) : nothing(state)
  },
  'caller-left': (state, _event, context) =>
    end(state, 'caller', context, { caller: 'left', outcome: complete(state.call, state.handover, 'taken') }),
  'control-lost': (state, _event, context) =>
    end(state, 'given-back', context, { caller: 'give-back', outcome: complete(state.call, state.handover, 'taken') }),
  'timer-fired': nothing,
  'desk-free': nothing,
  'digit-pressed': nothing,
  ...settling,
}

export const aftertalk: Row<'aftertalk'> = {
  'leg-dialled': nothing,
  'leg-ringing': nothing,
  'leg-answered': answeredElsewhere,
  'leg-joined': nothing,
  'leg-join-failed': (state, event, context) => {
    const leg = find(state.legs, event.leg)
    return leg ? after(oneLess(state, leg.id, context), leg) : nothing(state)
  },
  'leg-ended': (state, event, context) => (find(state.legs, event.leg) ? oneLess(state, event.leg, context) : nothing(state)),
  'caller-left': nothing,
  'control-lost': (state, _event, context) => end(state, 'caller', context, { caller: 'left' }),
  'timer-fired': nothing,
  'desk-free': nothing,
  'digit-pressed': nothing,
  'handover-requested': (state, event) => refuse(state, event, 'call-ended'),
  ...noHandover,
}

/**
 * The other desk is gone while the first one is being released. Whether its leg broke or was put down in those moments, it is rung
 * again, unless it left by itself and somebody else has the caller.
 */
function losePeer({ call, handover, peer }: Releasing, lost: boolean, context: Context): Draft {
  const outcome = complete(call, handover, 'taken')
  const next = (lost ? undefined : withGuest(outcome.call, peer.platform)) ?? ringDesk(outcome.call, peer.platform, context)
  return { ...next, facts: [...outcome.facts, ...(next.facts ?? [])] }
}

/** Two or more talk on; one alone has nobody any more. */
function oneLess(state: Aftertalk, leg: string, context: Context): Draft {
  const legs = without(state.legs, leg)
  return legs.length > 1 ? nothing({ ...state, legs }) : end(state, 'caller', context, { caller: 'left', except: leg })
}

/** The first desk leaves as the other one comes. */
function deskLeft(state: Joining, { now }: Context): Draft {
  const { desk: _, ...rest } = state
  const handover = stamp(state.handover, 'released', now)
  return { state: { ...rest, handover }, actions: [], facts: [{ type: 'handover-released', handover }] }
}

/** The target answered before its dialling was told. */
function dialled(state: Joining | Releasing, { leg, sipCallId }: EventOf<'leg-dialled'>): Draft {
  return leg === state.peer.id && sipCallId !== undefined ? nothing({ ...state, peer: { ...state.peer, sipCallId } }) : nothing(state)
}

/** The other desk has the caller: the first desk is released, or stays for a three-way call or until the confirmation. */
function joined(state: Joining, event: EventOf<'leg-joined'>, { now }: Context): Draft {
  // Not the consultation's, told late.
  if (event.leg !== state.peer.id || event.room !== 'call') return nothing(state)
  const { call, desk, peer } = state
  const handover = advance(state.handover, 'joined', 'joined', now)
  const fact: FactDraft = { type: 'handover-joined', handover }
  const stays = handover.mode === 'conference' ? desk !== undefined : handover.verified === true
  if (stays) return { state: { phase: 'conferring', call, ...(desk ? { desk } : {}), peer, handover }, actions: [], facts: [fact] }
  if (desk) return { state: { phase: 'releasing', call, desk, peer, handover }, actions: hangUp([desk], 'normal'), facts: [fact] }
  const done = complete(call, handover, 'taken')
  const unaware = handover.clock.consulted === undefined ? undefined : { sinceMono: now.mono, recall: handover.from }
  return { ...talk(done.call, peer, [], unaware), facts: [fact, ...done.facts] }
}
