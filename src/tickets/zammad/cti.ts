import type { Logger } from 'pino'
import type { TicketEndpointConfig } from '../../config/schema.ts'
import type { Entry } from '../../journal/journal.ts'
import type { ReaderJournal } from '../../journal/reader-journal.ts'
import type { DeliveryStore } from '../delivery-store.ts'
import type { HttpSender } from '../http-sender.ts'
import { DeliveryError } from '../verdict.ts'
import { type CallEvent, callEventsOf, type Logged } from './call-events.ts'

export interface CtiOptions {
  readonly endpoint: Pick<TicketEndpointConfig, 'id' | 'platform'> & { /** Of its generic CTI, with the token. */ readonly cti: string }
  readonly journal: Pick<ReaderJournal, 'read' | 'onWritten' | 'tables'>
  readonly store: Pick<DeliveryStore, 'cursorOf' | 'moveCursor'>
  readonly sender: HttpSender
  readonly logger: Logger
  /** A call that rang longer ago is not shown any more, ms. */
  readonly freshMs?: number
}

/** Facts read at a time. */
const page = 200
/** How far back calls may lie that have not ended, facts. */
const lookBack = 2_000
const retryMs = 1_000

/**
 * Tells a Zammad's generic CTI of calls as they ring, are answered and end: it follows the journal behind its own cursor, beside tickets and without
 * their queue. Word that comes late is of no use to whoever looks at the screen: what could not be told while it was fresh is left out.
 */
export class Cti {
  readonly #options: Required<CtiOptions>
  readonly #ending = new AbortController()
  readonly #logged = new Map<string, Logged>()
  #running: Promise<void> = Promise.resolve()
  #wake: () => void = () => undefined
  #forget: () => void = () => undefined

  constructor(options: CtiOptions) {
    this.#options = { freshMs: 60_000, ...options }
  }

  start(): void {
    this.#forget = this.#options.journal.onWritten(() => this.#wake())
    this.#running = this.#follow()
  }

  async close(): Promise<void> {
    this.#forget()
    this.#ending.abort(new Error('the service ends'))
    this.#wake()
    await this.#running
  }

  get #name(): string {
    return `cti-${this.#options.endpoint.id}`
  }

  /** Never rejects. */
  async #follow(): Promise<void> {
    const { logger, endpoint } = this.#options
    let cursor: number | undefined
    while (!this.#ending.signal.aborted) {
      const { promise: woken, resolve } = Promise.withResolvers<void>()
      // Before it is read: what is written meanwhile is read at once afterwards.
      this.#wake = resolve
      let timer: NodeJS.Timeout | undefined
      /* oxlint-disable no-await-in-loop -- one page after the other */
      try {
        cursor ??= await this.#begin()
        const entries = await this.#options.journal.read(cursor, page)
        await this.#tell(entries)
        cursor = entries.at(-1)?.position ?? cursor
        if (entries.length === page) continue
      } catch (error) {
        if (!this.#ending.signal.aborted) logger.warn({ err: error, endpoint: endpoint.id }, 'call events wait for the journal')
        timer = setTimeout(resolve, retryMs)
      }
      await woken
      /* oxlint-enable no-await-in-loop */
      clearTimeout(timer)
    }
  }

  /** From now on, at first; afterwards from where it was, with the calls that had not ended. */
  async #begin(): Promise<number> {
    const { journal, store, endpoint } = this.#options
    const known = await store.cursorOf(this.#name)
    if (known === undefined) {
      const [row] = await journal.tables.all({ sql: 'SELECT max(position) AS last FROM facts', params: [] })
      const last = Number(row?.['last'] ?? 0)
      await store.moveCursor(this.#name, last)
      return last
    }
    for (const { fact, position } of await journal.read(Math.max(0, known - lookBack), lookBack)) {
      if (position > known) break
      for (const event of callEventsOf(fact, endpoint.platform, [...this.#logged.values()])) this.#log(event, 'call' in fact ? fact.call.id : event.callId)
    }
    return known
  }

  /** One call's in their order; calls beside each other. */
  async #tell(entries: readonly Entry[]): Promise<void> {
    const { endpoint, store } = this.#options
    const byCall = Map.groupBy(entries, ({ fact }) => ('call' in fact ? fact.call.id : ''))
    byCall.delete('')
    const told = await Promise.all([...byCall].map(async ([call, ofCall]) => this.#tellOf(call, ofCall)))
    const last = entries.at(-1)
    if (last && (told.includes(true) || entries.length === page)) await store.moveCursor(`cti-${endpoint.id}`, last.position)
  }

  /** @returns whether there was anything to tell */
  async #tellOf(call: string, entries: readonly Entry[]): Promise<boolean> {
    let told = false
    for (const { fact } of entries) {
      for (const event of callEventsOf(fact, this.#options.endpoint.platform, [...this.#logged.values()])) {
        told = true
        // What is not in its log cannot be answered or end there.
        if (event.event !== 'newCall' && !this.#logged.has(event.callId)) continue
        // oxlint-disable-next-line no-await-in-loop -- in their order
        if ((await this.#post(event, Date.parse(fact.at))) || event.event === 'hangup') this.#log(event, call)
      }
    }
    return told
  }

  #log({ event, callId, from, to, direction }: CallEvent, call: string): void {
    if (event === 'newCall') this.#logged.set(callId, { callId, from, to, direction, call })
    if (event === 'hangup') this.#logged.delete(callId)
  }

  /** @returns whether it was taken; it may be away for a moment, but not for long */
  async #post(event: CallEvent, at: number): Promise<boolean> {
    const { endpoint, sender, logger, freshMs } = this.#options
    const { signal } = this.#ending
    while (Date.now() - at <= freshMs && !signal.aborted) {
      /* oxlint-disable no-await-in-loop -- one try after the other */
      try {
        await sender.send({ url: endpoint.cti, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: formOf(event) }, signal)
        return true
      } catch (error) {
        if (signal.aborted) break
        const code = error instanceof DeliveryError ? error.code : 'unknown'
        // A 500 is Zammad's word too, as for a call that its log has already.
        const comesBack = error instanceof DeliveryError && error.verdict === 'retry' && code !== 'http-500'
        logger.warn({ endpoint: endpoint.id, call: event.callId, event: event.event, outcome: code }, 'a call event was not taken')
        if (!comesBack) return false
        await this.#pause(retryMs)
      }
      /* oxlint-enable no-await-in-loop */
    }
    return false
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#ending.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
  }
}

function formOf({ event, callId, from, to, direction, user, cause }: CallEvent): string {
  const form = new URLSearchParams({ event, callId, from, to, direction })
  if (user !== undefined) form.append('user[]', user)
  // By which Zammad finds whose screen is to show the caller.
  if (event === 'answer' && user !== undefined) form.append('answeringNumber', user)
  if (cause !== undefined) form.append('cause', cause)
  return form.toString()
}
