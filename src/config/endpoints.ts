import type { Config } from './schema.ts'
import type { Platform } from '../domain/handover/handover.ts'

/** What can be rung: a seat; a number on a trunk, which carries many calls at a time. */
export type Dialable =
  | { readonly id: string; readonly dial: string; readonly shared: false }
  | { readonly id: string; readonly dial: string; readonly shared: true; readonly trunk: string }

/** One way to a desk: a trunk to its own PBX, or its seats at this Asterisk. */
export type DeskRoute = { readonly kind: 'trunk'; readonly endpoint: Dialable } | { readonly kind: 'seats' }

/** Asterisk's names (`dial`: Dial, ARI `endpoint`) are made from the configuration; only a citizen's number comes in, and `numberOn` checks it. */
const seat = ({ id }: Config['agents'][number]): Dialable => ({ id, dial: `PJSIP/${id}`, shared: false })
/** @param number digits, perhaps behind a plus @throws Error for anything else: it would become part of a dial string */
export function numberOn(trunk: string, number: string): string {
  if (!/^\+?[0-9]{2,15}$/.test(number)) throw new Error(`not a number that can be dialled: ${number}`)
  return `PJSIP/${number}@${trunk}`
}

/** Asterisk's endpoint that leads to the trunk by the edge; undefined for one that is not behind it. */
export const byEdge = ({ edge }: Config, dial: string): string | undefined => {
  const [, trunk] = dial.split('@')
  return edge?.trunks.some((one) => one.trunk === trunk) ? `${dial}-edge` : undefined
}

const onTrunk = (id: string, number: string | undefined, trunk: string): Dialable => ({ id, dial: numberOn(trunk, number ?? ''), shared: true, trunk })

/** The ways to a desk, in their order. */
export function routesOf(config: Config, platform: Platform): readonly DeskRoute[] {
  const { routes, dial, numbers } = config.desks[platform]
  return routes.map((name) => (name === 'seats' ? { kind: 'seats' } : { kind: 'trunk', endpoint: onTrunk(name, dial ?? numbers[0], name) }))
}

/** The platform's seats. */
export const seatsOf = (config: Config, platform: Platform): readonly Dialable[] => config.agents.filter((agent) => agent.platform === platform).map(seat)

/** Everything that may be rung for a desk. */
export const dialablesOf = (config: Config, platform: Platform): readonly Dialable[] =>
  routesOf(config, platform).flatMap((route) => (route.kind === 'seats' ? seatsOf(config, platform) : [route.endpoint]))

/** Who can be invited into a call as a further party: any seat, and the destinations. */
export const guestEndpointsOf = (config: Config): readonly Dialable[] => [
  ...config.agents.map(seat),
  ...config.destinations.map(({ id, dial, trunk }) => onTrunk(id, dial, trunk)),
]
