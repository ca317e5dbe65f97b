/**
 * Who is where and hears what, as a function of the state alone. The handlers change the state; what has to be done to
 * the media follows from the two scenes, before and after.
 */
import type { Action, Apart, Background, Place } from './actions.ts'
import { type Guest, type Inviting, isHeld, type Leg, type Room, type State } from './state.ts'

export interface Scene {
  /** What the caller hears while nobody talks with him. */
  readonly sound: Background
  /** By leg; legs that ring, or are being ended, have no place. */
  readonly places: ReadonlyMap<string, Place>
  /** Legs, and `caller`, that are not heard. */
  readonly muted: ReadonlySet<string>
  /** Rooms of which a recording is made. */
  readonly recorded: ReadonlySet<Room>
  readonly recordingPaused: boolean
}

/** Nobody is there to hear a sound of ours, or he hears a question. */
const silentPhases: readonly State['phase'][] = ['aftertalk', 'calling', 'asking']

export const emptyScene: Scene = { sound: 'nothing', places: new Map(), muted: new Set(), recorded: new Set(), recordingPaused: false }

/** A state never changes: its scene is made once. */
const known = new WeakMap<State, Scene>()

export function sceneOf(state: State): Scene {
  const scene = known.get(state) ?? makeScene(state)
  known.set(state, scene)
  return scene
}

/** The same call after nothing but its facts were numbered. */
export const sameScene = (state: State, as: State): void => void known.set(state, sceneOf(as))

function makeScene(state: State): Scene {
  const { call } = state
  if (state.phase === 'ended') return emptyScene
  const held = ([leg, place]: readonly [Leg, Place]) => [leg, heldPlace(leg, place, call.callerHeld)] as const
  const members = membersOf(state).map(held)
  const guests = call.guests.filter(({ joined }) => joined).map((guest) => held([guest, guestPlace(guest, members)]))
  const seated = [...members, ...guests]
  const muted = seated.flatMap(([leg]) => (leg.muted ? [leg.id] : []))
  const together = seated.some(([, place]) => place === 'call')
  return {
    sound: together || silentPhases.includes(state.phase) ? 'nothing' : aloneSound(state),
    places: new Map(seated.map(([leg, place]) => [leg.id, place])),
    muted: new Set(call.callerMuted ? [...muted, 'caller'] : muted),
    recorded: recordedRooms(state, seated),
    recordingPaused: call.recordingPaused,
  }
}

/** The caller's room as long as he or anybody is in it, from his answer on; the desks' own while two of them talk there. */
function recordedRooms(state: State, seated: readonly (readonly [Leg, Place])[]): ReadonlySet<Room> {
  const { call, phase } = state
  if (!call.recorded) return new Set()
  const inRoom = (room: Room): number => seated.filter(([, place]) => place === room).length
  const callers = call.callerUp && (phase !== 'aftertalk' || inRoom('call') > 0)
  return new Set<Room>([...(callers ? ['call' as const] : []), ...(inRoom('consultation') > 1 ? ['consultation' as const] : [])])
}

/** The place of each leg that is up, holds left aside. */
function membersOf(state: Exclude<State, { phase: 'ended' }>): readonly (readonly [Leg, Place])[] {
  switch (state.phase) {
    case 'calling':
      return state.callee ? [[state.desk, 'ringback']] : []
    case 'ringing':
    case 'waiting':
    case 'asking':
      return []
    case 'talking':
      return [[state.desk, 'call']]
    case 'inviting':
      return state.desk ? [[state.desk, pairTalks(state) ? 'call' : 'ringback']] : []
    case 'consulting':
      return [
        [state.desk, 'consultation'],
        [state.peer, 'consultation'],
      ]
    case 'joining':
      return [[state.peer, 'call'], ...(state.desk ? [[state.desk, joinerPlace(state.handover)] as const] : [])]
    case 'conferring':
      return [[state.peer, 'call'], ...(state.desk ? [[state.desk, 'call'] as const] : [])]
    case 'releasing':
      return [[state.peer, 'call']]
    case 'aftertalk':
      return state.legs.map((leg) => [leg, state.room] as const)
  }
}

type Handing = Inviting['handover']

/** While nobody can be rung the pair talk on; in a three-way call without consultation, all the time. */
export const pairTalks = ({ ring, handover: { mode, consult } }: Inviting): boolean => ring === undefined || (mode === 'conference' && !consult)

/** The first desk is with the caller as the other one comes. */
export const deskStays = ({ mode, verified }: Handing): boolean => mode === 'conference' || verified === true

/** A desk that is to be released stays apart; one that came out of a consultation hears nothing any more. */
const joinerPlace = (handover: Handing): Place => (deskStays(handover) ? 'call' : handover.clock.consulted === undefined ? 'ringback' : 'silence')

function heldPlace(leg: Leg, place: Place, callerHeld: boolean): Place {
  if (isHeld(leg)) return 'music'
  return callerHeld && place === 'call' ? 'consultation' : place
}

/** The caller has nobody in his bridge. */
function aloneSound(state: State): Background {
  if (!state.call.callerUp) return 'ringing'
  if (state.phase === 'ringing') return 'ringback'
  const rings = state.phase === 'inviting' && state.handover.state === 'ringing' && !state.handover.consult
  return rings && !state.call.callerHeld ? 'ringback' : 'music'
}

/** With all; or beside one of the desks, and apart while that one is: what is whispered must not become loud by itself. */
function guestPlace({ whispersTo }: Guest, members: readonly (readonly [Leg, Place])[]): Place {
  if (whispersTo === undefined) return 'call'
  return members.some(([{ id }, place]) => id === whispersTo && isRoom(place)) ? `whisper ${whispersTo}` : 'silence'
}

export const isRoom = (place: Place): place is 'call' | 'consultation' => place === 'call' || place === 'consultation'

const isApart = (place: Place): place is Apart => place === 'ringback' || place === 'music' || place === 'silence'

function move([leg, to]: readonly [string, Place]): Action {
  if (isRoom(to)) return { type: 'join-leg', leg, room: to }
  return isApart(to) ? { type: 'separate-leg', leg, hears: to } : { type: 'whisper', leg, to: to.slice('whisper '.length) }
}

/** What leads from one scene to the other: who comes to the caller first, the caller's sound when he is alone last. */
export function changesBetween(before: Scene, after: Scene): readonly Action[] {
  const moved = [...after.places].filter(([leg, place]) => before.places.get(leg) !== place)
  const toCaller = moved.filter(([, to]) => to === 'call').map(move)
  const away = moved.filter(([, to]) => to !== 'call').map(move)
  const sound: readonly Action[] = before.sound === after.sound ? [] : [{ type: 'set-background', sound: after.sound }]
  const here = [...after.places.keys(), 'caller']
  const muted = here.filter((party) => before.muted.has(party) !== after.muted.has(party))
  return [
    ...toCaller,
    ...(after.sound === 'nothing' ? sound : []),
    ...away,
    ...(after.sound === 'nothing' ? [] : sound),
    ...muted.map((party): Action => ({ type: 'mute', party, on: after.muted.has(party) })),
  ]
}
