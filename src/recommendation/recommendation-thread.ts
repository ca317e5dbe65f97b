import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { Recommendation } from './recommender.ts'

export interface Asked {
  readonly id: number
  readonly text: string
  readonly most: number
}

export interface Told {
  readonly id: number
  readonly recommendation: Recommendation
}

/** Questions that may wait, as in a surge: more would be answered too late to help. */
const mostWaiting = 100
/** After an end that nobody asked for, ms. */
const againMs = 5_000
/** Until it learns where nobody asks before, ms: as a service starts, calls need the processor. */
const unaskedMs = 30_000

/** The recommender cannot be asked now. */
export class RecommenderAway extends Error {
  override readonly name = 'RecommenderAway'
}

/** A recommender in a thread of its own, started at the first question or some time after, and again should it end. What is asked while it learns waits. */
export class RecommendationThread {
  readonly #logger: Logger
  readonly #waiting = new Map<number, { readonly resolve: (told: Recommendation) => void; readonly reject: (error: Error) => void }>()
  #worker: Worker | undefined
  #starting: NodeJS.Timeout | undefined
  #asked = 0
  #closed = false

  constructor(logger: Logger) {
    this.#logger = logger
    this.#starting = setTimeout(() => this.#start(), unaskedMs)
  }

  /** @throws RecommenderAway */
  ask(text: string, most: number): Promise<Recommendation> {
    if (this.#closed) return Promise.reject(new RecommenderAway('it has been closed'))
    if (this.#waiting.size >= mostWaiting) return Promise.reject(new RecommenderAway(`${mostWaiting} questions wait already`))
    const worker = this.#worker ?? this.#start()
    const id = ++this.#asked
    const { promise, resolve, reject } = Promise.withResolvers<Recommendation>()
    this.#waiting.set(id, { resolve, reject })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage({ id, text, most } satisfies Asked)
    return promise
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#starting)
    await this.#worker?.terminate()
  }

  #start(): Worker {
    clearTimeout(this.#starting)
    const worker = new Worker(new URL('thread.ts', import.meta.url))
    worker.on('message', ({ id, recommendation }: Told) => {
      this.#waiting.get(id)?.resolve(recommendation)
      this.#waiting.delete(id)
    })
    // Its end follows, and is told by it.
    worker.on('error', (error) => this.#logger.error({ err: error }, 'the recommender has failed'))
    worker.once('exit', () => this.#ended())
    this.#worker = worker
    return worker
  }

  #ended(): void {
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(new RecommenderAway('it has just ended'))
    this.#waiting.clear()
    if (!this.#closed) this.#starting = setTimeout(() => this.#start(), againMs)
  }
}
