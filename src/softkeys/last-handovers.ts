import { type Fact, isHandoverFact } from '../domain/facts.ts'
import type { Handover } from '../domain/handover/handover.ts'
import type { Journal } from '../journal/journal.ts'

/** The last hand-over that each agent pressed for, as the facts tell it: also when he has left its call. */
export class LastHandovers {
  readonly #byAgent = new Map<string, { readonly handover: Handover; readonly atMs: number }>()
  readonly #stop: () => void

  constructor(journal: Pick<Journal, 'onAppended'>) {
    this.#stop = journal.onAppended((entries) => {
      for (const { fact } of entries) this.#note(fact)
    })
  }

  /** @returns with when it became as it is: UTC ms */
  of(agent: string): { readonly handover: Handover; readonly atMs: number } | undefined {
    return this.#byAgent.get(agent)
  }

  close(): void {
    this.#stop()
  }

  #note(fact: Fact): void {
    if (isHandoverFact(fact)) this.#byAgent.set(fact.handover.agent, { handover: fact.handover, atMs: Date.parse(fact.at) })
  }
}
