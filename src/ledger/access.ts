import type { Readable } from 'node:stream'
import sql from 'sql-template-tag'
import type { Config } from '../config/schema.ts'
import type { SignedCheckpoint } from './checkpoint.ts'
import type { Database } from './database.ts'
import type { Withheld } from '../users/clearance.ts'
import type { Erased, ErasureOf } from './erase.ts'
import type { ExportOrder } from './export-order.ts'
import { LedgerError } from './ledger-error.ts'
import type { LedgerQueries } from './queries.ts'

/** Connections: of queries, and of exports. */
const connections = 6
/** How long Postgres may take for a query, ms. */
const queryMs = 5_000

interface Opened {
  readonly database: Database
  readonly queries: LedgerQueries
}

/**
 * The ledger as it is read by the service: its library is loaded, and Postgres connected to, at the first question. Every method
 * throws LedgerError: `away` within 5 s.
 */
export class LedgerAccess {
  readonly #config: NonNullable<Config['ledger']>
  #opened: Promise<Opened> | undefined

  constructor(config: NonNullable<Config['ledger']>) {
    this.#config = config
  }

  async handovers(...query: Parameters<LedgerQueries['handovers']>): ReturnType<LedgerQueries['handovers']> {
    return this.#ask(({ queries }) => queries.handovers(...query))
  }

  async calls(...query: Parameters<LedgerQueries['calls']>): ReturnType<LedgerQueries['calls']> {
    return this.#ask(({ queries }) => queries.calls(...query))
  }

  async tickets(...query: Parameters<LedgerQueries['tickets']>): ReturnType<LedgerQueries['tickets']> {
    return this.#ask(({ queries }) => queries.tickets(...query))
  }

  async events(...query: Parameters<LedgerQueries['events']>): ReturnType<LedgerQueries['events']> {
    return this.#ask(({ queries }) => queries.events(...query))
  }

  async overrides(...query: Parameters<LedgerQueries['overrides']>): ReturnType<LedgerQueries['overrides']> {
    return this.#ask(({ queries }) => queries.overrides(...query))
  }

  /** In their order. @param after number of the last one that is known */
  async checkpoints(after: number, limit: number): Promise<readonly (SignedCheckpoint & { readonly number: number })[]> {
    return this.#ask(({ database }) => database.query(sql`SELECT number, text, signature FROM checkpoints WHERE number > ${after} ORDER BY number LIMIT ${limit}`))
  }

  /** As `erasePersonal`. */
  async erase(of: ErasureOf, withheld?: Withheld): Promise<Erased> {
    const { erasePersonal } = await import('./erase.ts')
    return this.#ask(({ database }) => erasePersonal(database, of, withheld))
  }

  /** Resolves when Postgres has begun to answer. */
  async export(order: ExportOrder): Promise<Readable> {
    const { exportTable } = await import('./export.ts')
    return this.#ask(({ database }) => exportTable(database, order))
  }

  async close(): Promise<void> {
    const opened = await this.#opened
    await opened?.database.end()
  }

  async #ask<T>(question: (opened: Opened) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new LedgerError('away', `Postgres has not answered within ${queryMs} ms`)), queryMs)
    })
    try {
      const answer = (this.#opened ??= this.#open()).then(question)
      return await Promise.race([answer, late])
    } catch (error) {
      throw LedgerError.from(error)
    } finally {
      clearTimeout(timer)
    }
  }

  async #open(): Promise<Opened> {
    const [{ Database: Connections }, { LedgerQueries: Queries }] = await Promise.all([import('./database.ts'), import('./queries.ts')])
    const database = new Connections(this.#config.url, connections)
    return { database, queries: new Queries(database) }
  }
}
