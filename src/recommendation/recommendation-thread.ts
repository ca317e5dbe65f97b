import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { MatterRow } from '../domain/matters/matter.ts'
import type { Choice } from './learned.ts'
import type { Recommendation } from './recommender.ts'

export interface Question {
  readonly text: string
  /** Matters told. */
  readonly most: number
  /** Ids of rows that do not hold now. */
  readonly except: readonly string[]
}

/** A question; a choice that an agent made; or all choices, instead of those before. */
export type Asked = (Question & { readonly id: number }) | { readonly id: number; readonly text: string; readonly matter: string } | { readonly choices: readonly Choice[] }

/** `id` 0: it has learned, and can be asked. */
export interface Told {
  readonly id: number
  readonly recommendation?: Recommendation
  /** As it is to be kept. */
  readonly choice?: Choice
}

export interface RecommendationThreadOptions {
  readonly rows: readonly MatterRow[]
  /** What agents chose until now. */
  readonly choices: () => Promise<readonly Choice[]>
  readonly logger: Logger
}

interface Waiting {
  readonly resolve: (told: Told) => void
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
/** Until it begins where nobody asks before, ms: as a service starts, calls need the processor. */
const unaskedMs = 3_000

/** The recommender cannot be asked now. */
export class RecommenderAway extends Error {
  override readonly name = 'RecommenderAway'
}

/**
 * A recommender in a thread of its own, started at the first question or some time after, and again should it end. Until it has learned, what is
 * asked is refused: an answer that comes later than the words is of no use. While it learns a new catalogue, the one before answers.
 */
export class RecommendationThread {
  readonly #options: RecommendationThreadOptions
  #rows: readonly MatterRow[]
  #current: Running | undefined
  #next: Running | undefined
  readonly #all = new Set<Running>()
  #starting: NodeJS.Timeout | undefined
  #asked = 0
  #closed = false

  constructor(options: RecommendationThreadOptions) {
    this.#options = options
    this.#rows = options.rows
    this.#starting = setTimeout(() => this.#begin(), unaskedMs)
  }

  /** @throws RecommenderAway */
  async ask(question: Question): Promise<Recommendation> {
    const { recommendation } = await this.#ask(question)
    if (!recommendation) throw new RecommenderAway('it has answered something else')
    return recommendation
  }

  /** An agent chose a matter for what was said. @returns what is to be kept of it @throws RecommenderAway */
  async choose(text: string, matter: string): Promise<Choice> {
    const { choice } = await this.#ask({ text, matter })
    if (!choice) throw new RecommenderAway('it has answered something else')
    return choice
  }

  /** What agents chose was changed otherwise: it is read again. */
  async chosenAnew(): Promise<void> {
    const choices = await this.#options.choices()
    for (const running of [this.#current, this.#next]) if (running?.learned) post(running, { choices })
  }

  async #ask(asked: Question | { readonly text: string; readonly matter: string }): Promise<Told> {
    if (this.#closed) throw new RecommenderAway('it has been closed')
    const running = this.#current ?? this.#begin()
    if (!running.learned) throw new RecommenderAway('it is learning')
    if (running.waiting.size >= mostWaiting) throw new RecommenderAway(`${mostWaiting} questions wait already`)
    const id = ++this.#asked
    const { promise, resolve, reject } = Promise.withResolvers<Told>()
    running.waiting.set(id, { resolve, reject })
    post(running, { id, ...asked })
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
    await Promise.all([...this.#all].map(({ worker }) => worker.terminate()))
  }

  #begin(): Running {
    clearTimeout(this.#starting)
    return (this.#current ??= this.#start())
  }

  #start(): Running {
    const running: Running = { worker: new Worker(new URL('thread.ts', import.meta.url), { workerData: this.#rows }), waiting: new Map(), learned: false }
    this.#all.add(running)
    running.worker.on('message', (told: Told) => {
      if (told.id === 0) return this.#learned(running)
      running.waiting.get(told.id)?.resolve(told)
      running.waiting.delete(told.id)
      this.#endIfReplaced(running)
    })
    // Its end follows, and is told by it.
    running.worker.on('error', (error) => this.#options.logger.error({ err: error }, 'the recommender has failed'))
    running.worker.once('exit', () => this.#ended(running))
    return running
  }

  #learned(running: Running): void {
    running.learned = true
    this.chosenAnew().catch((error: unknown) => this.#options.logger.error({ err: error }, 'what agents chose could not be read'))
    if (running !== this.#next) return
    clearTimeout(this.#starting)
    const before = this.#current
    this.#current = running
    this.#next = undefined
    if (before) this.#endIfReplaced(before)
  }

  /** One that another has replaced ends once it has answered what it was asked. */
  #endIfReplaced(running: Running): void {
    if (running !== this.#current && running.waiting.size === 0) void running.worker.terminate()
  }

  #ended(running: Running): void {
    this.#all.delete(running)
    for (const { reject } of running.waiting.values()) reject(new RecommenderAway('it has just ended'))
    if (running === this.#next) this.#next = undefined
    if (running !== this.#current) return
    this.#current = undefined
    if (!this.#closed) this.#starting = setTimeout(() => this.#begin(), againMs)
  }
}

function post({ worker }: Running, asked: Asked): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  worker.postMessage(asked)
}
