import { setTimeout as pause } from 'node:timers/promises'
import type { Tickets, TicketsOptions } from './tickets.ts'

/** After a start that failed, ms. */
const retryMs = 1_000

/**
 * Tickets that start once calls do not wait for the service any more: their libraries take as long to load as all that a
 * call needs. Until then events stay in the journal, and who asks for deliveries waits.
 */
export class LaterTickets implements Omit<Tickets, 'onDelivery'> {
  readonly #options: TicketsOptions
  readonly #starting = Promise.withResolvers<Tickets>()
  readonly #closed = new AbortController()
  #started: Tickets | undefined

  constructor(options: TicketsOptions) {
    this.#options = options
  }

  /** Tries until it has started, or is closed: what it needs may be away, and calls go on without it. */
  async start(): Promise<void> {
    const { signal } = this.#closed
    while (!this.#started && !signal.aborted) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one try after the other
        this.#started = await this.#try()
      } catch (error) {
        this.#options.logger.error({ err: error }, 'tickets could not be started')
        // oxlint-disable-next-line no-await-in-loop -- as above; only closing cuts it short
        await pause(retryMs, undefined, { signal }).catch(() => undefined)
      }
    }
    if (this.#started && signal.aborted) await this.#started.close()
    else if (this.#started) this.#starting.resolve(this.#started)
  }

  async #try(): Promise<Tickets> {
    const { startTickets } = await import('./tickets.ts')
    return startTickets(this.#options)
  }

  health(): ReturnType<Tickets['health']> {
    return this.#started?.health() ?? { redis: 'down', pending: 0, dead: 0, endpoints: [] }
  }

  async deliveriesOf(subject: string): ReturnType<Tickets['deliveriesOf']> {
    return (await this.#starting.promise).deliveriesOf(subject)
  }

  async list(...query: Parameters<Tickets['list']>): ReturnType<Tickets['list']> {
    return (await this.#starting.promise).list(...query)
  }

  async show(id: string): ReturnType<Tickets['show']> {
    return (await this.#starting.promise).show(id)
  }

  async replay(...query: Parameters<Tickets['replay']>): ReturnType<Tickets['replay']> {
    return (await this.#starting.promise).replay(...query)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#started?.close()
  }
}
