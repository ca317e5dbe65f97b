import type { Logger } from 'pino'
import type { TicketEndpointConfig } from '../config/schema.ts'
import type { Entry } from '../journal/journal.ts'
import type { ReaderJournal } from '../journal/reader-journal.ts'
import type { Delivery, DeliveryStore } from './delivery-store.ts'
import { noticeOf, webhookId } from './payload.ts'

/** Facts read at a time. */
const page = 500
/** What is told at once is planned at once: its INVITE left when it was written, ms. */
const callFirstMs = 2
/** Pause after the journal failed, ms. */
const retryMs = 1_000

/** The deliveries that a fact asks for: one an endpoint of the platform that it is for. */
export function planned(
  { fact, position }: Entry,
  endpoints: readonly Pick<TicketEndpointConfig, 'id' | 'platform' | 'events'>[],
  instance: string,
  now: number,
): Delivery[] {
  const notice = noticeOf(fact)
  if (!notice) return []
  const { subject, payload, platforms, except } = notice
  const event = payload.type
  return endpoints
    .filter(({ id, platform, events }) => id !== except && platforms.includes(platform) && (events?.includes(event) ?? true))
    .map(({ id }) => ({
      id: webhookId(instance, id, notice),
      endpoint: id,
      subject,
      position,
      event,
      state: 'pending',
      attempts: 0,
      nextAt: now,
      updatedAt: now,
    }))
}

interface PlannerParts {
  readonly journal: Pick<ReaderJournal, 'read' | 'onWritten'>
  readonly store: DeliveryStore
  readonly endpoints: readonly TicketEndpointConfig[]
  readonly instance: string
  readonly logger: Logger
  /** Told of new deliveries once they are on disk. */
  readonly onPlanned: (deliveries: readonly Delivery[]) => Promise<void>
  /** Told how far facts have been read. */
  readonly onRead: (position: number) => void
}

/** Follows the journal behind its own cursor and turns facts into deliveries. */
export class Planner {
  readonly #parts: PlannerParts
  #cursor: number | undefined
  #working: Promise<void> | undefined
  #again = false
  #retry: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  #stop: (() => void) | undefined

  constructor(parts: PlannerParts) {
    this.#parts = parts
  }

  start(): void {
    this.#stop = this.#parts.journal.onWritten(() => this.#wakeSoon())
    this.#wake()
  }

  async close(): Promise<void> {
    this.#stop?.()
    this.#stop = undefined
    clearTimeout(this.#retry)
    clearTimeout(this.#soon)
    await this.#working
  }

  #wakeSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      this.#wake()
    }, callFirstMs)
  }

  #wake(): void {
    this.#again = true
    if (this.#working || !this.#stop) return
    clearTimeout(this.#retry)
    this.#working = this.#follow().finally(() => {
      this.#working = undefined
      if (this.#again) this.#wake()
    })
  }

  /** Never rejects. */
  async #follow(): Promise<void> {
    try {
      while (this.#again && this.#stop) {
        this.#again = false
        if (await this.#step()) this.#again = true
      }
    } catch (error) {
      // The journal is away: nothing was planned, the cursor has not moved, it is tried again.
      this.#parts.logger.warn({ err: error }, 'ticket planning waits for the journal')
      this.#again = false
      if (this.#stop) this.#retry = setTimeout(() => this.#wake(), retryMs)
    }
  }

  /** True when more may follow. */
  async #step(): Promise<boolean> {
    const { journal, store, endpoints, instance, onPlanned, onRead } = this.#parts
    this.#cursor ??= await store.cursor()
    onRead(this.#cursor)
    const entries = await journal.read(this.#cursor, page)
    const last = entries.at(-1)
    if (!last) return false
    const now = Date.now()
    const deliveries = entries.flatMap((entry) => planned(entry, endpoints, instance, now))
    // Facts that ask for nothing are read again after a restart rather than cost a write each.
    if (deliveries.length > 0 || entries.length === page) await store.plan(deliveries, last.position)
    this.#cursor = last.position
    onRead(last.position)
    await onPlanned(deliveries)
    return entries.length === page
  }
}
