import type { Config } from './schema.ts'
import type { Platform } from '../domain/handover/handover.ts'

/** What can be rung: a seat, the trunk to a desk's own PBX, a destination. */
export interface Dialable {
  /** The agent, trunk or destination. */
  readonly id: string
  /** Asterisk's name of it (Dial, ARI `endpoint`); made from the configuration only, never from input. */
  readonly dial: string
  /** A trunk carries many calls at a time, a seat one. */
  readonly shared: boolean
}

/** What is rung for a desk. */
export function endpointsOf(config: Config, platform: Platform): readonly Dialable[] {
  const desk = config.desks[platform]
  if (desk.trunk !== undefined) {
    const number = desk.dial ?? desk.numbers[0]
    return [{ id: desk.trunk, dial: `PJSIP/${number}@${desk.trunk}`, shared: true }]
  }
  return seats(config).filter(({ id }) => config.agents.some((agent) => agent.id === id && agent.platform === platform))
}

/** Who can be invited into a call as a further party: any seat, and the destinations. */
export function guestEndpointsOf(config: Config): readonly Dialable[] {
  const destinations = config.destinations.map(({ id, dial, trunk }) => ({ id, dial: `PJSIP/${dial}@${trunk}`, shared: true }))
  return [...seats(config), ...destinations]
}

const seats = (config: Config): readonly Dialable[] => config.agents.map(({ id }) => ({ id, dial: `PJSIP/${id}`, shared: false }))
