/** Which of a trunk’s gateways a call goes to, and to which next. Pure; SPEC.md has the invariants. */

export interface Gateway {
  readonly id: string
  /** The lowest first. */
  readonly priority: number
  /** Share of the calls among those of the same priority; 0: only when no other is left. */
  readonly weight: number
  /** Calls at a time. */
  readonly channels?: number | undefined
}

/** What is known of a gateway. */
export interface GatewayState {
  readonly up: boolean
  /** Answers in a row that did not come or refused service. */
  readonly misses: number
  /** Under way. */
  readonly calls: number
}

export const unknownGateway: GatewayState = { up: true, misses: 0, calls: 0 }

/** One lost packet is no outage. */
const missesUntilDown = 2

/** Statuses that say of the gateway itself that it takes nothing (RFC 3261 §21.5; 430: RFC 5626 §11). */
const unavailable: ReadonlySet<number> = new Set([408, 430, 500, 502, 503, 504])

/** @param answer status of the answer to OPTIONS; undefined: none came. Whatever a living program refuses, it is alive. */
export function heardOf(state: GatewayState, answer: number | undefined): GatewayState {
  if (answer !== undefined && !unavailable.has(answer)) return { ...state, up: true, misses: 0 }
  const misses = state.misses + 1
  return { ...state, misses, up: state.up && misses < missesUntilDown }
}

/**
 * Whether a call that ended so is tried at the next gateway: only where this one has said that it takes nothing, or has said
 * nothing. What has rung is never dialled again: somebody may have answered it.
 * @param status final status; undefined: none came in time
 */
export const goesOn = (status: number | undefined, rang: boolean): boolean => !rang && (status === undefined || unavailable.has(status))

/**
 * The gateways for one call, in the order in which they are tried: by priority, within it drawn by weight as RFC 2782 has it. Those
 * that are down come last, for OPTIONS may be wrong; those that are full not at all.
 * @param draw gives numbers from 0 to below 1
 */
export function orderOf<G extends Gateway>(gateways: readonly G[], stateOf: (id: string) => GatewayState, draw: () => number): readonly G[] {
  const free = gateways.filter(({ id, channels }) => channels === undefined || stateOf(id).calls < channels)
  const down = (gateway: Gateway) => (stateOf(gateway.id).up ? 0 : 1)
  const ranks = [...new Set(free.map(({ priority }) => priority))].toSorted((one, other) => one - other)
  const ordered = ranks.flatMap((rank) => drawn(free.filter(({ priority }) => priority === rank), draw))
  return ordered.toSorted((one, other) => down(one) - down(other))
}

function drawn<G extends Gateway>(gateways: readonly G[], draw: () => number): readonly G[] {
  if (gateways.length < 2) return gateways
  let left = draw() * gateways.reduce((sum, { weight }) => sum + weight, 0)
  const first = gateways.find(({ weight }) => weight > 0 && (left -= weight) < 0) ?? gateways[0]
  return first ? [first, ...drawn(gateways.filter((gateway) => gateway !== first), draw)] : []
}
