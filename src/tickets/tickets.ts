import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import type { ReaderJournal } from '../journal/reader-journal.ts'
import { fileLink, linkKey } from '../recordings/links.ts'
import { filesOf, linksIn } from './files.ts'
import { addressGuard } from './address-guard.ts'
import { attempt, type AttemptParts } from './attempt.ts'
import { Circuit, type CircuitState } from './circuit.ts'
import { DeliveryQueue } from './delivery-queue.ts'
import { type Counts, type Delivery, DeliveryStore, type Head } from './delivery-store.ts'
import { Poller, type PollerOptions } from './poller.ts'
import { Planner } from './planner.ts'
import { SettingChecks } from './setting-checks.ts'
import { systemFor } from './systems.ts'
import type { SettingFault } from './ticket-system.ts'
import { httpSender } from './http-sender.ts'
import { Cti } from './zammad/cti.ts'

export interface TicketsHealth extends Counts {
  readonly redis: 'up' | 'down'
  /** Those that are configured. */
  readonly endpoints: readonly { readonly id: string; readonly circuit: CircuitState; /** What its settings name and it has not. */ readonly faults?: readonly SettingFault[] }[]
}

export interface Tickets {
  /** `dead`: given up, in all. */
  health(): TicketsHealth
  /** Looks for what is to be told: deliveries were replayed. */
  sweep(): void
  /** Something has happened in an endpoint's system. */
  look(endpoint: string): void
  /** Within some 10 s, whatever Redis and the receivers do. The journal is closed after it. */
  close(): Promise<void>
}

export interface TicketsOptions {
  readonly config: Pick<Config, 'instance' | 'redis' | 'tickets'> & { readonly http: Pick<Config['http'], 'publicUrl'>; readonly recording: Pick<Config['recording'], 'linkHours'> }
  readonly journal: ReaderJournal
  readonly logger: Logger
  /** Told the number that a ticket has in an endpoint's system. */
  readonly onReference?: AttemptParts['onReference']
  /** Takes what people did in a ticket system. */
  readonly heard?: PollerOptions['heard']
  /** Pause between sweeps for what Redis has lost, ms. */
  readonly sweepMs?: number
  /** Pause before a system that is away is asked once more for what its settings name, ms. */
  readonly checkMs?: number
}

const sweepPage = 1_000

/**
 * Starts telling the ticket systems. Resolves also when Redis is away.
 * @throws Error when `tickets.allowNetworks` holds something else than networks; SqlError when the journal cannot be read.
 */
export async function startTickets(options: TicketsOptions): Promise<Tickets> {
  const { config, journal, logger, sweepMs = 15_000, checkMs, onReference = () => undefined, heard = async () => true } = options
  const { instance, redis, tickets } = config
  const guard = addressGuard(tickets.allowNetworks)
  const store = new DeliveryStore(journal.tables)
  const sender = httpSender(guard, tickets.timeoutMs)
  const systems = new Map(tickets.endpoints.map((endpoint) => [endpoint.id, systemFor(endpoint, sender)]))
  const ending = new AbortController()
  /** Jobs of deliveries that run now: the same one is not started twice when Redis was emptied meanwhile. */
  const running = new Set<string>()
  let counts: Counts = await store.counts()
  let closing: Promise<void> | undefined

  const key = await linkKey(journal.tables)
  const { publicUrl } = config.http
  const linksOf: AttemptParts['linksOf'] = ({ data }, message) => {
    if (!('ticket' in data) || !data.ticket || data.ticket.needToKnow) return []
    const own = publicUrl === undefined ? [] : filesOf(data.ticket).map((file) => fileLink(key, publicUrl, file, config.recording.linkHours, Date.now()))
    return [...own, ...linksIn(message)]
  }

  const circuits = new Map(tickets.endpoints.map(({ id }) => [id, new Circuit(tickets.circuit)]))
  const onBack = (endpoint: string): void => {
    logger.info({ endpoint }, 'ticket system is back')
    void queue.promote(endpoint)
  }
  const parts: AttemptParts = { store, systems, tickets, circuits, logger, random: Math.random, onBack, onReference, linksOf }

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
      if (ran.delivery.state === 'pending') {
        await addHeads([ran.delivery])
        return undefined
      }
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
  const endpoints = new Map(tickets.endpoints.map(({ id, concurrency }) => [id, concurrency]))
  const queue = new DeliveryQueue({ ...redis, name, endpoints, run, onReady: sweep, logger })
  const planner = new Planner({
    journal,
    store,
    endpoints: tickets.endpoints,
    instance,
    logger,
    onRead: (position) => journal.reached('tickets', position),
    async onPlanned(deliveries) {
      counts = { ...counts, pending: counts.pending + deliveries.length }
      await addHeads([...new Map(deliveries.map((d) => [`${d.endpoint} ${d.subject}`, d])).values()])
    },
  })
  planner.start()
  const poller = new Poller({ endpoints: tickets.endpoints, systems, store, heard, logger })
  poller.start()
  const checks = new SettingChecks({ endpoints: tickets.endpoints, systems, logger, ...(checkMs === undefined ? {} : { pauseMs: checkMs }) })
  checks.start()
  const ctis = tickets.endpoints.flatMap(({ id, platform, cti }) => (cti === undefined ? [] : [new Cti({ endpoint: { id, platform, cti }, journal, store, sender, logger })]))
  for (const cti of ctis) cti.start()
  const sweeper = setInterval(sweep, sweepMs)

  const close = async (): Promise<void> => {
    clearInterval(sweeper)
    await Promise.all([planner.close(), poller.close(), checks.close(), ...ctis.map((cti) => cti.close())])
    await queue.close(() => ending.abort(new Error('the service ends')))
    await sweeping
    await sender.close()
  }

  return {
    health: () => ({
      redis: queue.up ? 'up' : 'down',
      ...counts,
      endpoints: [...circuits].map(([id, circuit]) => ({ id, circuit: circuit.state(Date.now()), ...(checks.faults(id).length > 0 ? { faults: checks.faults(id) } : {}) })),
    }),
    sweep,
    look: (endpoint) => poller.look(endpoint),
    close: () => (closing ??= close()),
  }
}
