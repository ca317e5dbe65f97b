import { type DeskRoute, type Dialable, guestEndpointsOf, routesOf, seatsOf } from '../config/endpoints.ts'
import type { Config, DeskConfig } from '../config/schema.ts'
import type { DeskNow, Route } from '../domain/call/events.ts'
import { answeredLegsOf, legsOf, type State } from '../domain/call/state.ts'
import { otherThan, type Platform } from '../domain/handover/handover.ts'
import type { Presence } from './presence.ts'
import { Queues } from './queues.ts'

/** Whether a desk could be rung now; `unreachable`: it has neither a trunk nor anybody who takes calls. */
export type Availability = 'free' | 'busy' | 'unreachable'

/**
 * What can be rung for each desk at a moment: seats whose agent is available and has no leg, trunks with channels left; and
 * who waits for them.
 */
export class Desks {
  readonly #config: Config
  readonly #presence: Presence
  readonly #guests: ReadonlyMap<string, Dialable>
  readonly #taken = new Map<string, number>()
  /** Monotonic ms since when an agent has had no leg. */
  readonly #idleSince = new Map<string, number>()
  readonly #now: () => number
  readonly #ways: Readonly<Record<Platform, readonly DeskRoute[]>>
  readonly #seats: Readonly<Record<Platform, readonly string[]>>
  readonly queues = new Queues()

  constructor(config: Config, presence: Presence, now: () => number) {
    this.#config = config
    this.#presence = presence
    this.#now = now
    const seats = (platform: Platform) => seatsOf(config, platform).map(({ id }) => id)
    this.#ways = { '12345': routesOf(config, '12345'), '110': routesOf(config, '110') }
    this.#seats = { '12345': seats('12345'), '110': seats('110') }
    this.#guests = new Map(guestEndpointsOf(config).map((endpoint) => [endpoint.id, endpoint]))
  }

  changed(id: string, before: State | undefined, after: State): void {
    if (before) for (const endpoint of endpointsIn(before)) this.#count(endpoint, -1)
    for (const endpoint of endpointsIn(after)) this.#count(endpoint, 1)
    this.queues.changed(id, after, this.#now())
  }

  /** The desk as the call may use it: whoever waits for it longer goes first, danger before all. */
  at(platform: Platform, callId: string): DeskNow {
    const ahead = this.queues.ahead(platform, callId)
    const mine = ahead === 0
    const routes = (danger: boolean) => this.#routes(platform, danger)
    const [staffed, overflow] = [() => this.#staffed(platform), () => this.#overflow(platform, callId)]
    // Most of it is not asked for: it must not stand in an INVITE's way.
    return {
      ahead,
      get routes() {
        return mine ? routes(false) : []
      },
      get reachable() {
        return routes(false)
      },
      get dangerRoutes() {
        return routes(true)
      },
      get staffed() {
        return staffed()
      },
      get overflow() {
        return mine ? overflow() : []
      },
    }
  }

  availability(platform: Platform): Availability {
    if (this.#routes(platform, false).length > 0) return 'free'
    return this.#staffed(platform) ? 'busy' : 'unreachable'
  }

  /** Whether an endpoint of a desk has become free by this step: somebody who talked is done. What refused or rang in vain is not free. */
  freed(before: State | undefined, after: State): boolean {
    const now = new Set(legsOf(after).map(({ id }) => id))
    return before !== undefined && answeredLegsOf(before).some(({ id }) => !now.has(id))
  }

  /** Whether the first who waits for the desk could be rung. */
  canServe(platform: Platform): boolean {
    const first = this.queues.first(platform)
    return first !== undefined && this.#routes(platform, first.danger).length > 0
  }

  /** Whether a citizen could be called by this trunk. */
  channelLeft(trunk: string): boolean {
    return this.#channelLeft(trunk, false)
  }

  /** Whether a further party can be rung now; undefined: the configuration has no such one. */
  guest(id: string): boolean | undefined {
    const endpoint = this.#guests.get(id)
    return endpoint && (endpoint.shared ? this.#channelLeft(endpoint.trunk, false) : !this.#taken.has(id))
  }

  /** An endpoint that no call has. @returns lets it go */
  take(endpoint: string): () => void {
    this.#count(endpoint, 1)
    return () => this.#count(endpoint, -1)
  }

  #routes(platform: Platform, danger: boolean): readonly Route[] {
    return this.#ways[platform].flatMap((route) => {
      if (route.kind === 'trunk') return this.#channelLeft(route.endpoint.id, danger) ? [{ endpoints: [route.endpoint.id] }] : []
      return this.#seatRoutes(platform, this.#config.desks[platform])
    })
  }

  #seatRoutes(platform: Platform, { strategy }: DeskConfig): readonly Route[] {
    const free = this.#freeSeats(platform)
    if (free.length === 0) return []
    if (strategy === 'ring-all') return [{ endpoints: free }]
    const idle = (id: string) => this.#idleSince.get(id) ?? 0
    const { seatMs } = this.#config.calls
    return free.toSorted((one, other) => idle(one) - idle(other)).map((id) => ({ endpoints: [id], ringMs: seatMs }))
  }

  #freeSeats(platform: Platform): readonly string[] {
    return this.#seats[platform].filter((id) => this.#presence.available(id) && !this.#taken.has(id))
  }

  #staffed(platform: Platform): boolean {
    return this.#ways[platform].some(({ kind }) => kind === 'trunk' || this.#seats[platform].some((id) => this.#presence.available(id)))
  }

  /** Mutual aid (互助, §15), within the agreed bounds. */
  #overflow(platform: Platform, callId: string): readonly Route[] {
    const bounds = this.#config.desks[platform].overflow
    const waitedMs = this.queues.waitedMs(platform, callId, this.#now())
    if (!bounds || waitedMs === undefined || waitedMs < bounds.afterMs || this.queues.overflowed(platform) >= bounds.maximum) return []
    const other = otherThan(platform)
    // Its own callers come first.
    return this.queues.length(other) > 0 ? [] : this.#seatRoutes(other, this.#config.desks[other])
  }

  #channelLeft(trunk: string, danger: boolean): boolean {
    const { channels, reserved } = this.#config.trunks.find(({ id }) => id === trunk) ?? {}
    if (channels === undefined) return true
    const used = [...this.#taken].reduce((sum, [endpoint, count]) => sum + (this.#trunkOf(endpoint) === trunk ? count : 0), 0)
    return used < channels - (danger ? 0 : (reserved ?? 0))
  }

  #trunkOf(endpoint: string): string {
    const guest = this.#guests.get(endpoint)
    return guest?.shared ? guest.trunk : endpoint
  }

  #count(endpoint: string, by: number): void {
    const count = (this.#taken.get(endpoint) ?? 0) + by
    if (count > 0) this.#taken.set(endpoint, count)
    else {
      this.#taken.delete(endpoint)
      this.#idleSince.set(endpoint, this.#now())
    }
  }
}

/** Of its legs; and the trunk that a citizen was called by, whose leg is the caller's from the answer on. */
function endpointsIn(state: State): readonly string[] {
  const { trunk } = state.call.caller
  const callerThere = state.phase !== 'calling' && state.phase !== 'aftertalk' && state.phase !== 'ended'
  return [...legsOf(state).map(({ endpoint }) => endpoint), ...(trunk !== undefined && callerThere ? [trunk] : [])]
}
