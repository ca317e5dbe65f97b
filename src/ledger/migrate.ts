import sql from 'sql-template-tag'
import type { Asked, Database } from './database.ts'
import { LedgerError } from './ledger-error.ts'
import { type Migration, migrations } from './migrations.ts'

/** Any number: whoever migrates holds this lock. */
const migrationLock = 12_345_110

/** The version of the tables: how many migrations were made. 0: none at all. */
export async function versionOf(asked: Asked): Promise<number> {
  const [there] = await asked.query<{ made: boolean }>(sql`SELECT to_regclass('ledger_version') IS NOT NULL AS made`)
  if (!there?.made) return 0
  const [row] = await asked.query<{ version: number }>(sql`SELECT coalesce(max(version), 0) AS version FROM ledger_version`)
  return row?.version ?? 0
}

/**
 * Brings the tables to a version, all or nothing; two that do it at a time wait for each other.
 * @param to the newest when left out; a lower one is a way back, and `migrations.ts` says what is lost by it
 * @returns the steps made, in their order
 * @throws LedgerError when the tables are of a later version than this program knows
 */
export async function migrate(database: Database, to = migrations.length): Promise<readonly string[]> {
  return database.transaction(async (asked) => {
    await asked.query(sql`SELECT pg_advisory_xact_lock(${migrationLock})`)
    await asked.run('CREATE TABLE IF NOT EXISTS ledger_version (version integer NOT NULL, name text NOT NULL, at timestamptz NOT NULL DEFAULT now())')
    const version = await versionOf(asked)
    if (version > migrations.length) throw new LedgerError('version', `The ledger has version ${version}; this program knows ${migrations.length} at most.`)
    const steps = stepsOf(version, to)
    for (const { text, name, result } of steps) {
      /* oxlint-disable no-await-in-loop -- one step after the other */
      await asked.run(text)
      await asked.query(result > version ? sql`INSERT INTO ledger_version (version, name) VALUES (${result}, ${name})` : sql`DELETE FROM ledger_version WHERE version > ${result}`)
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
