import type { Config } from './schema.ts'
import type { Platform } from '../domain/handover/handover.ts'

/** What can be rung for a desk: a seat, or the trunk to the desk's own PBX. */
export interface DeskEndpoint {
  /** The agent or trunk. */
  readonly id: string
  readonly platform: Platform
  /** Asterisk's name of it (Dial, ARI `endpoint`); made from the configuration only, never from input. */
  readonly dial: string
  /** A trunk carries many calls at a time, a seat one. */
  readonly shared: boolean
}

export function endpointsOf(config: Config, platform: Platform): readonly DeskEndpoint[] {
  const desk = config.desks[platform]
  if (desk.trunk !== undefined) {
    const number = desk.dial ?? desk.numbers[0]
    return [{ id: desk.trunk, platform, dial: `PJSIP/${number}@${desk.trunk}`, shared: true }]
  }
  return config.agents
    .filter((agent) => agent.platform === platform)
    .map((agent) => ({ id: agent.id, platform, dial: `PJSIP/${agent.id}`, shared: false }))
}
