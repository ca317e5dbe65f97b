import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Journal, StoredAnswer } from '../journal/journal.ts'

const keepMs = 24 * 3600 * 1000
const mostKeys = 100_000

export interface Answer {
  readonly status: number
  readonly body: string
  /** It is written already, with what was done. */
  readonly kept?: boolean
}
/** What to write with what is done, so that a crash parts the two in no case. */
export type ToKeep = (answer: Answer) => StoredAnswer
export type Keyed = { readonly kind: 'answer'; readonly answer: Answer; readonly replayed: boolean } | { readonly kind: 'reused' }

interface Kept {
  readonly request: string
  readonly at: number
  readonly answer: Promise<Answer>
}

/**
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same key and request get the first answer again, for
 * a day; the same key with another request is refused. Kept in memory and in the journal: Redis and Postgres are not needed.
 */
export class IdempotencyKeys {
  readonly #journal: Journal
  readonly #kept = new Map<string, Kept>()

  /** @param answers of the last day, as the journal has them */
  constructor(journal: Journal, answers: readonly StoredAnswer[]) {
    this.#journal = journal
    for (const { scope, key, request, status, body, at } of answers) {
      this.#kept.set(`${scope} ${key}`, { request, at, answer: Promise.resolve({ status, body }) })
    }
    this.#prune(Date.now())
  }

  /** Runs `work` once a key. What failed on our side (5xx) is not kept: it may be tried again. */
  async once(httpRequest: FastifyRequest, work: (toKeep?: ToKeep) => Promise<Answer>): Promise<Keyed> {
    const key = httpRequest.headers['idempotency-key']
    if (typeof key !== 'string') return { kind: 'answer', answer: await work(), replayed: false }
    const scope = `${httpRequest.user} ${httpRequest.method} ${httpRequest.url}`
    const name = `${scope} ${key}`
    const at = Date.now()
    const request = createHash('sha256').update(JSON.stringify(httpRequest.body ?? null)).digest('hex')
    const kept = this.#kept.get(name)
    if (kept && at - kept.at < keepMs) {
      return kept.request === request ? { kind: 'answer', answer: await kept.answer, replayed: true } : { kind: 'reused' }
    }
    const toKeep: ToKeep = ({ status, body }) => ({ scope, key, request, status, body, at })
    const answer = work(toKeep)
    this.#kept.set(name, { request, at, answer })
    this.#prune(at)
    try {
      const done = await answer
      if (done.status >= 500) this.#kept.delete(name)
      else if (!done.kept) await this.#store(toKeep(done))
      return { kind: 'answer', answer: done, replayed: false }
    } catch (error) {
      // Not kept, so that the same key may be tried again; the error goes to the error handler.
      this.#kept.delete(name)
      throw error
    }
  }

  async #store(answer: StoredAnswer): Promise<void> {
    await this.#journal.append([], answer)
  }

  /** Oldest first: a Map keeps the order of insertion. */
  #prune(now: number): void {
    for (const [name, { at }] of this.#kept) {
      if (this.#kept.size <= mostKeys && now - at < keepMs) return
      this.#kept.delete(name)
    }
  }
}
