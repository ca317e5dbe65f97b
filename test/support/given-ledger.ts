import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import sql from 'sql-template-tag'
import type { Config } from '../../src/config/schema.ts'
import { openJournal, type JournalFile } from '../../src/journal/open-journal.ts'
import { selectAfter } from '../../src/journal/rows.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { type LabPostgres, startPostgres } from '../../src/lab/postgres.ts'
import { ensureRoot } from '../../src/lab/root.ts'
import { Database } from '../../src/ledger/database.ts'
import { Ledger } from '../../src/ledger/ledger.ts'
import type { JournalRow } from '../../src/ledger/writer.ts'

export async function startLabPostgres(name: string): Promise<LabPostgres> {
  await ensureRoot(() => {})
  const dir = join(runtimeDir, 'test', name)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  return startPostgres({ dir })
}

export interface GivenLedger {
  readonly journal: JournalFile
  readonly ledger: Ledger
  readonly database: Database
  readonly config: NonNullable<Config['ledger']>
  /** Resolves when the ledger has all that the journal has. */
  caughtUp(): Promise<void>
  close(): Promise<void>
}

let databases = 0

/** A journal and a ledger that follows it, in a database of their own. */
export async function givenLedger(postgres: LabPostgres, more: { readonly checkpointMs?: number; readonly path?: string; readonly url?: string; /** Somebody else's, who closes it. */ readonly journal?: JournalFile } = {}): Promise<GivenLedger> {
  const dir = mkdtempSync(join(tmpdir(), 'ledger-'))
  const url = more.url ?? (await newDatabase(postgres))
  const config = { url, checkpointMs: more.checkpointMs ?? 86_400_000, checkpointFile: join(dir, 'checkpoints.jsonl'), keyFile: join(dir, 'key.pem') }
  const journal = more.journal ?? (await openJournal({ path: more.path ?? join(dir, 'journal.sqlite') }))
  const database = new Database(url, 2)
  const read = async (after: number, limit: number) =>
    (await journal.tables.all(selectAfter(after, limit))) as unknown as readonly JournalRow[]
  const ledger = new Ledger({ config, journal: journal.id, logger: pino({ level: 'silent' }), read, onWritten: (listener) => journal.onWritten(listener), written: () => undefined })
  ledger.start()
  return {
    journal,
    ledger,
    database,
    config,
    async caughtUp() {
      const [last] = await journal.tables.all({ sql: 'SELECT coalesce(max(position), 0) AS position FROM facts', params: [] })
      for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
        // oxlint-disable-next-line no-await-in-loop -- asked until it is so
        if ((await positionOf(database, journal.id)) >= Number(last?.['position'])) return
      }
      throw new Error(`the ledger has not caught up: ${ledger.health().detail ?? 'no trouble'}`)
    },
    async close() {
      await ledger.close()
      if (!more.journal) await journal.close()
      await database.end()
      rmSync(dir, { recursive: true })
    },
  }
}

/** 0 while there are no tables, or no Postgres. */
async function positionOf(database: Database, journal: string): Promise<number> {
  try {
    const [row] = await database.query<{ position: string }>(sql`SELECT coalesce(max(position), 0) AS position FROM events WHERE journal = ${journal}`)
    return Number(row?.position)
  } catch {
    // Not yet.
    return 0
  }
}

/** @returns its address */
export async function newDatabase(postgres: LabPostgres): Promise<string> {
  const name = `ledger_${(databases += 1)}`
  const database = new Database(postgres.url, 1)
  await database.run(`CREATE DATABASE ${name}`)
  await database.end()
  return postgres.url.replace(/\/tandem$/, `/${name}`)
}
