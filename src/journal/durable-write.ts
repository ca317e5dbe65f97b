import type { Logger } from 'pino'
import type { GroupCommit } from './group-commit.ts'
import type { Commit, Entry } from './journal.ts'
import type { SqlFailure, Statement } from './sql.ts'

export interface WriteLimits {
  /** Longest time until a write is answered, ms. */
  readonly answerMs: number
  /** Facts held in memory while the disk fails. */
  readonly facts: number
}

/** Writes that are answered within bounded time, whatever the disk does. */
export class DurableWrites {
  readonly #commits: GroupCommit
  readonly #limits: WriteLimits
  readonly #logger: Logger | undefined
  #slow = 0
  #lost = 0

  constructor(commits: GroupCommit, limits: WriteLimits, logger: Logger | undefined) {
    this.#commits = commits
    this.#limits = limits
    this.#logger = logger
  }

  /** Why facts are not safe now; undefined when they are. */
  get trouble(): string | undefined {
    if (this.#lost > 0) return `${this.#lost} facts were dropped: the memory for waiting facts was full`
    if (this.#commits.failure) return this.#commits.failure.message
    return this.#slow > 0 ? `the disk has not answered for more than ${this.#limits.answerMs} ms` : undefined
  }

  write(statements: readonly Statement[], entries: readonly Entry[]): Promise<Commit> {
    const { promise, resolve } = Promise.withResolvers<Commit>()
    let late = false
    let told: string | undefined
    const timer = setTimeout(() => {
      late = true
      this.#slow++
      this.#logger?.error({ limitMs: this.#limits.answerMs }, 'journal write slow')
      resolve({ durable: false, reason: `not written within ${this.#limits.answerMs} ms` })
    }, this.#limits.answerMs)
    const done = (failure?: SqlFailure) => {
      clearTimeout(timer)
      if (late) this.#slow--
      late = false
      // Once a reason, not at each try.
      if (failure && failure.message !== told) this.#logger?.error({ reason: failure.message }, 'journal write failed')
      told = failure?.message
      resolve(failure ? { durable: false, reason: failure.message } : { durable: true })
    }
    if (!this.#commits.put({ statements, entries, keep: true, done })) {
      clearTimeout(timer)
      this.#lost += entries.length
      this.#logger?.error({ facts: entries.length }, 'journal facts dropped')
      resolve({ durable: false, reason: `${this.#limits.facts} facts wait for the disk already; these were dropped` })
    }
    return promise
  }
}
