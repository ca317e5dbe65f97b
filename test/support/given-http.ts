import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type DestinationStream, pino } from 'pino'
import { stringify } from 'yaml'
import { Calls } from '../../src/calls/calls.ts'
import { parseConfig } from '../../src/config/load.ts'
import { Attachments } from '../../src/attachments/attachments.ts'
import { Inbox } from '../../src/http/inbox.ts'
import { type App, buildServer } from '../../src/http/server.ts'
import type { Journal } from '../../src/journal/journal.ts'
import { type JournalFile, openJournal } from '../../src/journal/open-journal.ts'
import { linkKey } from '../../src/recordings/links.ts'
import { phoneBase, PhoneLinks } from '../../src/softkeys/phone-links.ts'
import { Softkeys } from '../../src/softkeys/softkeys.ts'
import { Recordings } from '../../src/recordings/recordings.ts'
import type { LedgerAccess } from '../../src/ledger/access.ts'
import type { Recommendation } from '../../src/recommendation/recommender.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { Choices } from '../../src/recommendation/choices.ts'
import { Deliveries, type DeliveryView } from '../../src/tickets/deliveries.ts'
import { NuisanceCallers } from '../../src/calls/nuisance-callers.ts'
import type { Observed } from '../../src/calls/comparison.ts'
import { Catalogues } from '../../src/matters/catalogues.ts'
import { ticketRules } from '../../src/dispatch/rules.ts'
import { TicketBook } from '../../src/dispatch/ticket-book.ts'
import { AccountStore } from '../../src/users/account-store.ts'
import { Accounts } from '../../src/users/accounts.ts'
import { permissions } from '../../src/users/roles.ts'
import { FakeControl } from './fake-control.ts'

export const keys = { desk: 'key-of-the-desk-0001', tickets: 'key-of-the-ticket-system', archive: 'key-of-the-archive-1' }
/** The one key that may have recordings. */
export const withArchiveKey = { authorization: `Bearer ${keys.archive}` }
/** Of the ticket system `tickets-110`. */
export const webhookSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
export const withKey = { authorization: `Bearer ${keys.desk}` }
export const seats = { '12345': ['1001', '1002', '1003'], '110': ['2001', '2002', '2003'] } as const

export interface GivenHttp {
  readonly http: App
  readonly calls: Calls
  readonly control: FakeControl
  readonly journal: JournalFile
  readonly tickets: TicketBook
  readonly recordings: Recordings
  readonly phoneLinks: PhoneLinks
  /** Asterisk's recordings directory, as it seems. */
  readonly directory: string
  /** What the recommender was told that agents chose: text and matter. */
  readonly chosen: readonly (readonly [text: string, matter: string])[]
  /** Log lines of level warn and above. */
  readonly warnings: readonly string[]
  /** Idempotent. */
  close(): Promise<void>
}

export interface HttpOptions {
  /** The journal's file, which stays; a new one that goes at the end when left out. */
  readonly path?: string
  /** What stands between the service and the journal. */
  readonly wrap?: (journal: JournalFile) => Journal
  /** Played; otherwise those of the journal's file. */
  readonly deliveries?: readonly DeliveryView[]
  /** Calls are recorded. */
  readonly recorded?: boolean
  readonly agents?: Readonly<Record<'12345' | '110', readonly string[]>>
  /** Agents may call citizens. */
  readonly outbound?: boolean
  /** It is reached by TLS alone. */
  readonly secure?: boolean
  readonly ledger?: LedgerAccess
  /** What is recommended for everything; the recommender is away when left out. */
  readonly recommendation?: Recommendation
  /** Whether it learns from choices. */
  readonly learning?: boolean
  /** Who is cleared for need-to-know records. */
  readonly cleared?: Readonly<Record<string, readonly string[]>>
  /** Numbers by which it is known who calls. */
  readonly knownCallers?: readonly { readonly number: string; readonly kind: string }[]
  /** What the PBX has at the start. */
  readonly observed?: Partial<Observed>
}

const health = async () => ({ tickets: { redis: 'up', pending: 0, dead: 0, endpoints: [] }, away: false }) as const

export function newJournalPath(): string {
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  return join(mkdtempSync(join(runtimeDir, 'test', 'http-')), 'journal.sqlite')
}

/** The HTTP interface with calls and a journal on disk; the PBX and the ticket queue are played. Timers never fire. */
export async function givenHttp({ path: given, wrap = (file: Journal) => file, deliveries, recorded = false, agents = seats, observed = {}, outbound = false, secure = false, ledger, recommendation, learning = true, knownCallers = [], cleared }: HttpOptions = {}): Promise<GivenHttp> {
  const path = given ?? newJournalPath()
  const warnings: string[] = []
  const sink: DestinationStream = { write: (line) => void warnings.push(line) }
  const logger = pino({ level: 'warn' }, sink)
  const file = await openJournal({ path, limits: { retryMs: 50 } })
  const journal = wrap(file)
  const config = parseConfig(settings(path, { agents, recorded, outbound, secure, learning, knownCallers, ...(cleared ? { cleared } : {}) }), {})
  let control: FakeControl | undefined
  const timers = { set: () => undefined, clear: () => undefined }
  const nuisance = new NuisanceCallers(file.tables)
  await nuisance.load()
  const tickets = await TicketBook.load(journal, ticketRules(config))
  const calls = new Calls({ config, journal: tickets.alongCalls, logger, timers, nuisanceMarks: (number) => nuisance.marksOf(number), control: (listener) => (control = new FakeControl(listener)) })
  if (!control) throw new Error('calls made no control')
  Object.assign(control.observed, observed)
  calls.restored()
  await eventually(() => calls.inControl, Boolean)
  const { directory } = config.recording
  const recordings = new Recordings({ config: config.recording, journal: tickets.alongCalls, logger, isRunning: async (id) => calls.recordings.runs(id) })
  const show = async (wanted: string) => (deliveries ?? []).filter(({ id }) => id === wanted).map((delivery) => ({ delivery, attempts: [] }))[0]
  const played = deliveries ? { deliveriesOf: async () => deliveries, list: async () => deliveries, show, replay: async () => 0, forgetAnswers: async () => undefined } : new Deliveries(file.tables, () => undefined)
  const accounts = await Accounts.load({ config, store: new AccountStore(file.tables), journal })
  const catalogues = await Catalogues.load({ tables: file.tables, journal, timeZone: 'Asia/Shanghai' })
  const chosen: [text: string, matter: string][] = []
  const choose = async (...choice: [text: string, matter: string, call?: string]) => recommendation !== undefined && chosen.push([choice[0], choice[1]]) > 0
  const recommend = async ({ except }: { readonly except: readonly string[] }) => recommendation && { ...recommendation, matters: recommendation.matters.filter(({ id }) => !except.includes(id)) }
  const readers = { health, recommend, choose, chosenAnew: () => undefined }
  const softkeys = new Softkeys({ config, calls, journal, logger })
  const phoneLinks = await PhoneLinks.load({ tables: file.tables, key: await linkKey(file.tables), base: phoneBase(config) })
  const http = await buildServer({ config, logger, calls, journal, attachments: new Attachments({ config: config.attachments, logger }), inbox: new Inbox(config.tickets.endpoints, journal, tickets, await journal.answers()), readers, deliveries: played, recordings, accounts, tickets, catalogues, nuisance, choices: new Choices(file.tables), linkKey: await linkKey(file.tables), softkeys, phoneLinks, ledger })
  let closing: Promise<void> | undefined
  const close = async () => {
    await http.close()
    await recordings.close()
    await file.close()
    if (given === undefined) rmSync(dirname(path), { recursive: true })
  }
  return { http, calls, control, journal: file, tickets, recordings, phoneLinks, directory, chosen, warnings, close: () => (closing ??= close()) }
}

/** A configuration with the journal there. @param ports of the service's own HTTP interface, and Asterisk's */
export function settings(path: string, { agents = seats, recorded = false, outbound = false, secure = false, learning = true, knownCallers = [], cleared = {} }: Pick<HttpOptions, 'agents' | 'recorded' | 'outbound' | 'secure' | 'learning' | 'knownCallers' | 'cleared'> = {}, ports: { readonly http?: number; readonly asterisk?: number } = {}): string {
  const secret = 'only-for-this-test-00'
  return stringify({
    http: { secure, ...(ports.http ? { port: ports.http } : {}), apiKeys: Object.entries(keys).map(([name, key]) => ({ name, key, scopes: name === 'archive' ? permissions : permissions.filter((one) => one !== 'recordings' && one !== 'accounts') })) },
    asterisk: { application: 'tandem', username: 'tandem', ariPassword: secret, amiPassword: secret, ...(ports.asterisk ? { httpPort: ports.asterisk, amiPort: ports.asterisk } : {}) },
    redis: { url: 'redis://127.0.0.1:1' },
    journal: { path },
    recommendation: { learning },
    knownCallers,
    sharing: { cleared },
    attachments: { directory: join(dirname(path), 'attachments'), mostMiB: 1 },
    tickets: { endpoints: [{ id: 'tickets-110', platform: '110', url: 'http://127.0.0.1:1/', secrets: [webhookSecret] }] },
    ...(outbound ? { trunks: [{ id: 'carrier', host: '127.0.0.1' }], outbound: { trunk: 'carrier' } } : {}),
    recording: { enabled: recorded, directory: join(dirname(path), 'recording') },
    desks: { '12345': { numbers: ['12345'] }, '110': { numbers: ['110'] } },
    testCalls: [{ platform: '110', endpoint: agents['110'].at(-1), ringMs: 1_000 }],
    adoption: { contexts: ['ext-queues'] },
    agents: (['12345', '110'] as const).flatMap((platform) => agents[platform].map((id) => ({ id, platform, password: secret }))),
  })
}
