import type { Statement, Tables } from '../journal/sql.ts'

/** A number that was marked as harassing the hotline (恶意骚扰). */
export interface NuisanceCaller {
  readonly number: string
  readonly marks: number
  /** The last mark: UTC, ISO 8601. */
  readonly at: string
  readonly by: string
  readonly callId: string
}

export type Mark = Omit<NuisanceCaller, 'marks'>

/** What can be dialled back: a withheld number is everybody's. */
const telling = /^\+?[0-9]{3,}$/u

const statement = (sql: string, ...params: Statement['params']): Statement => ({ sql, params })

/** Who was marked, in memory; the marks are in the journal's file. Methods throw SqlError where that cannot be used. */
export class NuisanceCallers {
  readonly #tables: Tables
  #known = new Map<string, NuisanceCaller>()

  constructor(tables: Tables) {
    this.#tables = tables
  }

  /** Nobody is known before. */
  async load(): Promise<void> {
    this.#known = new Map()
    for (const { number, at, by, call_id: callId } of await this.#tables.all(statement('SELECT number, at, by, call_id FROM nuisance_marks ORDER BY id'))) {
      this.#note({ number: String(number), at: String(at), by: String(by), callId: String(callId) })
    }
  }

  marksOf(number: string): number {
    return this.#known.get(number)?.marks ?? 0
  }

  /** The last marked first. */
  list(): readonly NuisanceCaller[] {
    return [...this.#known.values()].toSorted((one, other) => (one.at < other.at ? 1 : -1))
  }

  /** @returns how often he is marked now; 0 where his number does not tell who he is */
  async mark(mark: Mark): Promise<number> {
    if (!telling.test(mark.number)) return 0
    await this.#tables.commit([statement('INSERT INTO nuisance_marks (number, at, by, call_id) VALUES (?, ?, ?, ?)', mark.number, mark.at, mark.by, mark.callId)])
    return this.#note(mark)
  }

  /** Takes the marks off a number, or those that were made in a call. @returns whether there were any */
  async forget(of: { readonly number: string } | { readonly call: string }): Promise<boolean> {
    const marks = this.#count
    await this.#tables.commit(['number' in of ? statement('DELETE FROM nuisance_marks WHERE number = ?', of.number) : statement('DELETE FROM nuisance_marks WHERE call_id = ?', of.call)])
    await this.load()
    return this.#count < marks
  }

  get #count(): number {
    return [...this.#known.values()].reduce((sum, { marks }) => sum + marks, 0)
  }

  #note(mark: Mark): number {
    const marks = this.marksOf(mark.number) + 1
    this.#known.set(mark.number, { ...mark, marks })
    return marks
  }
}
