/** Rows of the phases in which both desks take part for a while: consulting, conferring. */
import { type Outcome, stamp, type Tracked } from '../handover/handover.ts'
import { inMode } from '../policy/held-to.ts'
import { iso } from '../instant.ts'
import { type Draft, type FactDraft, find, hangUp, nothing } from './draft.ts'
import type { ChangeRequest, Context, EventOf, HandoverCommand } from './events.ts'
import { after, callerLeft, end, fallBack, free, join, talk, unheld } from './moves.ts'
import { answeredElsewhere, type Row } from './row.ts'
import { about, cancelSettled, complete, conclude, hasJoined, pressAgain, refuse, replyWith, show, tooLate } from './settling.ts'
import { type Conferring, type Consulting, ownLegsOf } from './state.ts'

/** What the two rows have in common. */
const shared = {
  'leg-ringing': nothing,
  'leg-answered': answeredElsewhere,
  'timer-fired': nothing,
  'desk-free': nothing,
  'digit-pressed': nothing,
  'handover-requested': pressAgain,
} as const

export const consulting: Row<'consulting'> = {
  ...shared,
  'leg-dialled': noteCallId,
  'leg-joined': (state, event, { now }) =>
    event.leg === state.peer.id && event.room === 'consultation' ? nothing({ ...state, handover: stamp(state.handover, 'consulted', now) }) : nothing(state),
  // A desk that cannot be brought to the other one leaves.
  'leg-join-failed': (state, event, context) =>
    event.leg === state.desk.id || event.leg === state.peer.id
      ? leaveConsultation(state, event.leg, context, [{ type: 'hang-up-leg', leg: event.leg, reason: 'normal' }])
      : nothing(state),
  'leg-ended': (state, event, context) => leaveConsultation(state, event.leg, context, []),
  'caller-left': (state, _event, context) =>
    callerLeft(state, [state.desk, state.peer], 'consultation', context, conclude(state.call, state.handover, { reason: 'caller-left' })),
  'control-lost': (state, _event, context) =>
    end(state, 'given-back', context, { caller: 'give-back', outcome: conclude(state.call, state.handover, { reason: 'control-lost' }) }),
  'handover-cancel-requested': about((state, event, context: Context) => {
    if (hasJoined(state.handover)) return tooLate(state, event)
    const draft = fallBack(state, 'cancelled', undefined, context, hangUp([state.peer], 'normal'))
    return { ...draft, lastly: [...(draft.lastly ?? []), replyWith(event.command, draft.state.call.last ?? state.handover, false)] }
  }, cancelSettled),
  'handover-change-requested': about((state, event) => {
    if (event.consult) return event.mode === state.handover.mode ? show(state, event, state.handover) : changeTo(state, event, (handover) => ({ ...state, handover }))
    return changeTo(state, event, (handover) => join(state, handover))
  }),
  'handover-confirm-requested': about((state, event) => refuse(state, event, 'handover-not-verified')),
  'handover-outcome-decided': about((state, event) => refuse(state, event, 'not-a-conference')),
}

export const conferring: Row<'conferring'> = {
  ...shared,
  'leg-dialled': noteCallId,
  'leg-joined': nothing,
  'leg-join-failed': (state, event, context) => {
    const leg = find(ownLegsOf(state), event.leg)
    return leg ? after(leave(state, leg.id, context), leg) : nothing(state)
  },
  'leg-ended': (state, event, context) => leave(state, event.leg, context),
  'caller-left': (state, _event, context) =>
    callerLeft(state, state.desk ? [state.desk, state.peer] : [state.peer], 'call', context, conclude(state.call, state.handover, { reason: 'caller-left' })),
  'control-lost': (state, _event, context) =>
    end(state, 'given-back', context, { caller: 'give-back', outcome: conclude(state.call, state.handover, { reason: 'control-lost' }) }),
  'handover-cancel-requested': about(tooLate, cancelSettled),
  'handover-change-requested': about(changeConference),
  'handover-confirm-requested': about(confirm),
  'handover-outcome-decided': about(decide),
}

function noteCallId(state: Consulting | Conferring, { leg, sipCallId }: EventOf<'leg-dialled'>): Draft {
  return leg === state.peer.id && sipCallId !== undefined ? nothing({ ...state, peer: { ...state.peer, sipCallId } }) : nothing(state)
}

/** The first desk leaves: the other one gets the caller. The other one leaves: the first desk has the caller again. */
function leaveConsultation(state: Consulting, leg: string, context: Context, before: Draft['actions']): Draft {
  if (leg === state.peer.id) return fallBack(state, 'failed', { reason: 'peer-left' }, context, before)
  if (leg !== state.desk.id) return nothing(state)
  const { consult: _, ...rest } = stamp(state.handover, 'released', context.now)
  return {
    state: join({ call: state.call, peer: state.peer }, rest),
    actions: before,
    facts: [{ type: 'handover-released', handover: rest }],
  }
}

function leave(state: Conferring, leg: string, context: Context): Draft {
  if (leg === state.peer.id) return peerLeft(state, context)
  return leg === state.desk?.id ? deskLeft(state, context) : nothing(state)
}

/** The first desk leaves a three-way call: the other desk takes the matter. Before a confirmation it does not count as left. */
function deskLeft(state: Conferring, { now }: Context): Draft {
  const { desk: _, ...rest } = state
  const handover = stamp(state.handover, 'released', now)
  const released: FactDraft = { type: 'handover-released', handover }
  if (handover.mode === 'transfer') {
    const { call, peer } = rest
    return { state: { ...rest, call: unheld(call), peer: free(peer), handover }, actions: [], facts: [released] }
  }
  const done = complete(state.call, handover, 'taken')
  return { ...talk(done.call, state.peer), facts: [released, ...done.facts] }
}

/** The other desk leaves: the first one keeps the matter; a transfer that was never confirmed has failed. */
function peerLeft(state: Conferring, context: Context): Draft {
  if (state.handover.mode === 'transfer' || !state.desk) return fallBack(state, 'failed', { reason: 'peer-left' }, context, [])
  const done = complete(state.call, state.handover, 'kept')
  return { ...talk(done.call, state.desk), facts: done.facts }
}

/** A three-way call becomes a transfer (the first desk is released) or a consultation; a transfer that waits for its confirmation, a three-way call. */
function changeConference(state: Conferring, event: ChangeRequest): Draft {
  const { call, desk, peer } = state
  if (!desk) return refuse(state, event, 'handover-too-late')
  if (event.consult) return changeTo(state, event, (handover) => ({ phase: 'consulting', call: unheld(call), desk: free(desk), peer: free(peer), handover }))
  if (event.mode === state.handover.mode) return show(state, event, state.handover)
  // A transfer that was to be verified still is.
  if (event.mode === 'conference' || state.handover.verified) return changeTo(state, event, (handover) => ({ ...state, handover }))
  const draft = changeTo(state, event, (handover) => ({ phase: 'releasing', call: unheld(call), desk, peer: free(peer), handover }))
  return { ...draft, actions: hangUp([desk], 'normal') }
}

/** The other desk confirms: now the first one is released. */
function confirm(state: Conferring, event: HandoverCommand, { now }: Context): Draft {
  const { desk, peer } = state
  if (state.handover.mode !== 'transfer') return refuse(state, event, 'handover-not-verified')
  const handover: Tracked = { ...state.handover, confirmedAt: iso(now) }
  const confirmed: FactDraft = { type: 'handover-confirmed', handover }
  if (!desk) {
    const done = complete(state.call, handover, 'taken')
    return { ...talk(done.call, peer), lastly: [replyWith(event.command, done.facts[0].handover, false)], facts: [confirmed, ...done.facts] }
  }
  return {
    state: { phase: 'releasing', call: unheld(state.call), desk, peer: free(peer), handover },
    actions: [],
    lastly: [...hangUp([desk], 'normal'), replyWith(event.command, handover, false)],
    facts: [confirmed],
  }
}

/** The desks' decision is recorded; it stands when the three-way call ends, whoever leaves first. */
function decide(state: Conferring, event: HandoverCommand & { outcome: Outcome }): Draft {
  if (state.handover.mode !== 'conference') return refuse(state, event, 'not-a-conference')
  const handover = { ...state.handover, outcome: event.outcome }
  return { state: { ...state, handover }, actions: [], lastly: [replyWith(event.command, handover, false)], facts: [{ type: 'handover-decided', handover }] }
}

function changeTo(state: Consulting | Conferring, event: ChangeRequest, next: (handover: Tracked) => Draft['state']): Draft {
  const { consult: _, ...rest } = inMode(state.handover, event.mode)
  const handover: Tracked = event.consult ? { ...rest, consult: true } : rest
  return { state: next(handover), actions: [], lastly: [replyWith(event.command, handover, false)], facts: [{ type: 'handover-changed', handover }] }
}
