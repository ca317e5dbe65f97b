import sql from 'sql-template-tag'
import type { Withheld } from '../users/clearance.ts'
import type { Asked } from './database.ts'
import { shownTo } from './queries.ts'

/** Whose personal data: of one call, or of all calls of a number. */
export type ErasureOf = { readonly call: string } | { readonly number: string }

export interface Erased {
  /** The records of which something was forgotten: calls, and tickets without a call. */
  readonly records: readonly string[]
  /** Ids of what belongs to them: hand-overs and tickets. */
  readonly subjects: readonly string[]
  /** Ids of the files that were given with them. */
  readonly attachments: readonly string[]
}

/**
 * Forgets numbers, names, places and what was said, by the citizen, by desks and by other systems; what happened stays, and the chains hold. It
 * cannot be taken back. @param withheld records that whoever asks may not know of: they stay
 */
export async function erasePersonal(asked: Asked, of: ErasureOf, withheld?: Withheld): Promise<Erased> {
  const named = 'call' in of ? sql`SELECT ${of.call}` : sql`SELECT subject FROM personal WHERE kind = 'number' AND value = ${of.number}`
  const known = await asked.query<{ record: string }>(sql`SELECT DISTINCT record FROM (${named}) AS named (record) WHERE TRUE ${shownTo(withheld, sql`record`)}`)
  const records = known.map(({ record }) => record)
  const belonging = await asked.query<{ id: string }>(sql`SELECT id FROM handovers WHERE call_id = ANY(${records}) UNION SELECT id FROM tickets WHERE coalesce(call_id, id) = ANY(${records})`)
  const subjects = [...new Set([...records, ...belonging.map(({ id }) => id)])]
  // A message that names none of them may say the number.
  const words = [...subjects, ...('number' in of ? [of.number] : [])]
  const gone = await asked.query<{ subject: string }>(sql`
    DELETE FROM personal WHERE (subject = ANY(${records})
    OR kind = 'message' AND EXISTS (SELECT 1 FROM unnest(${words}::text[]) AS word WHERE strpos(value, word) > 0)) ${shownTo(withheld, sql`subject`)} RETURNING subject`)
  const given = await asked.query<{ id: string }>(sql`SELECT a->>'id' AS id FROM tickets t, json_array_elements(t.record->'attachments') AS a WHERE coalesce(t.call_id, t.id) = ANY(${records})`)
  const forgotten = new Set(gone.map(({ subject }) => subject))
  return { records: records.filter((record) => forgotten.has(record)), subjects, attachments: given.map(({ id }) => id) }
}
