/** A call goes on after nobody, or nobody who could act, was in charge of it. */
import type { Action, Background, Place } from './actions.ts'
import { hangUp } from './draft.ts'
import { recordingsOf } from './recordings.ts'
import { changesBetween, isRoom, type Scene, sceneOf } from './scene.ts'
import { answeredLegsOf, type Room, type State } from './state.ts'

/** Where the PBX has the call's parties; who hears what apart from the others cannot be seen. */
export interface Seen {
  /** The caller's bridge is there, and he is in it. */
  readonly bridge: boolean
  readonly caller: boolean
  /** Legs that are in a bridge of the call. */
  readonly rooms: ReadonlyMap<string, Room>
}

export interface Resumption {
  /** What the caller may hear of ours, as the actions take it. */
  readonly sound: Background
  /** What leads from what is to what should be. */
  readonly actions: readonly Action[]
  /** Legs that are where they should be: it may not have been told. */
  readonly joined: readonly { readonly leg: string; readonly room: Room }[]
  /** Legs that were in another bridge than they should be, or in none. */
  readonly misplaced: readonly string[]
}

/**
 * @param trusted what cannot be seen is as it was left: no process has died, and no request was lost
 * @param known the call as it was when the PBX was looked at: what it has moved since is on its way
 */
export function resumption(state: State, seen: Seen, trusted: boolean, known: State = state): Resumption {
  if (state.phase === 'ended') return { sound: 'nothing', actions: [], joined: [], misplaced: [] }
  const wanted = sceneOf(state)
  const before = sceneOf(known)
  const moved = (leg: string) => before.places.get(leg) !== wanted.places.get(leg)
  const here = known.call.callerUp && state.phase !== 'aftertalk'
  const bridge: readonly Action[] = seen.bridge ? [] : [{ type: 'open-bridge' }]
  const caller: readonly Action[] = here && !seen.caller ? [{ type: 'answer-caller' }] : []
  const places = [...wanted.places].flatMap(([leg, place]): readonly (readonly [string, Place])[] => {
    if (moved(leg)) return [[leg, place]]
    const room = seen.rooms.get(leg)
    if (room) return [[leg, room]]
    return trusted && !isRoom(place) ? [[leg, place]] : []
  })
  const actual: Scene = {
    ...wanted,
    // A sound that may be there is ended, and one that may not be is begun.
    sound: trusted ? wanted.sound : wanted.sound === 'nothing' ? 'music' : 'nothing',
    places: new Map(places),
    // Whoever is to be heard is made sure to be, and whoever is not, not.
    muted: trusted ? wanted.muted : new Set([...wanted.places.keys(), ...(here ? ['caller'] : [])].filter((party) => !wanted.muted.has(party))),
  }
  const ending = answeredLegsOf(state).filter(({ id }) => !wanted.places.has(id))
  const misplaced = [...wanted.places].filter(([leg, place]) => !moved(leg) && seen.rooms.get(leg) !== (isRoom(place) ? place : undefined))
  return {
    sound: actual.sound,
    actions: [...bridge, ...caller, ...changesBetween(actual, wanted), ...(trusted ? [] : recordingsOf(state)), ...hangUp(ending, 'normal')],
    joined: [...wanted.places].flatMap(([leg, place]) => (isRoom(place) && !moved(leg) && seen.rooms.get(leg) === place ? [{ leg, room: place }] : [])),
    misplaced: misplaced.map(([leg]) => leg),
  }
}
