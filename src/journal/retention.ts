import { statement, type Tables } from './sql.ts'

/** Facts looked at in one transaction. */
const page = 1_000

export interface RetentionBounds {
  /** What every reader has read. */
  readonly position: number
  /** What happened before this is forgotten, UTC ms. */
  readonly before: number
  /** Most facts that are looked at. */
  readonly facts: number
}

/** What is still asked for stays, however old: how things stand now, what a ticket system was not told yet, recordings that are kept. */
const needed = `SELECT last FROM open_calls UNION ALL SELECT last FROM agents UNION ALL SELECT last FROM test_calls
  UNION ALL SELECT last FROM recordings WHERE state != 'deleted' UNION ALL SELECT last FROM tickets WHERE settled = 0
  UNION ALL SELECT last FROM markings WHERE lifted = 0
  UNION ALL SELECT position FROM deliveries WHERE state != 'delivered'`

/**
 * Forgets old facts, the oldest first, with what was delivered of them. In pages, between which others write.
 * @returns how many facts were forgotten @throws SqlError when the file cannot be used
 */
export async function forgetOldFacts(tables: Tables, { position, before, facts }: RetentionBounds): Promise<number> {
  let [from, looked, forgotten] = [0, 0, 0]
  while (looked < facts) {
    /* oxlint-disable no-await-in-loop -- one page after the other */
    const rows = await tables.all(statement(`SELECT position, json_extract(body, '$.at') AS at FROM facts WHERE position > ? AND position <= ? ORDER BY position LIMIT ?`, from, position, Math.min(page, facts - looked)))
    const young = rows.findIndex((row) => Date.parse(String(row['at'])) >= before)
    const old = young < 0 ? rows : rows.slice(0, young)
    const to = Number(old.at(-1)?.['position'] ?? from)
    if (old.length > 0) forgotten += await forgetPage(tables, from, to)
    /* oxlint-enable no-await-in-loop */
    looked += rows.length
    from = to
    if (old.length < rows.length || rows.length < page) break
  }
  if (forgotten > 0) await tables.commit(leftovers)
  return forgotten
}

async function forgetPage(tables: Tables, from: number, to: number): Promise<number> {
  const inPage = 'position > ? AND position <= ?'
  const [counted] = await tables.all(statement(`SELECT count(*) AS n FROM facts WHERE ${inPage} AND position NOT IN (${needed})`, from, to))
  await tables.commit([
    statement(`DELETE FROM attempts WHERE delivery_id IN (SELECT id FROM deliveries WHERE ${inPage} AND state = 'delivered')`, from, to),
    statement(`DELETE FROM deliveries WHERE ${inPage} AND state = 'delivered'`, from, to),
    statement(`DELETE FROM facts WHERE ${inPage} AND position NOT IN (${needed})`, from, to),
  ])
  return Number(counted?.['n'])
}

/** What led to a fact that is gone. */
const leftovers = [
  statement('DELETE FROM markings WHERE lifted = 1 AND NOT EXISTS (SELECT 1 FROM facts WHERE position = markings.last)'),
  statement('DELETE FROM tickets WHERE settled = 1 AND NOT EXISTS (SELECT 1 FROM facts WHERE position = tickets.last)'),
  statement('DELETE FROM handovers WHERE NOT EXISTS (SELECT 1 FROM facts WHERE position = handovers.last)'),
  statement(`DELETE FROM recordings WHERE state = 'deleted' AND NOT EXISTS (SELECT 1 FROM facts WHERE position = recordings.last)`),
]
