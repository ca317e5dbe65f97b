import { failureOf, tellingFailure } from '../handover/failure.ts'
import { advance, stamp } from '../handover/handover.ts'
import type { Action } from './actions.ts'
import { type Draft, find, hangUp, nothing, replace, stopTimer, without } from './draft.ts'
import type { Context, EventOf } from './events.ts'
import { cancelSettled, end, fallBack, pressAgain, replyWith } from './moves.ts'
import type { Row } from './row.ts'
import type { Transferring } from './state.ts'

export const transferring: Row<'transferring'> = {
  'leg-dialled': dialled,
  'leg-ringing': (state, event, context) => {
    const leg = find(state.targets, event.leg)
    if (!leg) return nothing(state)
    const targets = replace(state.targets, { ...leg, rang: true })
    if (state.handover.state === 'ringing') return nothing({ ...state, targets })
    const parted = part({ ...state, targets }, context)
    const handover = advance(parted.state.handover, 'ringing', 'ring', context.now)
    return {
      state: { ...parted.state, handover },
      actions: [...parted.actions, { type: 'set-background', sound: 'ringback' }],
      facts: [...parted.facts, { type: 'handover-ringing', handover }],
    }
  },
  'leg-answered': (state, event, { now }) => {
    const peer = find(state.targets, event.leg)
    if (!peer) {
      return event.leg === state.desk?.id
        ? nothing(state)
        : { state, actions: [{ type: 'hang-up-leg', leg: event.leg, reason: 'answered-elsewhere' }] }
    }
    const handover = { ...advance(stamp(state.handover, 'dial', now), 'answered', 'answer', now), target: peer.endpoint }
    return {
      state: { phase: 'joining', call: stopTimer(state.call), ...(state.desk ? { desk: state.desk } : {}), peer, handover },
      actions: [
        { type: 'join-leg', leg: peer.id },
        { type: 'set-background', sound: 'nothing' },
        ...hangUp(without(state.targets, peer.id), 'answered-elsewhere'),
        // A target may answer before its ringing was ever told: the first desk must not hear on.
        ...separate(state),
      ],
      facts: [{ type: 'handover-answered', handover }],
    }
  },
  'leg-joined': nothing,
  'leg-join-failed': (state, event, context) => {
    if (event.leg !== state.desk?.id) return nothing(state)
    return leaveEarly(state, context, [{ type: 'hang-up-leg', leg: event.leg, reason: 'normal' }])
  },
  'leg-ended': (state, event, context) => {
    if (event.leg === state.desk?.id) return leaveEarly(state, context, [])
    const leg = find(state.targets, event.leg)
    if (!leg) return nothing(state)
    const failure = tellingFailure(state.failure, failureOf({ ...event, rang: leg.rang }))
    const targets = without(state.targets, leg.id)
    return targets.length > 0
      ? nothing({ ...state, targets, failure })
      : fallBack(state, 'failed', failure, context, [])
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
  'timer-fired': (state, event, context) => {
    if (event.token !== state.call.timer) return nothing(state)
    const rang = state.targets.some((leg) => leg.rang)
    const failure = tellingFailure(state.failure, { reason: rang ? 'no-answer' : 'unreachable' })
    return fallBack(state, 'failed', failure, context, hangUp(state.targets, 'no-answer'))
  },
  'handover-requested': pressAgain,
  'handover-cancel-requested': (state, event, context) => {
    if (event.handoverId !== state.handover.id) return cancelSettled(state, event)
    const draft = fallBack(state, 'cancelled', undefined, context, hangUp(state.targets, 'normal'))
    const cancelled = draft.state.call.last ?? state.handover
    return { ...draft, actions: [...draft.actions, replyWith(event.command, cancelled, false)] }
  },
}

function dialled(state: Transferring, event: EventOf<'leg-dialled'>, context: Context): Draft {
  const leg = find(state.targets, event.leg)
  if (!leg) return nothing(state)
  const { sipCallId } = event
  return part(sipCallId === undefined ? state : { ...state, targets: replace(state.targets, { ...leg, sipCallId }) }, context)
}

/** The first INVITE is on its way: from now on the pair are apart, the caller hears music. Ringing may be told before the dialling. */
function part(state: Transferring, { now }: Context) {
  if (state.handover.clock.dial !== undefined) return { state, actions: [], facts: [] }
  const handover = advance(state.handover, 'dialling', 'dial', now)
  return {
    state: { ...state, handover, separated: true },
    actions: [...separate(state), { type: 'set-background', sound: 'music' }],
    facts: [{ type: 'handover-dialled', handover }],
  } as const
}

const separate = (state: Transferring): readonly Action[] =>
  state.desk && !state.separated ? [{ type: 'separate-leg', leg: state.desk.id }] : []

/** The first desk hangs up before the answer: the other desk rings on, the caller keeps hearing music or ringback. */
function leaveEarly(state: Transferring, { now }: Context, before: readonly Action[]): Draft {
  const { desk: _, ...rest } = state
  const handover = stamp(state.handover, 'released', now)
  const alone = state.separated ? [] : [{ type: 'set-background', sound: 'music' } as const]
  return {
    state: { ...rest, separated: true, handover },
    actions: [...before, ...alone],
    facts: [{ type: 'handover-released', handover }],
  }
}
