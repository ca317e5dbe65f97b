import { factVersion } from '../domain/facts.ts'
import { type CatalogueChange, type CatalogueVersion, changed, type Difference, differenceOf, type Fault } from '../domain/matters/catalogue.ts'
import { holdsOn, type KnowledgeEntry, type List, type MatterRow } from '../domain/matters/matter.ts'
import type { Journal } from '../journal/journal.ts'
import type { Tables } from '../journal/sql.ts'
import { annex } from './annex.ts'
import { shippedKnowledge } from './knowledge.ts'

/** The catalogue as it was published: version 1 of every installation. */
const published: CatalogueVersion = { version: 1, at: '2023-04-14T00:00:00.000Z', by: '启政办发〔2023〕18号', rows: annex, knowledge: shippedKnowledge }

/** Versions that are listed: years of them, at one a day. */
const mostVersions = 1_000

export interface VersionLine extends Difference {
  readonly version: number
  readonly at: string
  readonly by: string
}

export type Changed = { readonly catalogue: CatalogueVersion; readonly difference: Difference } | { readonly faults: readonly Fault[] } | { readonly stale: true }

export interface CataloguesParts {
  readonly tables: Tables
  readonly journal: Pick<Journal, 'append'>
  /** IANA name: whose day decides what holds. */
  readonly timeZone: string
  /** UTC ms. */
  readonly now?: () => number
}

/** The catalogue while it is used: the current version in memory, every version in the journal's file. */
export class Catalogues {
  readonly #parts: CataloguesParts
  readonly #listeners = new Set<(current: CatalogueVersion) => void>()
  /** As `2023-04-14`. */
  readonly #days: Intl.DateTimeFormat
  #current: CatalogueVersion
  /** One change after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(parts: CataloguesParts, current: CatalogueVersion) {
    this.#parts = parts
    this.#days = new Intl.DateTimeFormat('en-CA', { timeZone: parts.timeZone })
    this.#current = current
  }

  /** @throws SqlError */
  static async load(parts: CataloguesParts): Promise<Catalogues> {
    const [last] = await parts.tables.all({ sql: 'SELECT body FROM catalogues ORDER BY version DESC LIMIT 1', params: [] })
    return new Catalogues(parts, last ? parsed(last['body']) : published)
  }

  get current(): CatalogueVersion {
    return this.#current
  }

  /** @throws SqlError */
  async version(wanted: number): Promise<CatalogueVersion | undefined> {
    if (wanted === this.#current.version) return this.#current
    if (wanted === published.version) return published
    const [row] = await this.#parts.tables.all({ sql: 'SELECT body FROM catalogues WHERE version = ?', params: [wanted] })
    return row && parsed(row['body'])
  }

  /** The newest first. @throws SqlError */
  async versions(): Promise<readonly VersionLine[]> {
    const rows = await this.#parts.tables.all({ sql: 'SELECT version, at, by, added, changed FROM catalogue_versions ORDER BY version DESC LIMIT ?', params: [mostVersions] })
    const kept = rows.map(({ version, at, by, added, changed: otherwise }): VersionLine => ({ version: Number(version), at: String(at), by: String(by), added: JSON.parse(String(added)) as string[], changed: JSON.parse(String(otherwise)) as string[] }))
    const { version, at, by } = published
    return [...kept, { version, at, by, ...differenceOf({ ...published, rows: [], knowledge: [] }, published) }]
  }

  /** What holds today. */
  inForce(): { readonly rows: readonly MatterRow[]; readonly knowledge: readonly KnowledgeEntry[] } {
    const day = this.today()
    return { rows: this.#current.rows.filter((row) => holdsOn(row, day)), knowledge: this.#current.knowledge.filter((entry) => holdsOn(entry, day)) }
  }

  /** What holds, or will. */
  lasting(): readonly MatterRow[] {
    const day = this.today()
    return this.#current.rows.filter(({ validUntil }) => validUntil === undefined || day < validUntil)
  }

  /** The row of a list that a matter names; undefined where none that holds today has it, or more than one. */
  named({ category, item }: { readonly category?: string; readonly item?: string }, list: List): MatterRow | undefined {
    if (category === undefined && item === undefined) return undefined
    const fit = this.inForce().rows.filter((row) => row.list === list && (category === undefined || row.category === category) && (item === undefined || row.item === item))
    // The last two rows of list 1 say the same.
    return new Set(fit.map((row) => `${row.category} ${row.item}`)).size === 1 ? fit[0] : undefined
  }

  /** Ids of the rows that have ended, or have not begun. */
  notInForce(): readonly string[] {
    const day = this.today()
    return this.#current.rows.filter((row) => !holdsOn(row, day)).map(({ id }) => id)
  }

  today(): string {
    return this.#days.format(this.#now())
  }

  /** @param expected the version that the change was made for, where that is known @throws SqlError when it cannot be kept: then nothing has changed */
  change(change: CatalogueChange, by: string, expected?: number): Promise<Changed> {
    const turn = this.#turn.then(() => this.#change(change, by, expected))
    // Told to whoever asked for that change.
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Told each new version. @returns how to stop */
  onChange(listener: (current: CatalogueVersion) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async #change(change: CatalogueChange, by: string, expected: number | undefined): Promise<Changed> {
    const before = this.#current
    if (expected !== undefined && expected !== before.version) return { stale: true }
    const at = new Date(this.#now()).toISOString()
    const after = changed(before, change, by, at)
    if (!('version' in after)) return { faults: after }
    const difference = differenceOf(before, after)
    if (difference.added.length + difference.changed.length === 0) return { catalogue: before, difference }
    await this.#parts.tables.commit([
      { sql: 'INSERT INTO catalogues (version, body) VALUES (?, ?)', params: [after.version, JSON.stringify(after)] },
      { sql: 'INSERT INTO catalogue_versions (version, at, by, added, changed) VALUES (?, ?, ?, ?, ?)', params: [after.version, at, by, JSON.stringify(difference.added), JSON.stringify(difference.changed)] },
    ])
    this.#current = after
    for (const listener of this.#listeners) listener(after)
    await this.#parts.journal.append([{ type: 'catalogue-changed', version: factVersion, at, by, catalogue: { version: after.version, ...difference } }])
    return { catalogue: after, difference }
  }

  #now(): number {
    return (this.#parts.now ?? Date.now)()
  }
}

const parsed = (body: unknown): CatalogueVersion => JSON.parse(String(body)) as CatalogueVersion
