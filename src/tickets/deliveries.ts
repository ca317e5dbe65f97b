import type { Tables } from '../journal/sql.ts'
import { type Attempt, type Delivery, type DeliveryFilter, type DeliveryState, DeliveryStore } from './delivery-store.ts'
import type { TicketEvent } from './payload-schema.ts'

/** A delivery as told to the outside. */
export interface DeliveryView {
  /** The `webhook-id`. */
  readonly id: string
  readonly endpoint: string
  /** The hand-over it is about, or the call of a call-back. */
  readonly subject: string
  readonly event: TicketEvent
  readonly state: DeliveryState
  readonly attempts: number
  readonly lastOutcome?: string
  /** UTC, ISO 8601. */
  readonly updatedAt: string
}

/** What is to be told to ticket systems and what came of it, as it stands on disk. Every method throws SqlError when that cannot be read. */
export class Deliveries {
  readonly #store: DeliveryStore
  readonly #replayed: (filter: DeliveryFilter, deliveries: number) => void

  /** @param replayed told when some wait to be told once more */
  constructor(tables: Tables, replayed: (filter: DeliveryFilter, deliveries: number) => void) {
    this.#store = new DeliveryStore(tables)
    this.#replayed = replayed
  }

  /** In the order of the facts. */
  async deliveriesOf(subject: string): Promise<readonly DeliveryView[]> {
    return (await this.#store.ofHandover(subject)).map(toView)
  }

  /** The newest first. @param before the `id` of the last one of the page before */
  async list(filter: DeliveryFilter, limit: number, before?: string): Promise<readonly DeliveryView[]> {
    return (await this.#store.list(filter, limit, before)).map(toView)
  }

  /** With what came of each attempt. */
  async show(id: string): Promise<{ readonly delivery: DeliveryView; readonly attempts: readonly Attempt[] } | undefined> {
    const delivery = await this.#store.find(id)
    return delivery && { delivery: toView(delivery), attempts: await this.#store.attempts(id) }
  }

  /** What ticket systems answered to deliveries about these: it may say anything. */
  async forgetAnswers(subjects: readonly string[]): Promise<void> {
    await this.#store.forgetAnswers(subjects)
  }

  /** Those of the filter that are settled are told once more, under the same id. @returns how many */
  async replay(filter: DeliveryFilter): Promise<number> {
    const deliveries = await this.#store.replay(filter, Date.now())
    this.#replayed(filter, deliveries)
    return deliveries
  }
}

export const toView = ({ id, endpoint, subject, event, state, attempts, lastOutcome, updatedAt }: Delivery): DeliveryView => ({
  id,
  endpoint,
  subject,
  event,
  state,
  attempts,
  ...(lastOutcome === undefined ? {} : { lastOutcome }),
  updatedAt: new Date(updatedAt).toISOString(),
})
