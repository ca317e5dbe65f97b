import type { AgentConfig } from '../config/schema.ts'
import { type AgentFact, type AgentState, factVersion } from '../domain/facts.ts'

export interface AgentNow {
  readonly id: string
  readonly platform: AgentConfig['platform']
  readonly name?: string
  readonly state: AgentState
  /** UTC, ISO 8601. */
  readonly since?: string
}

/** Which agents take calls: all who are configured until they say otherwise. */
export class Presence {
  readonly #agents: readonly AgentConfig[]
  readonly #now = new Map<string, { readonly state: AgentState; readonly since: string }>()

  /** @param last what each agent said last, from the journal */
  constructor(agents: readonly AgentConfig[], last: readonly AgentFact[] = []) {
    this.#agents = agents
    for (const { agent, state, at } of last) this.#now.set(agent, { state, since: at })
  }

  available(id: string): boolean {
    return (this.#now.get(id)?.state ?? 'available') === 'available'
  }

  list(): readonly AgentNow[] {
    return this.#agents.map(({ id, platform, name }) => ({ id, platform, ...(name === undefined ? {} : { name }), state: 'available' as const, ...this.#now.get(id) }))
  }

  find(id: string): AgentNow | undefined {
    return this.list().find((agent) => agent.id === id)
  }

  /** @param at UTC, ISO 8601 @returns the fact, or undefined when it is so already */
  set(id: string, state: AgentState, at: string): AgentFact | undefined {
    if (this.find(id)?.state === state) return undefined
    this.#now.set(id, { state, since: at })
    return { version: factVersion, at, type: 'agent-changed', agent: id, state }
  }
}
