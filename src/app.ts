import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Attachments } from './attachments/attachments.ts'
import { AsteriskControl } from './asterisk/asterisk-control.ts'
import { Calls } from './calls/calls.ts'
import { NuisanceCallers } from './calls/nuisance-callers.ts'
import type { Config } from './config/schema.ts'
import { Inbox } from './http/inbox.ts'
import { type App, buildServer } from './http/server.ts'
import type { JournalFile } from './journal/open-journal.ts'
import { ticketRules } from './dispatch/rules.ts'
import { TicketBook } from './dispatch/ticket-book.ts'
import { LedgerAccess } from './ledger/access.ts'
import { Catalogues } from './matters/catalogues.ts'
import { ReadersProcess } from './readers/readers-process.ts'
import { Choices } from './recommendation/choices.ts'
import { phoneBase, PhoneLinks } from './softkeys/phone-links.ts'
import { Softkeys } from './softkeys/softkeys.ts'
import { handoverLink, linkKey } from './recordings/links.ts'
import { Recordings } from './recordings/recordings.ts'
import { Deliveries } from './tickets/deliveries.ts'
import { AccountStore } from './users/account-store.ts'
import { Accounts } from './users/accounts.ts'

export interface Tandem {
  readonly http: App
  /** The API's address, once listening. */
  readonly address: string
  /** Stops taking part; live calls talk on in Asterisk. Idempotent. */
  close(): Promise<void>
}

/** How long everything else waits at the start for the calls of a service that died before, ms. */
const patienceMs = 1_000
/** Between two looks at what is due, ms: by the clock, so that neither a restart nor a clock that is put right matters. */
const duesMs = 1_000
/** Between the parts of a burst of them, ms. */
const burstMs = 20

/**
 * Builds and starts everything but the process: journal, tickets, Asterisk, HTTP. Asterisk and Redis may be away.
 * @throws SqlError when the journal cannot be opened; Error when the port is taken.
 */
export async function startTandem(config: Config, logger: Logger, opening: Promise<JournalFile>): Promise<Tandem> {
  const journal = await opening
  const nuisance = new NuisanceCallers(journal.tables)
  // No call waits for it.
  const unknownCallers = (error: unknown) => logger.error({ err: error }, 'who was marked as harassing the hotline could not be read')
  const [agents, testCalls] = await Promise.all([journal.agents(), journal.testCalls(), nuisance.load().catch(unknownCallers)])
  const key = await linkKey(journal.tables)
  const tickets = await TicketBook.load(journal, ticketRules(config))
  const controlLog = logger.child({ part: 'asterisk' })
  let asterisk: AsteriskControl | undefined
  const calls = new Calls({
    config,
    journal: tickets.alongCalls,
    agents,
    recorded: (recording, startedAt) => void recordings.finish(recording, startedAt),
    testCalls,
    nuisanceMarks: (number) => nuisance.marksOf(number),
    handoverLink: (id) => (config.http.publicUrl === undefined ? undefined : handoverLink(key, config.http.publicUrl, id, config.recording.linkHours, Date.now())),
    logger: logger.child({ part: 'calls' }),
    control: (listener) => (asterisk = new AsteriskControl(config, controlLog, listener)),
  })
  const recordings = new Recordings({
    config: config.recording,
    journal: tickets.alongCalls,
    logger: logger.child({ part: 'recordings' }),
    // Unknown while Asterisk is away: looked at again later.
    isRunning: async (recording) => calls.recordings.runs(recording) || !calls.control.up || calls.control.recordings.isLive(recording),
  })
  const softkeys = new Softkeys({ config, calls, journal, logger: logger.child({ part: 'keys' }) })
  // First: the calls of a service that died before wait for it. Nothing waits for Asterisk, which may be away or silent.
  void asterisk?.start()
  const catalogues = await Catalogues.load({ tables: journal.tables, journal, timeZone: config.timezone })
  const inbox = new Inbox(config.tickets.endpoints, journal, tickets, await journal.answers())
  const readers = new ReadersProcess({ config, journal, catalogues, inbox, logger: logger.child({ part: 'readers' }) })
  inbox.onNudge = (endpoint) => readers.look(endpoint)
  const deliveries = new Deliveries(journal.tables, (filter, replayed) => {
    logger.info({ ...filter, replayed }, 'deliveries are told once more')
    readers.sweep()
  })
  const accounts = await Accounts.load({ config, store: new AccountStore(journal.tables), journal })
  const phoneLinks = await PhoneLinks.load({ tables: journal.tables, key, base: phoneBase(config) })
  const ledger = config.ledger && new LedgerAccess(config.ledger)
  const attachments = new Attachments({ config: config.attachments, logger: logger.child({ part: 'attachments' }) })
  const http = await buildServer({ config, logger: logger.child({ part: 'http' }), calls, journal, inbox, readers, deliveries, recordings, attachments, accounts, tickets, catalogues, nuisance, choices: new Choices(journal.tables), linkKey: key, softkeys, phoneLinks, ledger })
  const address = await http.listen({ host: config.http.host, port: config.http.port })
  await Promise.race([calls.firstInControl, pause(patienceMs, undefined, { ref: false })])
  readers.start()
  calls.testCalls.start()
  const tellDues = () => {
    if (tickets.tellDues(Date.now())) setTimeout(tellDues, burstMs).unref()
  }
  const dues = setInterval(tellDues, duesMs)
  const looks = setInterval(() => void calls.look(), config.asterisk.compareMs)
  recordings.start()
  attachments.start()
  let closing: Promise<void> | undefined
  const close = async () => {
    clearInterval(looks)
    clearInterval(dues)
    // At once: whoever asked for one waits for its answer.
    const tested = calls.testCalls.close()
    await http.close()
    await tested
    await calls.handBack()
    await recordings.close()
    attachments.close()
    softkeys.close()
    asterisk?.close()
    await readers.close()
    await ledger?.close()
    await journal.close()
  }
  return { http, address, close: () => (closing ??= close()) }
}
