import type { AgentState } from '../domain/facts.ts'
import type { Commit, Journal } from '../journal/journal.ts'
import type { AgentNow, Presence } from './presence.ts'

export interface AgentsParts {
  readonly presence: Presence
  readonly journal: Journal
  /** UTC, ISO 8601. */
  readonly now: () => string
  /** Somebody may be free now. */
  readonly changed: () => void
}

/** What agents say of themselves, kept in the journal. */
export class Agents {
  readonly #parts: AgentsParts

  constructor(parts: AgentsParts) {
    this.#parts = parts
  }

  list(): readonly AgentNow[] {
    return this.#parts.presence.list()
  }

  /** An agent signs in or out, or pauses; a call that rings or talks there goes on. @returns undefined: there is no such agent */
  async set(id: string, state: AgentState): Promise<(AgentNow & Commit) | undefined> {
    const { presence, journal, now, changed } = this.#parts
    if (!presence.find(id)) return undefined
    const fact = presence.set(id, state, now())
    changed()
    const commit = fact ? await journal.append([fact]) : { durable: true as const }
    const agent = presence.find(id)
    return agent && { ...agent, ...commit }
  }
}
