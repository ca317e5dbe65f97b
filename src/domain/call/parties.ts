/** Parties as such, in whatever phase: further ones are invited, and each can be held, muted and dropped. */
import { failureOf } from '../handover/failure.ts'
import type { Failure } from '../handover/handover.ts'
import type { Refusal } from './actions.ts'
import { type Draft, find, makeLegs, nothing, without } from './draft.ts'
import type { Context, Event, PartyEvent } from './events.ts'
import { after, callerLeft } from './moves.ts'
import { conclude, refuse, type Settled } from './settling.ts'
import { answeredLegsOf, type Guest, type Leg, legsOf, ownLegsOf, type State, withLeg } from './state.ts'

/**
 * A command about a party; refused before the first answer and after the end.
 * @param ended what follows when a leg ends by itself: the same follows when it is dropped
 */
export function partyStep(state: State, event: PartyEvent, context: Context, ended: (leg: Leg) => Draft): Draft {
  if (state.phase === 'asking' || state.phase === 'ended') return refuse(state, event, 'call-ended')
  if (state.phase === 'calling' || state.phase === 'ringing' || state.phase === 'waiting') return refuse(state, event, 'call-not-answered')
  switch (event.type) {
    case 'party-invite-requested':
      return invite(state, event)
    case 'party-change-requested':
      return changeParty(state, event)
    case 'party-drop-requested':
      return event.party === 'caller' ? dropCaller(state, event, context) : dropLeg(state, event, ended)
  }
}

const done = (event: PartyEvent, party: string) => ({ type: 'reply', command: event.command, reply: { kind: 'party', party } }) as const

/** A further party is rung; the others talk on, and it joins them when it answers. */
function invite(state: State, event: Extract<PartyEvent, { type: 'party-invite-requested' }>): Draft {
  if (state.phase === 'aftertalk') return refuse(state, event, 'call-ended')
  if (legsOf(state).some(({ endpoint }) => endpoint === event.endpoint)) return refuse(state, event, 'party-already-in')
  const made = makeLegs(state.call, [event.endpoint], { platform: state.call.platform, role: 'guest' })
  const guests = made.legs.map((leg): Guest => ({ ...leg, joined: false }))
  const party = guests[0]?.id ?? ''
  return {
    state: { ...state, call: { ...made.call, guests: [...state.call.guests, ...guests] } },
    actions: [...made.actions, done(event, party)],
    facts: [{ type: 'party-invited', party, endpoint: event.endpoint }],
  }
}

function changeParty(state: State, event: Extract<PartyEvent, { type: 'party-change-requested' }>): Draft {
  const { party, held, muted, whisperTo, heldByPhone } = event
  const wanted = { ...(heldByPhone === undefined ? {} : { heldByPhone }), ...(held === undefined ? {} : { held }), ...(muted === undefined ? {} : { muted }) }
  if (whisperTo !== undefined && !mayWhisper(state, party, whisperTo)) return refuse(state, event, 'cannot-whisper')
  if (party === 'caller') {
    if (state.phase === 'aftertalk') return refuse(state, event, 'party-not-found')
    const call = { ...state.call, callerHeld: held ?? state.call.callerHeld, callerMuted: muted ?? state.call.callerMuted }
    return { state: { ...state, call }, actions: [], lastly: [done(event, party)], facts: [{ type: 'party-changed', party }] }
  }
  const leg = find(legsOf(state), party)
  if (!leg) return refuse(state, event, 'party-not-found')
  if (!find(answeredLegsOf(state), party)) return refuse(state, event, 'party-not-joined')
  return {
    state: whispering(withLeg(state, party, (before) => ({ ...before, ...wanted })), party, whisperTo),
    actions: [],
    lastly: [done(event, party)],
    facts: [{ type: 'party-changed', party, endpoint: leg.endpoint }],
  }
}

/** A further party to a desk that has answered; `null` ends it. */
function mayWhisper(state: State, party: string, to: string | null): boolean {
  const guest = find(state.call.guests, party)
  return guest?.joined === true && (to === null || answeredLegsOf(state).some(({ id }) => id === to && !find(state.call.guests, id)))
}

function whispering(state: State, party: string, to: string | null | undefined): State {
  if (to === undefined) return state
  const guests = state.call.guests.map((guest): Guest => {
    if (guest.id !== party) return guest
    const { whispersTo: _, ...plain } = guest
    return to === null ? plain : { ...plain, whispersTo: to }
  })
  return { ...state, call: { ...state.call, guests } }
}

/** Whether the leg may be dropped: never the last one that talks with the caller. @returns the refusal, if any */
function keeps(state: State, party: string): Refusal | undefined {
  const answered = answeredLegsOf(state)
  if (!find(legsOf(state), party)) return 'party-not-found'
  if (find(state.call.guests, party)) return undefined
  if (state.phase === 'releasing') return 'handover-too-late'
  if (!find(answered, party)) return 'party-not-joined'
  return answered.length < 2 ? 'last-party' : undefined
}

function dropLeg(state: State, event: Extract<PartyEvent, { type: 'party-drop-requested' }>, ended: (leg: Leg) => Draft): Draft {
  const refusal = keeps(state, event.party)
  const leg = find(legsOf(state), event.party)
  if (refusal || !leg) return refuse(state, event, refusal ?? 'party-not-found')
  const draft = after(ended(leg), leg)
  const facts = draft.facts?.map((fact) => ('party' in fact ? { ...fact, by: event.by } : fact))
  return { ...draft, ...(facts ? { facts } : {}), lastly: [...(draft.lastly ?? []), done(event, leg.id)] }
}

/** A named person ends the caller's part; the others talk on. */
function dropCaller(state: State, event: Extract<PartyEvent, { type: 'party-drop-requested' }>, context: Context): Draft {
  const left = (outcome?: Settled) => {
    const draft = callerLeft(state, ownLegsOf(state), state.phase === 'consulting' ? 'consultation' : 'call', context, outcome, event.by)
    return { ...draft, lastly: [...(draft.lastly ?? []), done(event, 'caller')] }
  }
  switch (state.phase) {
    case 'talking':
      return left()
    case 'conferring':
    case 'consulting':
      return left(conclude(state.call, state.handover, { reason: 'caller-left' }))
    case 'aftertalk':
      return refuse(state, event, 'party-not-found')
    case 'calling':
    case 'ringing':
    case 'waiting':
    case 'inviting':
    case 'joining':
    case 'releasing':
    case 'asking':
    case 'ended':
      // Somebody is on the way to the caller: cancel that first.
      return refuse(state, event, 'handover-too-late')
  }
}

/** What a further party's leg tells; the phase has no part in it. */
export function guestStep(state: State, guest: Guest, event: Extract<Event, { leg: string }>): Draft {
  const { endpoint } = guest
  const party = guest.id
  switch (event.type) {
    case 'leg-dialled': {
      const { sipCallId } = event
      return sipCallId === undefined ? nothing(state) : nothing(withLeg(state, party, (leg) => ({ ...leg, sipCallId })))
    }
    case 'leg-ringing':
      return nothing(withLeg(state, party, (leg) => ({ ...leg, rang: true })))
    case 'leg-answered': {
      if (guest.joined) return nothing(state)
      const guests = state.call.guests.map((one) => (one.id === party ? { ...one, joined: true } : one))
      return { state: { ...state, call: { ...state.call, guests } }, actions: [], facts: [{ type: 'party-joined', party, endpoint }] }
    }
    case 'leg-joined':
      return nothing(state)
    case 'leg-join-failed':
      return after(guestLeft(state, guest), guest)
    case 'leg-ended': {
      return guestLeft(state, guest, failureOf({ ...event, rang: guest.rang }))
    }
  }
}

/** @param failure why it did not come, where it had not joined */
function guestLeft(state: State, { id, endpoint, joined }: Guest, failure?: Failure): Draft {
  const gone: State = { ...state, call: { ...state.call, guests: without(state.call.guests, id) } }
  return joined
    ? { state: gone, actions: [], facts: [{ type: 'party-left', party: id, endpoint }] }
    : { state: gone, actions: [], facts: [{ type: 'party-failed', party: id, endpoint, ...(failure ? { failure } : {}) }] }
}
