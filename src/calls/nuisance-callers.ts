import { statement, type Tables } from '../journal/sql.ts'

/** A number that was marked as harassing the hotline (恶意骚扰). */
export interface NuisanceCaller {
  readonly number: string
  /** Calls in which he was marked. */
  readonly marks: number
  /** The last mark: UTC, ISO 8601. */
  readonly at: string
  readonly by: string
  readonly callId: string
}

export type Mark = Omit<NuisanceCaller, 'marks'>

/** What can be dialled back: a withheld number is everybody's. */
const telling = /^\+?[0-9]{3,}$/u
/** How long a mark counts, ms: nobody harasses for ever. */
const countsMs = 365 * 86_400_000

const since = (): string => new Date(Date.now() - countsMs).toISOString()

/** One form of a number, however it was signalled. */
const plain = (number: string): string => number.replace(/^(?:\+|00)86(?=\d{5})/u, '')

/** Who was marked, in memory; the marks, one a call, are in the journal's file. Methods throw SqlError where that cannot be used. */
export class NuisanceCallers {
  readonly #tables: Tables
  #kept: readonly Mark[] = []
  /** One change after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(tables: Tables) {
    this.#tables = tables
  }

  /** Nobody is known before. */
  async load(): Promise<void> {
    const rows = await this.#tables.all(statement('SELECT number, at, by, call_id FROM nuisance_marks ORDER BY at'))
    this.#kept = rows.map(({ number, at, by, call_id: callId }) => ({ number: String(number), at: String(at), by: String(by), callId: String(callId) }))
  }

  marksOf(number: string): number {
    return this.#marks.filter((mark) => mark.number === plain(number)).length
  }

  /** The last marked first. @param except calls whose marks are left out */
  list(except: readonly string[] = []): readonly NuisanceCaller[] {
    const byNumber = Map.groupBy(this.#marks.filter(({ callId }) => !except.includes(callId)), ({ number }) => number)
    return [...byNumber.values()].flatMap((marks) => marks.slice(-1).map((last) => ({ ...last, marks: marks.length }))).toSorted((one, other) => (one.at < other.at ? 1 : -1))
  }

  /** Once a call. @returns how often he is marked now; 0 where his number does not tell who he is */
  mark(mark: Mark): Promise<number> {
    const known = { ...mark, number: plain(mark.number) }
    return this.#inTurn(async () => {
      if (telling.test(known.number) && !this.#marks.some(({ number, callId }) => number === known.number && callId === known.callId)) {
        const insert = statement('INSERT INTO nuisance_marks (number, call_id, at, by) VALUES (?, ?, ?, ?)', known.number, known.callId, known.at, known.by)
        await this.#tables.commit([statement('DELETE FROM nuisance_marks WHERE at < ?', since()), insert])
        this.#kept = [...this.#marks, known]
      }
      return this.marksOf(known.number)
    })
  }

  /** Takes the marks off a number, but in calls that are left out; or those that were made in calls. @returns whether there were any */
  forget(of: { readonly number: string; readonly except?: readonly string[] } | { readonly calls: readonly string[] }): Promise<boolean> {
    const concerns = 'number' in of ? (mark: Mark) => mark.number === plain(of.number) && !of.except?.includes(mark.callId) : (mark: Mark) => of.calls.includes(mark.callId)
    return this.#inTurn(async () => {
      const gone = this.#marks.filter(concerns)
      await this.#tables.commit(gone.map(({ number, callId }) => statement('DELETE FROM nuisance_marks WHERE number = ? AND call_id = ?', number, callId)))
      this.#kept = this.#marks.filter((mark) => !concerns(mark))
      return gone.length > 0
    })
  }

  /** Those that count. */
  get #marks(): readonly Mark[] {
    const from = since()
    return this.#kept.filter(({ at }) => at >= from)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    // Told to whoever asked for it.
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}
