import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import type { JournalFile } from '../journal/open-journal.ts'
import { addressGuard } from './address-guard.ts'
import { attempt, type AttemptParts } from './attempt.ts'
import { DeliveryQueue } from './delivery-queue.ts'
import { type Counts, type Delivery, type DeliveryState, DeliveryStore, type Head } from './delivery-store.ts'
import { Planner } from './planner.ts'
import type { TicketEvent } from './payload-schema.ts'
import { webhookSender } from './post-webhook.ts'

/** A delivery as told to the outside. */
export interface DeliveryView {
  /** The `webhook-id`. */
  readonly id: string
  readonly endpoint: string
  readonly event: TicketEvent
  readonly state: DeliveryState
  readonly attempts: number
  readonly lastOutcome?: string
  /** UTC, ISO 8601. */
  readonly updatedAt: string
}

export interface Tickets {
  /** `dead`: given up, in all. */
  health(): { readonly redis: 'up' | 'down'; readonly pending: number; readonly dead: number }
  /** In the order of the facts. @throws SqlError when the journal cannot be read. */
  deliveriesOf(subject: string): Promise<readonly DeliveryView[]>
  /** Told when a delivery is planned and after each attempt. @returns how to stop. */
  onDelivery(listener: (delivery: DeliveryView & { readonly subject: string }) => void): () => void
  /** Within some 10 s, whatever Redis and the receivers do. The journal is closed after it. */
  close(): Promise<void>
}

export interface TicketsOptions {
  readonly config: Pick<Config, 'instance' | 'redis' | 'tickets'>
  readonly journal: JournalFile
  readonly logger: Logger
  /** Pause between sweeps for what Redis has lost, ms. */
  readonly sweepMs?: number
}

const concurrency = 100
const sweepPage = 1_000

/**
 * Starts telling the ticket systems. Resolves also when Redis is away.
 * @throws Error when `tickets.allowNetworks` holds something else than networks; SqlError when the journal cannot be read.
 */
export async function startTickets(options: TicketsOptions): Promise<Tickets> {
  const { config, journal, logger, sweepMs = 15_000 } = options
  const { instance, redis, tickets } = config
  const guard = addressGuard(tickets.allowNetworks)
  const store = new DeliveryStore(journal.tables)
  const sender = webhookSender(guard, tickets.timeoutMs)
  const ending = new AbortController()
  const listeners = new Set<(delivery: DeliveryView & { subject: string }) => void>()
  /** Jobs of deliveries that run now: the same one is not started twice when Redis was emptied meanwhile. */
  const running = new Set<string>()
  let counts: Counts = await store.counts()
  let closing: Promise<void> | undefined

  const tell = (delivery: Delivery): void => {
    const told = { ...toView(delivery), subject: delivery.subject }
    for (const listener of listeners) {
      try {
        listener(told)
      } catch (error) {
        // A reader's fault must not stop deliveries.
        logger.error({ err: error }, 'delivery listener failed')
      }
    }
  }
  const parts: AttemptParts = { store, journal, sender, tickets, logger, random: Math.random, onRecorded: tell }

  const addHeads = async (groups: readonly Pick<Delivery, 'endpoint' | 'subject'>[]): Promise<void> => {
    const heads = await Promise.all(groups.map(({ endpoint, subject }) => store.head(endpoint, subject)))
    await queue.add(missing(heads.filter((head) => head !== undefined)))
  }
  const missing = (heads: readonly Head[]) => heads.filter(({ id }) => !running.has(id))

  const run = async (id: string): Promise<number | undefined> => {
    if (running.has(id)) return undefined
    running.add(id)
    try {
      const ran = await attempt(id, parts, ending.signal)
      if (!ran || ran.runAgainAt !== undefined) return ran?.runAgainAt
      counts = { pending: counts.pending - 1, dead: counts.dead + (ran.delivery.state === 'failed' ? 1 : 0) }
      await addHeads([ran.delivery])
      return undefined
    } finally {
      running.delete(id)
    }
  }

  let sweeping: Promise<void> | undefined
  let again = false
  const sweep = (): void => {
    again = true
    sweeping ??= sweepAll().finally(() => {
      sweeping = undefined
    })
  }
  const sweepAll = async (): Promise<void> => {
    while (again) {
      again = false
      await sweepOnce()
    }
  }
  const sweepOnce = async (): Promise<void> => {
    try {
      counts = await store.counts()
      for await (const heads of store.heads(Date.now() + 2 * sweepMs, sweepPage)) {
        if (closing || !queue.up) return
        await queue.add(missing(heads))
      }
    } catch (error) {
      // The journal is away; the next sweep is not far.
      logger.warn({ err: error }, 'delivery sweep waits for the journal')
    }
  }

  const name = `${instance}-tickets`
  const queue = new DeliveryQueue({ ...redis, name, concurrency, run, onReady: sweep, logger })
  const planner = new Planner({
    journal,
    store,
    endpoints: tickets.endpoints,
    instance,
    logger,
    async onPlanned(deliveries) {
      counts = { ...counts, pending: counts.pending + deliveries.length }
      for (const delivery of deliveries) tell(delivery)
      await addHeads([...new Map(deliveries.map((d) => [`${d.endpoint} ${d.subject}`, d])).values()])
    },
  })
  planner.start()
  const sweeper = setInterval(sweep, sweepMs)

  const close = async (): Promise<void> => {
    clearInterval(sweeper)
    await planner.close()
    await queue.close(() => ending.abort(new Error('the service ends')))
    await sweeping
    await sender.close()
  }

  return {
    health: () => ({ redis: queue.up ? 'up' : 'down', ...counts }),
    deliveriesOf: async (subject) => (await store.ofHandover(subject)).map(toView),
    onDelivery(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => (closing ??= close()),
  }
}

const toView = ({ id, endpoint, event, state, attempts, lastOutcome, updatedAt }: Delivery): DeliveryView => ({
  id,
  endpoint,
  event,
  state,
  attempts,
  ...(lastOutcome === undefined ? {} : { lastOutcome }),
  updatedAt: new Date(updatedAt).toISOString(),
})
