import { setTimeout as pause } from 'node:timers/promises'
import { createBirpc } from 'birpc'
import { type Logger, pino } from 'pino'
import type { ReaderJournal } from './journal/reader-journal.ts'
import { selectAfter } from './journal/rows.ts'
import { Ledger } from './ledger/ledger.ts'
import type { JournalRow } from './ledger/writer.ts'
import type { ReadersHealth, ReadersSide, ServiceSide, Settings } from './readers/contract.ts'
import { remoteJournal } from './readers/remote-journal.ts'
import { Choices } from './recommendation/choices.ts'
import { RecommendationThread, RecommenderAway } from './recommendation/recommendation-thread.ts'
import { startTickets, type Tickets } from './tickets/tickets.ts'

/**
 * The process of the journal's readers, started by the service: ticket delivery and the ledger; and of the recommender. The loop that runs calls does
 * nothing of theirs, and what becomes of them does not touch a call.
 */

/** After a start that failed, ms. */
const retryMs = 1_000
/** For an answer of the service, ms: its disk may hang. */
const answerMs = 30_000

const closed = new AbortController()
let tickets: Tickets | undefined
let ledger: Ledger | undefined
let recommender: RecommendationThread | undefined

const mine: ReadersSide = {
  begin: (settings) => void begin(settings),
  written: () => journal.written(),
  health: (): ReadersHealth => ({
    tickets: tickets?.health() ?? { redis: 'down', pending: 0, dead: 0, endpoints: [] },
    ...(ledger ? { ledger: ledger.health() } : {}),
  }),
  sweep: () => tickets?.sweep(),
  look: (endpoint) => tickets?.look(endpoint),
  learn: (rows) => recommender?.learn(rows),
  recommend: async (question) => recommender?.ask(question).catch(unlessAway),
  choose: async (text, matter, call) => {
    const choice = await recommender?.choose(text, matter).catch(unlessAway)
    if (choice) await choices.add(choice, new Date().toISOString(), call)
    return choice !== undefined
  },
  // What cannot be read now is read as the recommender starts.
  chosenAnew: () => void recommender?.chosenAnew().catch(() => undefined),
  async close() {
    closed.abort()
    await Promise.all([tickets?.close(), ledger?.close(), recommender?.close()])
  },
}
const service = createBirpc<ServiceSide, ReadersSide>(mine, {
  // A service that has just ended takes no message: `disconnect` says so.
  post: (message) => void (process.connected && process.send?.(message, undefined, undefined, () => undefined)),
  on: (listener) => void process.on('message', listener),
  eventNames: ['reached', 'referred'],
  timeout: answerMs,
})
const journal = remoteJournal(service)
const choices = new Choices(journal.tables)

// The service has ended, in whatever way.
process.on('disconnect', () => process.exit(0))
// Ctrl-C and a supervisor reach every process of the service: this one ends when the service says so.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)

async function begin({ config, journal: id, rows }: Settings): Promise<void> {
  const logger = pino({ level: config.log.level, base: { instance: config.instance } })
  if (config.ledger) {
    const read = async (after: number, limit: number) =>
      (await journal.tables.all(selectAfter(after, limit))) as unknown as readonly JournalRow[]
    ledger = new Ledger({ config: config.ledger, journal: id, logger: logger.child({ part: 'ledger' }), read, onWritten: (listener) => journal.onWritten(listener), written: (position) => journal.reached('ledger', position) })
    ledger.start()
  }
  recommender = new RecommendationThread({ rows, choices: async () => (config.recommendation.learning ? choices.all() : []), logger: logger.child({ part: 'recommendation' }) })
  await startedTickets(config, journal, logger.child({ part: 'tickets' }))
}

function unlessAway(error: unknown): undefined {
  if (!(error instanceof RecommenderAway)) throw error
}

const told = {
  heard: (endpoint: string, id: string, message: object) => service.heard(endpoint, id, message),
  // A service that ends is told at its next start, with what is told then.
  onReference: (endpoint: string, ticket: string, reference: string) => void service.referred(endpoint, ticket, reference).catch(() => undefined),
}

/** Tries until it has started: what it needs may be away. */
async function startedTickets(config: Settings['config'], from: ReaderJournal, logger: Logger): Promise<void> {
  while (!tickets && !closed.signal.aborted) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one try after the other
      tickets = await startTickets({ config, journal: from, logger, ...told })
    } catch (error) {
      logger.error({ err: error }, 'tickets could not be started')
      // oxlint-disable-next-line no-await-in-loop -- as above; only closing cuts it short
      await pause(retryMs, undefined, { signal: closed.signal }).catch(() => undefined)
    }
  }
}
