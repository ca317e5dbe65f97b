import { type Dialable, endpointsOf, guestEndpointsOf } from '../config/endpoints.ts'
import type { Config } from '../config/schema.ts'
import { legsOf, type State } from '../domain/call/state.ts'
import { type Platform, platforms } from '../domain/handover/handover.ts'

/** Which of a desk's endpoints may be rung: seats without a leg of ours, trunks always. */
export class Seats {
  readonly #byPlatform: ReadonlyMap<Platform, readonly Dialable[]>
  readonly #guests: ReadonlyMap<string, Dialable>
  readonly #taken = new Map<string, number>()

  constructor(config: Config) {
    this.#byPlatform = new Map(platforms.map((platform) => [platform, endpointsOf(config, platform)]))
    this.#guests = new Map(guestEndpointsOf(config).map((endpoint) => [endpoint.id, endpoint]))
  }

  changed(before: State | undefined, after: State): void {
    if (before) for (const leg of legsOf(before)) this.#count(leg.endpoint, -1)
    for (const leg of legsOf(after)) this.#count(leg.endpoint, 1)
  }

  free(platform: Platform): readonly string[] {
    const endpoints = this.#byPlatform.get(platform) ?? []
    return endpoints.filter(({ id, shared }) => shared || !this.#taken.has(id)).map(({ id }) => id)
  }

  /** Whether a further party can be rung now; undefined: the configuration has no such one. */
  guest(id: string): boolean | undefined {
    const endpoint = this.#guests.get(id)
    return endpoint && (endpoint.shared || !this.#taken.has(id))
  }

  #count(endpoint: string, by: number): void {
    const count = (this.#taken.get(endpoint) ?? 0) + by
    if (count > 0) this.#taken.set(endpoint, count)
    else this.#taken.delete(endpoint)
  }
}
