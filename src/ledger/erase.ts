import sql from 'sql-template-tag'
import type { Asked } from './database.ts'

/** Whose personal data: of one call, or of all calls of a number. */
export type ErasureOf = { readonly call: string } | { readonly number: string }

/**
 * Forgets numbers, names and what was said; what happened stays, and the chains hold. It cannot be taken back.
 * @returns the calls of which something was forgotten
 */
export async function erasePersonal(asked: Asked, of: ErasureOf): Promise<readonly string[]> {
  const subjects = 'call' in of ? sql`SELECT ${of.call}` : sql`SELECT subject FROM personal WHERE kind = 'number' AND value = ${of.number}`
  const rows = await asked.query<{ call: string }>(sql`WITH gone AS (DELETE FROM personal WHERE subject IN (${subjects}) RETURNING subject) SELECT DISTINCT subject AS call FROM gone`)
  return rows.map(({ call }) => call)
}
