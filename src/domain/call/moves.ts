/** Moves that several phases share. Each ends in one phase. */
import type { Failure, Platform, Tracked } from '../handover/handover.ts'
import { iso } from '../instant.ts'
import type { Action, Prompt } from './actions.ts'
import { type Draft, type FactDraft, hangUp, startTimer, stopTimer, without } from './draft.ts'
import type { Context } from './events.ts'
import { ringRoutes, type Rung } from './ring.ts'
import { pairTalks } from './scene.ts'
import { close, complete, hasJoined, type Settled } from './settling.ts'
import type { Call, Guest, Leg, Room, State, Unaware } from './state.ts'
import { legsOf } from './state.ts'
import { deskOf } from './summary.ts'

/** Rings the desk; where nobody can be rung, the caller waits with music. */
export function ringDesk(call: Call, desk: Platform, context: Context, before: readonly Action[] = []): Draft {
  const rung = ringRoutes(call, context.desks[desk].routes, { platform: desk, role: 'agent' }, context)
  return rung ? ringing(rung, desk, before) : wait(call, desk, context, before)
}

export const ringing = ({ call, legs, ring, actions, timer }: Rung, desk: Platform, before: readonly Action[] = []): Draft => ({
  state: { phase: 'ringing', call: { ...unheld(call), rung: legs[0]?.platform ?? desk }, desk, legs, ring },
  actions: before,
  lastly: [...actions, timer],
})

/** Nobody to ring: the caller is answered, hears an announcement and music, and the desk is tried again. Never a hang-up. */
export function wait(call: Call, desk: Platform, context: Context, before: readonly Action[] = []): Draft {
  const told = tell(call, call.told?.place ?? 0, 'please-wait', context)
  const timer = startTimer({ ...unheld(told.call), callerUp: true }, context.retryMs)
  return {
    state: { phase: 'waiting', call: { ...timer.call, overflowed: false }, desk },
    actions: [...before, ...answerCaller(call), ...told.actions],
    lastly: [timer.action],
    facts: [{ type: 'call-waiting' }],
  }
}

/** An announcement lasts some seconds, and music is to be heard between two of them. */
const remindMs = 30_000

/** Tells the waiting caller something new, or now and then that he is not forgotten; nothing while somebody talks with him. */
export function tell(call: Call, place: number, prompt: Prompt, { now }: Context): { readonly call: Call; readonly actions: readonly Action[] } {
  const due = !call.told || call.told.place !== place || now.mono - call.told.atMono >= remindMs
  if (!due || call.guests.some(({ joined }) => joined)) return { call, actions: [] }
  return { call: { ...call, told: { place, atMono: now.mono } }, actions: [{ type: 'announce', prompt }] }
}

export const answerCaller = (call: Call): readonly Action[] => (call.callerUp ? [] : [{ type: 'answer-caller' }])

export const unheld = (call: Call): Call => (call.callerHeld ? { ...call, callerHeld: false } : call)

/** A hold was for the talk that it interrupted: nobody is left in it when the parties change. */
export function free(leg: Leg): Leg {
  const { held: _, ...rest } = leg
  return rest
}

/** Whoever is the one with the caller is heard, and so is the caller: a mute was for the talk before. */
function heard(leg: Leg): Leg {
  const { muted: _, ...rest } = free(leg)
  return rest
}

/** Caller and desk talk. */
export function talk(call: Call, desk: Leg, before: readonly Action[] = [], unaware?: Unaware): Draft {
  return { state: { phase: 'talking', call: { ...stopTimer(unheld(call)), callerMuted: false }, desk: heard(desk), ...(unaware ? { unaware } : {}) }, actions: before }
}

/** The other desk comes to the caller, who is on hold no more. */
export const join = (from: { call: Call; desk?: Leg; peer: Leg }, handover: Tracked): State => ({
  phase: 'joining',
  call: unheld(stopTimer(from.call)),
  ...(from.desk ? { desk: free(from.desk) } : {}),
  peer: free(from.peer),
  handover,
})

/**
 * The hand-over came to nothing: the first desk talks with the caller again; where it has left it is rung again
 * (never drop, DESIGN "Telephony").
 */
export function fallBack(
  from: { call: Call; desk?: Leg; handover: Tracked },
  outcome: 'failed' | 'cancelled',
  failure: Failure | undefined,
  context: Context,
  before: readonly Action[],
): Draft {
  // Once joined, a three-way call has taken place: that the desks consult again does not undo it.
  const closed = hasJoined(from.handover) ? complete(from.call, from.handover, 'kept') : close(from.call, from.handover, outcome, failure)
  const unaware = (desk: Leg) => (outcome === 'failed' ? { sinceMono: context.now.mono, recall: desk.platform } : undefined)
  const next = from.desk
    ? talk(closed.call, from.desk, before, unaware(from.desk))
    : ringDesk(closed.call, from.handover.from, context, before)
  return { ...next, facts: [...closed.facts, ...(next.facts ?? [])] }
}

/** Where all desks have left, a further party that talks with the caller goes on with him, for the desk that had him. */
export function withGuest(call: Call, platform: Platform, before: readonly Action[] = []): Draft | undefined {
  const guest = call.guests.find(({ joined }) => joined)
  if (!guest) return undefined
  const { joined: _, ...leg } = guest
  return talk({ ...call, guests: call.guests.filter(({ id }) => id !== guest.id) }, { ...leg, platform }, before)
}

/** A leg that has no place any more is ended; what follows is what follows when it ends by itself. */
export const after = (draft: Draft, ended: Leg): Draft => ({ ...draft, actions: [...hangUp([ended], 'normal'), ...draft.actions] })

/** The last desk has left while a further party still rings: that one is rung for the caller, who is not let go. */
export function forGuest(call: Call, platform: Platform, context: Context): Draft | undefined {
  const guest = call.guests.find(({ joined }) => !joined)
  if (!guest) return undefined
  const { joined: _, ...leg } = guest
  const timer = startTimer({ ...unheld(call), guests: without(call.guests, guest.id) }, context.ringMs)
  const ring = { route: { endpoints: [leg.endpoint] }, rest: [], deadline: context.now.mono + context.ringMs }
  return { state: { phase: 'ringing', call: timer.call, desk: platform, legs: [{ ...leg, platform }], ring }, actions: [], lastly: [timer.action] }
}

/** The call is over: every leg of ours ends, nothing keeps ringing. A hand-over under way ends as `outcome`. */
export function end(
  state: State,
  endedBy: string,
  context: Context,
  options: { caller: 'left' | 'hang-up' | 'give-back'; outcome?: Settled; except?: string },
): Draft {
  const outcome = options.outcome
  const call = stopTimer(outcome ? outcome.call : state.call)
  const legs = legsOf(state).filter((leg) => leg.id !== options.except)
  const last: readonly Action[] =
    options.caller === 'hang-up'
      ? [{ type: 'hang-up-caller', endedBy }]
      : options.caller === 'give-back'
        ? [{ type: 'give-back-caller' }]
        : []
  return {
    state: { phase: 'ended', call: { ...call, guests: [] }, desk: deskOf(state), endedAt: iso(context.now), endedBy },
    actions: [...hangUp(legs, 'normal'), ...last],
    lastly: [{ type: 'close-bridge' }],
    facts: [...(outcome?.facts ?? []), ...(options.caller === 'left' ? callBack(state) : []), { type: 'call-ended' }],
  }
}

/** A number that can be called back. */
export const dialable = /^\+?[0-9]{2,15}$/

/** A caller who leaves before a desk has him, or on the way to the other one, is to be called back by the one that he waited for. */
function callBack(state: State): readonly FactDraft[] {
  if (!dialable.test(state.call.caller.number)) return []
  switch (state.phase) {
    case 'ringing':
    case 'waiting':
      return [{ type: 'call-back-requested', platform: state.desk }]
    case 'inviting':
    case 'joining':
    case 'consulting': {
      // He talked with his desk until he left, or had talked with both.
      const talked = state.phase === 'inviting' && state.desk !== undefined && pairTalks(state)
      return talked || hasJoined(state.handover) ? [] : [{ type: 'call-back-requested', platform: state.handover.to }]
    }
    case 'calling':
    case 'talking':
    case 'conferring':
    case 'releasing':
    case 'aftertalk':
    case 'asking':
    case 'ended':
      return []
  }
}

/** He was lost with the PBX, whatever he was doing: whoever had him calls back. */
export function calledBack(before: State, draft: Draft): Draft {
  const { caller } = before.call
  const facts = draft.facts ?? []
  const here = !['calling', 'asking', 'aftertalk', 'ended'].includes(before.phase)
  const state = draft.state.phase === 'ended' && before.phase !== 'ended' ? { ...draft.state, endedBy: 'asterisk' } : draft.state
  if (!here || !dialable.test(caller.number) || facts.some(({ type }) => type === 'call-back-requested')) return { ...draft, state }
  // Before the last one, which tells that he has left, or that with him the call has ended.
  return { ...draft, state, facts: facts.toSpliced(-1, 0, { type: 'call-back-requested', platform: deskOf(before) }) }
}

/** The caller has left those who talk: two or more talk on, where they are; one alone has nobody any more. */
export function callerLeft(state: State, together: readonly Leg[], room: Room, context: Context, outcome?: Settled, dropped?: string): Draft {
  const gone = dropped === undefined ? { by: 'caller', caller: 'left' as const } : { by: dropped, caller: 'hang-up' as const }
  // Who whispers to one desk does not become loud by itself to both.
  const isQuiet = ({ whispersTo }: Guest): boolean => whispersTo !== undefined && together.length > 1
  const guests = state.call.guests.filter((guest) => !isQuiet(guest)).flatMap(({ joined, ...leg }) => (joined && room === 'call' ? [leg] : []))
  const legs = [...together, ...guests]
  if (legs.length < 2) return end(state, gone.by, context, { caller: gone.caller, ...(outcome ? { outcome } : {}) })
  const others = legsOf(state).filter(({ id }) => !legs.some((leg) => leg.id === id))
  const call = stopTimer(outcome ? outcome.call : state.call)
  const ends: readonly Action[] = gone.caller === 'left' ? [] : [{ type: 'hang-up-caller', endedBy: gone.by }]
  const facts: readonly FactDraft[] = [...(outcome?.facts ?? []), ...(gone.caller === 'left' ? callBack(state) : []), { type: 'call-caller-left' }]
  return {
    state: { phase: 'aftertalk', call: { ...unheld(call), guests: [] }, desk: deskOf(state), legs: legs.map(free), room: state.call.callerHeld ? 'consultation' : room },
    actions: [...hangUp(others, 'normal'), ...ends],
    facts,
  }
}
