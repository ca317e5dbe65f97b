import type { Logger } from 'pino'
import type { TicketEndpointConfig } from '../config/schema.ts'
import type { DeliveryStore } from './delivery-store.ts'
import type { Heard, TicketSystem } from './ticket-system.ts'

export interface PollerOptions {
  readonly endpoints: readonly Pick<TicketEndpointConfig, 'id' | 'pollMs'>[]
  readonly systems: ReadonlyMap<string, TicketSystem>
  readonly store: Pick<DeliveryStore, 'cursorOf' | 'moveCursor'>
  /** Takes what was done there; again, it is as it was. @returns false: it could not be written now */
  readonly heard: (endpoint: string, id: string, message: object) => Promise<Heard | false>
  readonly logger: Logger
}

/** A system that does not answer is asked less often, ms. */
const longestPauseMs = 60_000
/** After word that something has happened it is asked twice: it may say so before it can be read there, ms. */
const soonMs = 200
const onceMoreMs = 1_500

/** Asks the ticket systems that do not say by themselves, or whose word may be lost, what people did there. */
export class Poller {
  readonly #options: PollerOptions
  readonly #ending = new AbortController()
  readonly #wake = new Map<string, () => void>()
  readonly #nudged = new Set<string>()
  readonly #running: Promise<void>[] = []

  constructor(options: PollerOptions) {
    this.#options = options
  }

  start(): void {
    for (const { id, pollMs } of this.#options.endpoints) {
      const system = this.#options.systems.get(id)
      if (system?.happened) this.#running.push(this.#follow(id, system as Required<TicketSystem>, pollMs))
    }
  }

  /** Now, and not when its time has come: something has happened there. */
  look(endpoint: string): void {
    this.#nudged.add(endpoint)
    setTimeout(() => this.#wake.get(endpoint)?.(), soonMs).unref()
  }

  async close(): Promise<void> {
    this.#ending.abort(new Error('the service ends'))
    for (const wake of this.#wake.values()) wake()
    await Promise.all(this.#running)
  }

  /** Never rejects. */
  async #follow(endpoint: string, system: Required<TicketSystem>, pollMs: number): Promise<void> {
    const { logger } = this.#options
    let pauseMs = pollMs
    while (!this.#ending.signal.aborted) {
      const { promise: woken, resolve: wake } = Promise.withResolvers<void>()
      // Before it is asked: what happens meanwhile is asked for at once afterwards.
      this.#wake.set(endpoint, wake)
      /* oxlint-disable no-await-in-loop -- one question after the other */
      try {
        await this.#ask(endpoint, system)
        pauseMs = pollMs
      } catch (error) {
        // It is away, or the journal is: nothing was passed over, and it is asked again.
        if (!this.#ending.signal.aborted) logger.warn({ err: error, endpoint }, 'a ticket system could not be asked what has happened')
        pauseMs = Math.min(2 * pauseMs, Math.max(pollMs, longestPauseMs))
      }
      const timer = setTimeout(wake, this.#nudged.delete(endpoint) ? Math.min(onceMoreMs, pauseMs) : pauseMs)
      await woken
      /* oxlint-enable no-await-in-loop */
      clearTimeout(timer)
    }
  }

  async #ask(endpoint: string, system: Required<TicketSystem>): Promise<void> {
    const { store, heard } = this.#options
    const name = `happened-${endpoint}`
    for (let more = true; more && !this.#ending.signal.aborted; ) {
      /* oxlint-disable no-await-in-loop -- one page after the other, each message after the one before */
      const after = await store.cursorOf(name)
      const happened = await system.happened(after, this.#ending.signal)
      for (const what of happened.passedOver ?? []) this.#options.logger.error({ endpoint, what }, 'what people did in a ticket system could not be read, and is passed over')
      for (const { id, message, done } of happened.messages) {
        const taken = await heard(endpoint, id, message)
        if (taken === false) throw new Error('what has happened could not be written')
        await done?.(taken)
      }
      if (happened.cursor !== after) await store.moveCursor(name, happened.cursor)
      /* oxlint-enable no-await-in-loop */
      more = happened.more
    }
  }
}
