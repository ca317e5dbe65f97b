import { statement, type Tables } from '../journal/sql.ts'
import { type Choice, mostChoices } from './learned.ts'

/** What was learned for a matter. */
export interface LearnedMatter {
  /** Id of the catalogue's row. */
  readonly matter: string
  readonly choices: number
  /** The last choice: UTC, ISO 8601. */
  readonly last: string
  /** Which words came most often with it. */
  readonly words: readonly string[]
}

/** Rows read at a time: each is parsed on the loop of whoever asks. */
const pageSize = 500
const mostWords = 10

/** What agents chose, in the journal's file. Every method throws SqlError where that cannot be used. */
export class Choices {
  readonly #tables: Tables

  constructor(tables: Tables) {
    this.#tables = tables
  }

  /** The oldest first. */
  async all(): Promise<readonly Choice[]> {
    return (await this.#rows()).map(({ matter, features }) => ({ matter, features }))
  }

  /** @param at UTC, ISO 8601 @param call in which it was said, where that is known */
  async add({ matter, features }: Choice, at: string, call?: string): Promise<void> {
    await this.#tables.commit([
      statement('INSERT INTO choices (matter, features, at, call_id) VALUES (?, ?, ?, ?)', matter, JSON.stringify(features), at, call ?? null),
      statement('DELETE FROM choices WHERE id <= (SELECT max(id) FROM choices) - ?', mostChoices),
    ])
  }

  /** @param matter all when left out */
  async forget(matter: string | undefined): Promise<void> {
    await this.#tables.commit([matter === undefined ? statement('DELETE FROM choices') : statement('DELETE FROM choices WHERE matter = ?', matter)])
  }

  /** What was said in these calls. */
  async forgetCalls(calls: readonly string[]): Promise<void> {
    await this.#tables.commit(calls.map((call) => statement('DELETE FROM choices WHERE call_id = ?', call)))
  }

  /** What was learned, the most chosen first. @param except calls that are left out */
  async learned(except: readonly string[] = []): Promise<readonly LearnedMatter[]> {
    const byMatter = Map.groupBy((await this.#rows()).filter(({ call }) => call === undefined || !except.includes(call)), ({ matter }) => matter)
    return [...byMatter].map(([matter, rows]) => ({ matter, choices: rows.length, last: rows.at(-1)?.at ?? '', words: wordsOf(rows) })).toSorted((one, other) => other.choices - one.choices)
  }

  async #rows(): Promise<readonly Row[]> {
    const found: Row[] = []
    for (let after = 0; ; ) {
      // oxlint-disable-next-line no-await-in-loop -- one page after the other
      const rows = await this.#tables.all(statement('SELECT id, matter, features, at, call_id FROM choices WHERE id > ? ORDER BY id LIMIT ?', after, pageSize))
      found.push(...rows.map(({ matter, features, at, call_id: call }) => ({ matter: String(matter), features: JSON.parse(String(features)) as Choice['features'], at: String(at), ...(typeof call === 'string' ? { call } : {}) })))
      after = Number(rows.at(-1)?.['id'] ?? 0)
      if (rows.length < pageSize) return found
    }
  }
}

/** A choice as it is kept. */
interface Row extends Choice {
  readonly at: string
  readonly call?: string
}

function wordsOf(choices: readonly Choice[]): readonly string[] {
  const times = new Map<string, number>()
  for (const { features } of choices) for (const [feature] of features) if (feature.startsWith('#')) times.set(feature.slice(1), (times.get(feature.slice(1)) ?? 0) + 1)
  return [...times].toSorted(([, one], [, other]) => other - one).slice(0, mostWords).map(([word]) => word)
}
