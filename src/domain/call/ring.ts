/** How a desk is rung: by routes, one after the other, within one ring time. */
import type { Platform } from '../handover/handover.ts'
import type { Action } from './actions.ts'
import { makeLegs, startTimer } from './draft.ts'
import type { Context, Route } from './events.ts'
import type { Call, Leg } from './state.ts'

/** The ringing of a desk under way. */
export interface Ring {
  readonly route: Route
  /** What is tried after it. */
  readonly rest: readonly Route[]
  /** Monotonic ms at which the whole of it is given up. */
  readonly deadline: number
}

export interface Rung {
  readonly call: Call
  readonly legs: readonly Leg[]
  readonly ring: Ring
  /** The INVITEs. */
  readonly actions: readonly Action[]
  readonly timer: Action
}

type Target = { readonly platform: Platform; readonly role: 'agent' | 'peer'; readonly handoverId?: string }

/** Rings the first route; undefined when there is none. */
export function ringRoutes(call: Call, routes: readonly Route[], to: Target, context: Context, deadline = context.now.mono + context.ringMs): Rung | undefined {
  const [route, ...rest] = routes
  if (!route) return undefined
  const ring = { route, rest, deadline }
  const made = makeLegs(call, route.endpoints, to)
  const timer = startTimer(made.call, patience(ring, false, context))
  return { call: timer.call, legs: made.legs, ring, actions: made.actions, timer: timer.action }
}

/** The routes that are left, as far as they can be rung now. */
export function routesLeft({ rest }: Ring, free: readonly Route[]): readonly Route[] {
  const endpoints = new Set(free.flatMap((route) => route.endpoints))
  return rest.flatMap((route) => {
    const left = route.endpoints.filter((endpoint) => endpoints.has(endpoint))
    return left.length > 0 ? [{ ...route, endpoints: left }] : []
  })
}

/** How long the route is waited for, ms: while nothing rings not long where another route is left. */
export function patience({ route, rest, deadline }: Ring, rang: boolean, { now, routeMs }: Context): number {
  const left = Math.max(0, deadline - now.mono)
  if (rest.length === 0) return left
  return Math.min(left, rang ? (route.ringMs ?? left) : routeMs)
}

/** The route rings for the first time: it has the time that ringing has. */
export function heard(call: Call, ring: Ring, context: Context): { readonly call: Call; readonly actions: readonly Action[] } {
  if (ring.rest.length === 0) return { call, actions: [] }
  const timer = startTimer(call, patience(ring, true, context))
  return { call: timer.call, actions: [timer.action] }
}
