/** The invariants of src/domain/call/SPEC.md, each as a check of one step in the modelled world. */
import { isDeepStrictEqual } from 'node:util'
import type { Action, Reply } from '../../src/domain/call/actions.ts'
import type { AnyEvent } from '../../src/domain/call/events.ts'
import { answeredLegsOf, handoverOf, type Leg, legsOf, type State } from '../../src/domain/call/state.ts'
import { summarise } from '../../src/domain/call/summary.ts'
import { type CallsFact, isHandoverFact } from '../../src/domain/facts.ts'
import { type Handover, type Platform, settledStates } from '../../src/domain/handover/handover.ts'
import type { CallModel, ModelLeg } from './call-model.ts'

/** One step, seen from outside. */
export interface Observed {
  readonly event: AnyEvent
  readonly before: State
  readonly after: State
  readonly actions: readonly Action[]
  readonly replies: readonly { command: string; reply: Reply }[]
  /** The leg that the event names, as it was before the event; undefined for one that never was. */
  readonly leg: ModelLeg | undefined
  /** The world after the event and the actions. */
  readonly world: CallModel
  /** All facts until now, these of this step last. */
  readonly facts: readonly CallsFact[]
  readonly newFacts: readonly CallsFact[]
  /** The same event told a second time, for events that are not commands. */
  readonly again: { readonly state: State; readonly actions: readonly Action[] } | undefined
  readonly mono: number
  /** Endpoints that could be rung, and those that overflow could use. */
  readonly seats: Readonly<Record<Platform, readonly string[]>>
}

type Check = (seen: Observed) => boolean

const settled = ({ state }: Handover): boolean => settledStates.includes(state)
const handoverFacts = (facts: readonly CallsFact[]) => facts.filter(isHandoverFact)
const onlyHangUps = (actions: readonly Action[]): boolean => actions.every(({ type }) => type === 'hang-up-leg')
const under = (facts: readonly CallsFact[]): number =>
  handoverFacts(facts).reduce((open, { type, handover }) => open + (type === 'handover-requested' ? 1 : settled(handover) ? -1 : 0), 0)

/** The desks that belong into the caller's bridge, holds and hang-ups left aside. */
function desksWithCaller(state: State): readonly Leg[] {
  switch (state.phase) {
    case 'talking':
      return [state.desk]
    case 'inviting': {
      const { mode, consult } = state.handover
      return state.desk && (!state.ring || (mode === 'conference' && !consult)) ? [state.desk] : []
    }
    case 'joining': {
      const { mode, verified } = state.handover
      return state.desk && (mode === 'conference' || verified) ? [state.desk, state.peer] : [state.peer]
    }
    case 'conferring':
      return state.desk ? [state.desk, state.peer] : [state.peer]
    case 'releasing':
      return [state.peer]
    case 'aftertalk':
      return state.room === 'call' ? state.legs : []
    case 'calling':
    case 'ringing':
    case 'waiting':
    case 'consulting':
    case 'asking':
    case 'ended':
      return []
  }
}

const sorted = (ids: Iterable<string>): readonly string[] => [...ids].toSorted()

const clockSteps = ['dial', 'ring', 'answer', 'consulted', 'joined', 'released'] as const

export const invariants: Readonly<Record<string, Check>> = {
  'I1 the caller is hung up only as the last who talks with him hangs up by itself, or by a named person': ({ event, actions, leg, before }) =>
    actions.every(({ type }) => type !== 'hang-up-caller') ||
    (event.type === 'party-drop-requested' && event.party === 'caller') ||
    // The desk had hung up, and he has been asked.
    before.phase === 'asking' ||
    (event.type === 'leg-ended' &&
      !event.lost &&
      leg?.stage === 'up' &&
      leg.place !== 'nowhere' &&
      !leg.hungUp &&
      before.call.guests.every(({ joined }) => !joined) &&
      before.phase === 'talking' &&
      leg.id === before.desk.id),

  'I2 the caller has somebody in his bridge, or hears something while a timer runs that will ring again or somebody is there for him': ({ after, world }) =>
    !world.callerHere ||
    (after.phase === 'asking' && world.timers.has(after.call.timer)) ||
    world.inBridge.some(({ stage }) => stage === 'up') ||
    (world.sound !== 'nothing' && (world.timers.has(after.call.timer) || world.live.some(({ stage, hungUp }) => stage === 'up' && !hungUp))),

  'I3 the caller hears something of ours exactly while nobody is with him': ({ after, world }) =>
    !world.callerHere ||
    after.phase === 'asking' || world.live.some(({ place, hungUp }) => place === 'call' && hungUp) || (world.sound === 'nothing') === world.inBridge.length > 0,

  'I4 while the other desk rings for a transfer or a consultation, the caller hears neither desk': ({ after, world }) =>
    after.phase !== 'inviting' ||
    !after.ring ||
    (after.handover.mode === 'conference' && !after.handover.consult) ||
    world.inBridge.every(({ id }) => after.call.guests.some((guest) => guest.id === id)),

  'I5 in the bridge with the caller are the desks that have him and the further parties, and nobody else': ({ after, world }) => {
    const guests = after.call.guests.filter(({ joined }) => joined)
    const there = after.call.callerHeld ? [] : [...desksWithCaller(after), ...guests.filter(({ whispersTo }) => whispersTo === undefined)].filter(({ id, held, heldByPhone }) => !held && !heldByPhone && world.legs.get(id)?.hungUp === false)
    return isDeepStrictEqual(sorted(world.inBridge.map(({ id }) => id)), sorted(there.map(({ id }) => id)))
  },

  'I6 every live leg is known to the call or has been hung up, and the call knows no dead leg': ({ after, world }) => {
    const known = new Set(legsOf(after).map(({ id }) => id))
    return world.live.every(({ id, hungUp }) => known.has(id) || hungUp) && [...known].every((id) => world.legs.get(id)?.stage !== 'gone')
  },

  'I7 nothing is asked that the PBX could not do': ({ world }) => world.impossible.length === 0,

  'I8 an ended call stays ended, and does nothing but hang up late legs and refuse commands': ({ before, after, actions, event, world }) =>
    before.phase !== 'ended'
      ? after.phase !== 'ended' || (world.bridge === 'closed' && !world.callerHere && world.live.every(({ hungUp }) => hungUp))
      : isDeepStrictEqual(before, after) && ('command' in event || onlyHangUps(actions)),

  'I9 at most one hand-over is under way, and it is the one the state shows': ({ after, facts }) =>
    under(facts) === (handoverOf(after) ? 1 : 0),

  'I10 a hand-over begins with its request, ends with one terminal fact, and nothing follows': ({ facts, newFacts }) =>
    handoverFacts(newFacts).every((fact) => {
      const all = handoverFacts(facts).filter(({ handover }) => handover.id === fact.handover.id)
      return all[0]?.type === 'handover-requested' && all.slice(0, -1).every(({ handover }) => !settled(handover))
    }),

  'I11 facts are numbered without a gap, and carry the call as it stands after them': ({ facts, newFacts, after }) =>
    facts.length === after.call.sequence &&
    newFacts.every(
      (fact, i) => fact.sequence === facts.length - newFacts.length + i + 1 && isDeepStrictEqual(fact.call, summarise(after)),
    ),

  'I12 every command gets one reply, nothing else gets any': ({ event, replies }) =>
    'command' in event ? replies.length === 1 && replies[0]?.command === event.command : replies.length === 0,

  'I13 clock steps keep their first value, and follow each other': ({ before, after, mono }) => {
    const handover = handoverOf(after) ?? after.call.last
    const earlier = [handoverOf(before), before.call.last].find((known) => known?.id === handover?.id)
    if (!handover) return true
    const { clock } = handover
    const fresh = clockSteps.filter((name) => clock[name] !== earlier?.clock[name])
    const told = [0, clock.dial, clock.ring, clock.answer, clock.joined].filter((ms) => ms !== undefined)
    return (
      fresh.every((name) => earlier?.clock[name] === undefined && clock[name] === mono - handover.pressedAtMono) &&
      told.every((ms, i) => i === 0 || ms >= (told[i - 1] ?? 0))
    )
  },

  'I14 an event told twice changes nothing': ({ after, again }) => !again || (isDeepStrictEqual(again.state, after) && onlyHangUps(again.actions)),

  'I15 only who is free is rung, the other desk only for a hand-over, a further party only by an invitation': ({ actions, after, event, seats }) =>
    actions.every((action) => {
      if (action.type !== 'dial-leg') return true
      if (action.role === 'caller') return action.leg === after.call.caller.channelId && action.number === after.call.caller.number
      if (after.phase === 'calling') return action.endpoint === after.desk.endpoint
      if (action.role === 'guest') return event.type === 'party-invite-requested' && event.endpoint === action.endpoint
      const platform = legsOf(after).find(({ id }) => id === action.leg)?.platform
      const handedOver = handoverOf(after)?.id === action.handoverId && handoverOf(after)?.to === platform
      return platform !== undefined && seats[platform].includes(action.endpoint) && (action.role === 'agent' || handedOver)
    }),

  'I16 a timer runs exactly while a desk rings or the caller waits': ({ after, world }) =>
    world.timers.has(after.call.timer) === ['calling', 'ringing', 'waiting', 'inviting', 'asking'].includes(after.phase),

  'I17 who is held hears music and talks with nobody': ({ after, world }) =>
    legsOf(after).every(({ id, held }) => !held || world.legs.get(id)?.place === 'music' || world.legs.get(id)?.hungUp) &&
    (!after.call.callerHeld || !world.callerHere || (world.sound === 'music' && world.inBridge.length === 0)),

  'I18 who is muted, and nobody else, is not heard': ({ after, world }) =>
    answeredLegsOf(after).every(({ id, muted }) => (world.legs.get(id)?.muted ?? false) === (muted ?? false) || world.legs.get(id)?.hungUp) &&
    (!world.callerHere || world.callerMuted === after.call.callerMuted),

  'I19 desks that consult are together, and not with the caller': ({ after, world }) =>
    after.phase !== 'consulting' ||
    [after.desk, after.peer].every(({ id, held }) => held || world.legs.get(id)?.hungUp || world.legs.get(id)?.place === 'consultation'),

  'I20 when the caller has left, at least two talk on': ({ after, world }) =>
    after.phase !== 'aftertalk' || (!world.callerHere && after.legs.length > 1 && after.legs.every(({ id }) => world.legs.get(id)?.stage === 'up')),

  'I21 what is recorded is the caller’s bridge from his answer on, and apart from it what desks say to each other': ({ after, world }) => {
    const consulting = world.live.filter(({ place, hungUp }) => place === 'consultation' && !hungUp)
    const talks = { call: world.caller === 'up' || (after.phase === 'aftertalk' && world.inBridge.length > 0), consultation: consulting.length > 1 }
    return (['call', 'consultation'] as const).every((room) => {
      const running = [...world.recordings.values()].filter((recording) => recording.room === room && recording.running).length
      const failed = after.call.recordings.findLast((recording) => recording.room === room)?.state === 'failed'
      return running === (after.call.recorded && talks[room] && !failed && after.phase !== 'ended' ? 1 : 0)
    })
  },

  'I22 while the recording is paused nothing is heard in it, and otherwise everything': ({ after, world }) =>
    [...world.recordings.values()].every(({ running, paused }) => !running || paused === after.call.recordingPaused),
}

/** The name of the first invariant that the step breaks. */
export function brokenBy(seen: Observed): string | undefined {
  return Object.entries(invariants).find(([, holds]) => !holds(seen))?.[0]
}
