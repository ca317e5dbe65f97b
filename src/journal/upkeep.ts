import type { Logger } from 'pino'
import type { DiskReserve } from './reserve.ts'
import { forgetOldFacts } from './retention.ts'
import type { Tables } from './sql.ts'

const mebibyte = 1_048_576
const dayMs = 86_400_000
/** Between two looks, ms. */
const lookMs = 60_000
/** Of the cap, from which on an alarm says so. */
const alarmShare = 0.8
/** Facts forgotten at a look for their age, and where the cap asks for it. */
const factsAtALook = 20_000
/** Even under the cap's pressure a day stays: live views go back so far. */
const leastMs = dayMs

export interface UpkeepOptions {
  readonly tables: Tables
  readonly reserve: DiskReserve
  /** Who must have read a fact before it is forgotten. */
  readonly readers: readonly string[]
  readonly retentionDays: number
  /** Bytes of the file in use, above which facts are forgotten sooner. */
  readonly maxBytes: number
  readonly logger: Logger | undefined
  readonly now?: () => number
}

/** Keeps the journal small and its disk with room: forgets what is old and everybody has read, and raises an alarm long before it is full. */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #reached = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #big: string | undefined

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  start(): void {
    void this.look()
    this.#timer = setInterval(() => void this.look(), lookMs).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** Why somebody should make room; undefined while there is enough. */
  get trouble(): string | undefined {
    return this.#options.reserve.trouble ?? this.#big
  }

  /** A reader has read as far as this. */
  reached(reader: string, position: number): void {
    this.#reached.set(reader, position)
  }

  /** Now. Never rejects. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look())
    return this.#looking
  }

  async #look(): Promise<void> {
    const { reserve, logger } = this.#options
    try {
      await reserve.look()
      await this.#forget()
    } catch (error) {
      // A failing disk is told of by the writes; the next look is not far.
      logger?.warn({ err: error }, 'the journal could not be looked after')
    }
  }

  async #forget(): Promise<void> {
    const { tables, retentionDays, maxBytes, logger, now = Date.now } = this.#options
    const position = this.#slowest()
    const forgotten = await forgetOldFacts(tables, { position, before: now() - retentionDays * dayMs, facts: factsAtALook })
    const sooner = (await this.#size()) > maxBytes * alarmShare ? await forgetOldFacts(tables, { position, before: now() - leastMs, facts: factsAtALook }) : 0
    const size = await this.#size()
    const big = size > maxBytes * alarmShare ? `${Math.ceil(size / mebibyte)} MiB of ${Math.floor(maxBytes / mebibyte)} are in use${this.#behind()}` : undefined
    if (big !== undefined && this.#big === undefined) logger?.error({ reason: big }, 'the journal is nearly as big as it may be')
    this.#big = big
    if (forgotten + sooner > 0) logger?.info({ facts: forgotten + sooner }, 'old facts were forgotten')
  }

  /** What every reader has read: nothing while one has not said it, or there is none. */
  #slowest(): number {
    const { readers } = this.#options
    return readers.length === 0 ? 0 : Math.min(...readers.map((reader) => this.#reached.get(reader) ?? 0))
  }

  #behind(): string {
    const silent = this.#options.readers.filter((reader) => !this.#reached.has(reader))
    return silent.length > 0 ? `; not read yet by ${silent.join(' and ')}` : ''
  }

  /** Bytes in use: pages that are free are written again before the file grows. */
  async #size(): Promise<number> {
    const [row] = await this.#options.tables.all({ sql: 'SELECT (c.page_count - f.freelist_count) * s.page_size AS bytes FROM pragma_page_count c, pragma_freelist_count f, pragma_page_size s', params: [] })
    return Number(row?.['bytes'])
  }
}
