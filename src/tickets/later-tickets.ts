import type { Tickets, TicketsOptions } from './tickets.ts'

/**
 * Tickets that start once calls do not wait for the service any more: their libraries take as long to load as all that a
 * call needs. Until then events stay in the journal.
 */
export class LaterTickets implements Omit<Tickets, 'onDelivery'> {
  readonly #starting = Promise.withResolvers<Tickets>()
  #started: Tickets | undefined

  /** @throws what `startTickets` throws */
  async start(options: TicketsOptions): Promise<void> {
    const { startTickets } = await import('./tickets.ts')
    this.#started = await startTickets(options)
    this.#starting.resolve(this.#started)
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
    await this.#started?.close()
  }
}
