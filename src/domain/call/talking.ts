import type { HandoverFactType } from '../facts.ts'
import { type Tracked, toRecord } from '../handover/handover.ts'
import { iso } from '../instant.ts'
import { heldTo, lacksReason } from '../policy/held-to.ts'
import type { Draft } from './draft.ts'
import { ask } from './asking.ts'
import { nothing, startTimer } from './draft.ts'
import type { Context, EventOf } from './events.ts'
import { callerLeft, end, forGuest, ringDesk, withGuest } from './moves.ts'
import { ringRoutes } from './ring.ts'
import { answeredElsewhere, noHandover, type Row } from './row.ts'
import { close, refuse, replyWith } from './settling.ts'
import type { Talking } from './state.ts'

/**
 * Time in which an agent who presses the key and puts the phone down cannot have noticed that the other desk did not take the call; nor
 * one who leaves a consultation that the other desk left before him.
 */
const reactionMs = 3_000

export const talking: Row<'talking'> = {
  'leg-dialled': (state, event) =>
    event.leg === state.desk.id && event.sipCallId !== undefined
      ? nothing({ ...state, desk: { ...state.desk, sipCallId: event.sipCallId } })
      : nothing(state),
  'leg-ringing': nothing,
  'leg-answered': answeredElsewhere,
  'leg-joined': nothing,
  'leg-join-failed': (state, event, context) =>
    event.leg === state.desk.id
      ? ringDesk(state.call, state.desk.platform, context, [{ type: 'hang-up-leg', leg: event.leg, reason: 'normal' }])
      : nothing(state),
  // A desk that hangs up ends its part, and with it the call; one that is lost, or cannot know that it has the caller, is rung again.
  'leg-ended': (state, event, context) => {
    if (event.leg !== state.desk.id) return nothing(state)
    const { platform, endpoint } = state.desk
    const left = [{ type: 'party-left', party: event.leg, endpoint }] as const
    if (event.lost) return ringDesk(state.call, platform, context)
    if (state.unaware && context.now.mono - state.unaware.sinceMono < reactionMs) return ringDesk(state.call, state.unaware.recall, context)
    const goesOn = withGuest(state.call, platform) ?? forGuest(state.call, platform, context)
    if (goesOn) return { ...goesOn, facts: [...left, ...(goesOn.facts ?? [])] }
    return context.satisfactionMs > 0 ? ask(state, context) : end(state, endpoint, context, { caller: 'hang-up', except: event.leg })
  },
  'caller-left': (state, _event, context) => callerLeft(state, [state.desk], 'call', context),
  'control-lost': (state, _event, context) => end(state, 'given-back', context, { caller: 'give-back' }),
  'timer-fired': nothing,
  'desk-free': nothing,
  'digit-pressed': nothing,
  'handover-requested': request,
  ...noHandover,
}

/** One-key transfer or three-way call (§4): the other desk is rung at once; what follows must not stand in the INVITE's way. */
function request(state: Talking, event: EventOf<'handover-requested'>, context: Context): Draft {
  const { desk } = state
  if (event.agent !== undefined && event.agent !== desk.endpoint) return refuse(state, event, 'not-your-call')
  if (event.to === desk.platform) return refuse(state, event, 'same-desk')
  const deed = { mode: event.mode, platform: event.to } as const
  const decision = event.facts && heldTo({ ...(state.call.caller.kind ? { caller: state.call.caller.kind } : {}), ...event.facts, at: desk.platform, channel: 'phone', danger: event.danger === true }, deed)
  if (decision && lacksReason(decision, deed, event.reason)) return refuse(state, event, 'reason-missing')
  const handover: Tracked = {
    id: event.handoverId,
    callId: state.call.id,
    mode: event.mode,
    state: 'requested',
    from: desk.platform,
    to: event.to,
    agent: desk.endpoint,
    ...(event.matter ? { matter: event.matter } : {}),
    ...(event.reason === undefined ? {} : { reason: event.reason }),
    ...(event.intake ? { intake: event.intake } : {}),
    ...(event.needToKnow ? { needToKnow: event.needToKnow } : {}),
    ...(event.consult ? { consult: true } : {}),
    ...(event.verified ? { verified: true } : {}),
    ...(event.briefing ? { briefing: true } : {}),
    ...(event.danger ? { danger: true } : {}),
    ...(decision ? { decision } : {}),
    requestedAt: iso(context.now),
    clock: { press: 0 },
    pressedAtMono: context.now.mono,
  }
  const requested = { type: 'handover-requested' satisfies HandoverFactType, handover } as const
  const there = context.desks[event.to]
  const to = { platform: event.to, role: 'peer', handoverId: handover.id } as const
  const rung = ringRoutes(state.call, event.danger ? there.dangerRoutes : there.routes, to, context)
  if (!rung && !there.staffed) {
    const closed = close(state.call, handover, 'failed', { reason: 'unreachable' })
    return {
      state: { ...state, call: closed.call, unaware: { sinceMono: context.now.mono, recall: desk.platform } },
      actions: [replyWith(event.command, closed.facts[0].handover, true)],
      facts: [requested, ...closed.facts],
    }
  }
  const reply = { type: 'reply', command: event.command, reply: { kind: 'handover', handover: toRecord(handover), created: true } } as const
  const noted = { type: 'note-handover', parties: ['caller', desk.id], handoverId: handover.id } as const
  if (!rung) {
    // All are busy there: it is rung as soon as somebody is free, within the ring time.
    const timer = startTimer(state.call, context.ringMs)
    return { state: { phase: 'inviting', call: timer.call, desk, targets: [], handover }, actions: [timer.action, reply], lastly: [noted], facts: [requested] }
  }
  return {
    state: { phase: 'inviting', call: rung.call, desk, targets: rung.legs, ring: rung.ring, handover },
    actions: [...rung.actions, rung.timer, reply],
    lastly: [noted],
    facts: [requested],
  }
}
