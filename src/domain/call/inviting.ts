import { failureOf, tellingFailure } from '../handover/failure.ts'
import { advance, type Failure, stamp } from '../handover/handover.ts'
import { inMode } from '../policy/held-to.ts'
import { type Draft, type FactDraft, find, hangUp, nothing, stopTimer, without } from './draft.ts'
import type { ChangeRequest, Context, EventOf, Route } from './events.ts'
import { callerLeft, end, fallBack, free, join } from './moves.ts'
import { heard, ringRoutes, routesLeft } from './ring.ts'
import type { Row } from './row.ts'
import { sceneOf } from './scene.ts'
import { about, cancelSettled, close, pressAgain, refuse, replyWith, show } from './settling.ts'
import { type Inviting, type Leg, withLeg } from './state.ts'

export const inviting: Row<'inviting'> = {
  'leg-dialled': (state, event, context) => {
    if (!find(state.targets, event.leg)) return nothing(state)
    const { sipCallId } = event
    return { actions: [], ...dialled(sipCallId === undefined ? state : withLeg(state, event.leg, (leg) => ({ ...leg, sipCallId })), context) }
  },
  'leg-ringing': (state, event, context) => {
    if (!find(state.targets, event.leg)) return nothing(state)
    const rings = withLeg(state, event.leg, (leg) => ({ ...leg, rang: true }))
    // The route's first sign of ringing.
    const timed = state.ring && !state.targets.some(({ rang }) => rang) ? heard(rings.call, state.ring, context) : { call: rings.call, actions: [] }
    if (state.handover.state === 'ringing') return { state: { ...rings, call: timed.call }, actions: timed.actions }
    const told = dialled({ ...rings, call: timed.call }, context)
    const handover = advance(told.state.handover, 'ringing', 'ring', context.now)
    const draft = release({ ...told.state, handover }, [...told.facts, { type: 'handover-ringing', handover }], context)
    return { ...draft, lastly: [...(draft.lastly ?? []), ...timed.actions] }
  },
  'leg-answered': answered,
  'leg-joined': nothing,
  'leg-join-failed': (state, event, context) => {
    if (event.leg !== state.desk?.id) return nothing(state)
    return leaveEarly(state, hangUp([state.desk], 'normal'), [], context)
  },
  'leg-ended': (state, event, context) => {
    if (event.leg === state.desk?.id) return leaveEarly(state, [], [], context)
    const leg = find(state.targets, event.leg)
    if (!leg) return nothing(state)
    const failure = tellingFailure(state.failure, failureOf({ ...event, rang: leg.rang }))
    const targets = without(state.targets, leg.id)
    return targets.length > 0 ? nothing({ ...state, targets, failure }) : goOn({ ...state, targets, failure }, failure, context, [])
  },
  // Who talked with the caller meanwhile, in a three-way call that was still ringing, talk on if they are two.
  'caller-left': (state, _event, context) => {
    const together = state.desk && sceneOf(state).places.get(state.desk.id) === 'call' ? [state.desk] : []
    return callerLeft(state, together, 'call', context, close(state.call, state.handover, 'failed', { reason: 'caller-left' }))
  },
  'control-lost': (state, _event, context) =>
    end(state, 'given-back', context, {
      caller: 'give-back',
      outcome: close(state.call, state.handover, 'failed', { reason: 'control-lost' }),
    }),
  'timer-fired': (state, event, context) => {
    if (event.token !== state.call.timer) return nothing(state)
    const reason = state.targets.some((leg) => leg.rang) ? 'no-answer' : state.ring ? 'unreachable' : 'busy'
    return goOn(state, tellingFailure(state.failure, { reason }), context, hangUp(state.targets, 'no-answer'))
  },
  'desk-free': (state, _event, context) => ringFree(state, context) ?? nothing(state),
  'digit-pressed': nothing,
  'handover-requested': pressAgain,
  'handover-cancel-requested': about((state, event, context: Context) => {
    const draft = fallBack(state, 'cancelled', undefined, context, hangUp(state.targets, 'normal'))
    const cancelled = draft.state.call.last ?? state.handover
    return { ...draft, lastly: [...(draft.lastly ?? []), replyWith(event.command, cancelled, false)] }
  }, cancelSettled),
  'handover-change-requested': about(change),
  'handover-confirm-requested': about((state, event) => refuse(state, event, 'handover-not-verified')),
  'handover-outcome-decided': about((state, event) => refuse(state, event, 'not-a-conference')),
}

const routesTo = ({ handover }: Inviting, context: Context): readonly Route[] =>
  handover.danger ? context.desks[handover.to].dangerRoutes : context.desks[handover.to].routes

const target = ({ handover }: Inviting) => ({ platform: handover.to, role: 'peer', handoverId: handover.id }) as const

/** The next route within the ring time; where none is left, the hand-over has failed. */
function goOn(state: Inviting, failure: Failure, context: Context, before: Draft['actions']): Draft {
  const { ring } = state
  const { dangerRoutes, reachable } = context.desks[state.handover.to]
  const left = ring && context.now.mono < ring.deadline ? routesLeft(ring, state.handover.danger ? dangerRoutes : reachable) : []
  const next = ring && ringRoutes(state.call, left, target(state), context, ring.deadline)
  if (!next) return fallBack(state, 'failed', failure, context, before)
  return {
    state: { ...state, call: next.call, targets: next.legs, ring: next.ring, failure },
    actions: [...next.actions, ...before, next.timer],
  }
}

/** Somebody at the other desk, where all were busy, is free. */
function ringFree(state: Inviting, context: Context): Draft | undefined {
  const rung = state.ring ? undefined : ringRoutes(state.call, routesTo(state, context), target(state), context)
  return rung && { state: { ...state, call: rung.call, targets: rung.legs, ring: rung.ring }, actions: [...rung.actions, rung.timer] }
}

/** The desks first talk with each other where that was asked for and the first one is still there; else the other desk comes to the caller. */
function answered(state: Inviting, event: EventOf<'leg-answered'>, { now }: Context): Draft {
  const peer = find(state.targets, event.leg)
  if (!peer) {
    return event.leg === state.desk?.id ? nothing(state) : { state, actions: [{ type: 'hang-up-leg', leg: event.leg, reason: 'answered-elsewhere' }] }
  }
  const handover = { ...advance(stamp(state.handover, 'dial', now), 'answered', 'answer', now), target: peer.endpoint }
  const { desk, call } = state
  return {
    state: handover.consult && desk ? { phase: 'consulting', call: stopTimer(call), desk: free(desk), peer, handover } : join({ ...state, peer }, handover),
    actions: handover.briefing ? [{ type: 'brief-leg', leg: peer.id, prompt: handover.danger ? 'briefing-danger' : `briefing-${handover.mode}` }] : [],
    lastly: hangUp(without(state.targets, peer.id), 'answered-elsewhere'),
    facts: [{ type: 'handover-answered', handover }],
  }
}

/** The first INVITE is on its way. Ringing may be told before it. */
function dialled(state: Inviting, { now }: Context): { readonly state: Inviting; readonly facts: readonly FactDraft[] } {
  if (state.handover.clock.dial !== undefined) return { state, facts: [] }
  const handover = advance(state.handover, 'dialling', 'dial', now)
  return { state: { ...state, handover }, facts: [{ type: 'handover-dialled', handover }] }
}

/** The first desk of a plain transfer may be released as the other one rings, by configuration. */
function release(state: Inviting, facts: readonly FactDraft[], context: Context): Draft {
  const { mode, consult, verified } = state.handover
  if (!state.desk || context.releaseAt !== 'ringing' || mode !== 'transfer' || consult || verified) return { state, actions: [], facts }
  return leaveEarly(state, hangUp([state.desk], 'normal'), facts, context)
}

/** The first desk leaves before the answer: the other desk rings on, the caller keeps hearing music or ringback. */
function leaveEarly(state: Inviting & { desk?: Leg }, before: Draft['actions'], facts: readonly FactDraft[], { now }: Context): Draft {
  const { desk: _, ...rest } = state
  const handover = stamp(state.handover, 'released', now)
  return { state: { ...rest, handover }, actions: before, facts: [...facts, { type: 'handover-released', handover }] }
}

/** While it rings: who waits apart comes back into the talk, or the other way round. */
function change(state: Inviting, event: ChangeRequest): Draft {
  const { mode, consult } = event
  if (mode === state.handover.mode && consult === (state.handover.consult ?? false)) return show(state, event, state.handover)
  const { consult: _, ...handover } = inMode(state.handover, mode)
  const changed = consult ? { ...handover, consult } : handover
  return {
    state: { ...state, handover: changed },
    actions: [],
    lastly: [replyWith(event.command, changed, false)],
    facts: [{ type: 'handover-changed', handover: changed }],
  }
}
