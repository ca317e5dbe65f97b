import { handoverOf, type State } from '../domain/call/state.ts'
import { type Platform, platforms } from '../domain/handover/handover.ts'

export interface Place {
  readonly callId: string
  /** Monotonic ms. */
  readonly since: number
  readonly danger: boolean
  /** False while the desk is rung for it: the place is kept until somebody answers. */
  waits: boolean
}

/** Who waits for a desk, the longest first, danger before all others. */
export class Queues {
  readonly #places: Readonly<Record<Platform, Place[]>> = { '12345': [], '110': [] }
  /** Calls that the other desk's seats have or are rung for, by the platform that was swamped. */
  readonly #overflowed: Readonly<Record<Platform, Set<string>>> = { '12345': new Set(), '110': new Set() }

  /** @param now monotonic ms */
  changed(callId: string, state: State, now: number): void {
    for (const platform of platforms) {
      const places = this.#places[platform]
      const place = places.find((known) => known.callId === callId)
      const waits = waitsFor(state) === platform
      if (place && (waits || isRungFor(state, platform))) place.waits = waits
      else if (place) places.splice(places.indexOf(place), 1)
      else if (waits) this.#enter(places, { callId, since: now, danger: handoverOf(state)?.danger ?? false, waits })
    }
    const { overflowed, platform } = state.call
    if (overflowed && state.phase !== 'ended') this.#overflowed[platform].add(callId)
    else this.#overflowed[platform].delete(callId)
  }

  /** How many wait before this call; all who wait when it has no place. */
  ahead(platform: Platform, callId: string): number {
    const places = this.#places[platform]
    const i = places.findIndex((place) => place.callId === callId)
    return (i < 0 ? places : places.slice(0, i)).filter(({ waits }) => waits).length
  }

  waitedMs(platform: Platform, callId: string, now: number): number | undefined {
    const place = this.#places[platform].find((waiting) => waiting.callId === callId)
    return place && now - place.since
  }

  first(platform: Platform): Place | undefined {
    return this.#places[platform].find(({ waits }) => waits)
  }

  length(platform: Platform): number {
    return this.#places[platform].filter(({ waits }) => waits).length
  }

  overflowed(platform: Platform): number {
    return this.#overflowed[platform].size
  }

  #enter(places: Place[], place: Place): void {
    const i = place.danger ? places.findIndex(({ danger }) => !danger) : -1
    if (i < 0) places.push(place)
    else places.splice(i, 0, place)
  }
}

/** The desk that a call waits for without ringing it. */
function waitsFor(state: State): Platform | undefined {
  if (state.phase === 'waiting') return state.desk
  return state.phase === 'inviting' && !state.ring ? state.handover.to : undefined
}

const isRungFor = (state: State, platform: Platform): boolean => state.phase === 'ringing' && state.desk === platform
