import postgres, { type Sql } from 'postgres'
import { LedgerError } from './ledger-error.ts'
import { type Migration, migrations } from './migrations.ts'

/** How long a connection may take, s. */
const connectSec = 5
/** Any number: whoever migrates holds this lock. */
const migrationLock = 12_345_110

/** @param maximum connections at a time */
export function openDatabase(url: string, maximum: number): Sql {
  return postgres(url, { max: maximum, connect_timeout: connectSec, idle_timeout: 60, onnotice: () => undefined, connection: { application_name: 'tandem' } })
}

/** The version of the tables: how many migrations were made. 0: none at all. */
export async function versionOf(sql: Sql): Promise<number> {
  const [there] = await sql`SELECT to_regclass('ledger_version') IS NOT NULL AS made`
  if (!there?.['made']) return 0
  const [row] = await sql`SELECT coalesce(max(version), 0) AS version FROM ledger_version`
  return Number(row?.['version'])
}

/**
 * Brings the tables to a version, all or nothing; two that do it at a time wait for each other.
 * @param to the newest when left out; a lower one is a way back, and `migrations.ts` says what is lost by it
 * @returns the steps made, in their order
 * @throws LedgerError when the tables are of a later version than this program knows
 */
export async function migrate(sql: Sql, to = migrations.length): Promise<readonly string[]> {
  return sql.begin<readonly string[]>(async (tx) => {
    await tx`SELECT pg_advisory_xact_lock(${migrationLock})`
    await tx`CREATE TABLE IF NOT EXISTS ledger_version (version integer NOT NULL, name text NOT NULL, at timestamptz NOT NULL DEFAULT now())`
    const version = await versionOf(tx as unknown as Sql)
    if (version > migrations.length) throw new LedgerError('version', `The ledger has version ${version}; this program knows ${migrations.length} at most.`)
    const steps = stepsOf(version, to)
    for (const { text, name, result } of steps) {
      /* oxlint-disable no-await-in-loop -- one step after the other */
      await tx.unsafe(text)
      if (result > version) await tx`INSERT INTO ledger_version (version, name) VALUES (${result}, ${name})`
      else await tx`DELETE FROM ledger_version WHERE version > ${result}`
      /* oxlint-enable no-await-in-loop */
    }
    return steps.map(({ name, result }) => `${result > version ? 'to' : 'back to'} ${result}: ${name}`)
  })
}

interface Step {
  readonly text: string
  readonly name: string
  /** The version after it. */
  readonly result: number
}

function stepsOf(from: number, to: number): readonly Step[] {
  const numbered = migrations.map((migration: Migration, i) => ({ ...migration, version: i + 1 }))
  if (to >= from) return numbered.filter(({ version }) => version > from && version <= to).map(({ up, name, version }) => ({ text: up, name, result: version }))
  return numbered
    .filter(({ version }) => version > to && version <= from)
    .toReversed()
    .map(({ down, name, version }) => ({ text: down, name, result: version - 1 }))
}
