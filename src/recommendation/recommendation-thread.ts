import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { MatterRow } from '../domain/matters/matter.ts'
import type { Recommendation } from './recommender.ts'

export interface Asked {
  readonly id: number
  readonly text: string
  readonly most: number
}

/** `id` 0: it has learned, and can be asked. */
export interface Told {
  readonly id: number
  readonly recommendation?: Recommendation
}

interface Waiting {
  readonly resolve: (told: Recommendation) => void
  readonly reject: (error: Error) => void
}

interface Running {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
  learned: boolean
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

/**
 * A recommender in a thread of its own, started at the first question or some time after, and again should it end. Until it has learned, what is
 * asked is refused: an answer that comes later than the words is of no use. While it learns a new catalogue, the one before answers.
 */
export class RecommendationThread {
  readonly #logger: Logger
  #rows: readonly MatterRow[]
  #current: Running | undefined
  #next: Running | undefined
  #starting: NodeJS.Timeout | undefined
  #asked = 0
  #closed = false

  constructor(rows: readonly MatterRow[], logger: Logger) {
    this.#rows = rows
    this.#logger = logger
    this.#starting = setTimeout(() => this.#begin(), unaskedMs)
  }

  /** @throws RecommenderAway */
  ask(text: string, most: number): Promise<Recommendation> {
    if (this.#closed) return Promise.reject(new RecommenderAway('it has been closed'))
    const { worker, waiting, learned } = this.#current ?? this.#begin()
    if (!learned) return Promise.reject(new RecommenderAway('it is learning'))
    if (waiting.size >= mostWaiting) return Promise.reject(new RecommenderAway(`${mostWaiting} questions wait already`))
    const id = ++this.#asked
    const { promise, resolve, reject } = Promise.withResolvers<Recommendation>()
    waiting.set(id, { resolve, reject })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage({ id, text, most } satisfies Asked)
    return promise
  }

  /** From these rows on; those before answer until they are learned. */
  learn(rows: readonly MatterRow[]): void {
    this.#rows = rows
    if (!this.#current || this.#closed) return
    void this.#next?.worker.terminate()
    this.#next = this.#start()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#starting)
    await Promise.all([this.#current?.worker.terminate(), this.#next?.worker.terminate()])
  }

  #begin(): Running {
    clearTimeout(this.#starting)
    return (this.#current = this.#start())
  }

  #start(): Running {
    const running: Running = { worker: new Worker(new URL('thread.ts', import.meta.url), { workerData: this.#rows }), waiting: new Map(), learned: false }
    running.worker.on('message', ({ id, recommendation }: Told) => {
      if (!recommendation) return this.#learned(running)
      running.waiting.get(id)?.resolve(recommendation)
      running.waiting.delete(id)
    })
    // Its end follows, and is told by it.
    running.worker.on('error', (error) => this.#logger.error({ err: error }, 'the recommender has failed'))
    running.worker.once('exit', () => this.#ended(running))
    return running
  }

  #learned(running: Running): void {
    running.learned = true
    if (running !== this.#next) return
    const before = this.#current
    this.#current = running
    this.#next = undefined
    // What it was asked is in its queue before its end, or is asked once more by whoever types.
    void before?.worker.terminate()
  }

  #ended(running: Running): void {
    for (const { reject } of running.waiting.values()) reject(new RecommenderAway('it has just ended'))
    if (running === this.#next) this.#next = undefined
    if (running !== this.#current) return
    this.#current = undefined
    if (!this.#closed) this.#starting = setTimeout(() => this.#begin(), againMs)
  }
}
