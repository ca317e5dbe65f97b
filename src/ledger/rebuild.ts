import sql from 'sql-template-tag'
import type { Database } from './database.ts'
import type { Json } from './json.ts'
import { factOf, project } from './writer.ts'

/** Rows read at a time. */
const page = 1_000

/** Makes the read models again from the events; until it is done queries see them as they were, and the ledger is not written. @returns how many events were read */
export async function rebuildLedger(database: Database): Promise<number> {
  return database.transaction(async (asked) => {
    // Whoever writes waits; whoever reads does not.
    await asked.run('LOCK TABLE events IN SHARE MODE')
    await asked.run('DELETE FROM calls; DELETE FROM handovers; DELETE FROM tickets; DELETE FROM markings')
    let last = 0
    let events = 0
    for (;;) {
      /* oxlint-disable no-await-in-loop -- one page after the other */
      const rows = await asked.query<{ id: string; body: Json }>(sql`SELECT id, body FROM events WHERE id > ${last} ORDER BY id LIMIT ${page}`)
      if (rows.length > 0) await project(asked, rows.flatMap(({ body }) => factOf(body) ?? []))
      /* oxlint-enable no-await-in-loop */
      events += rows.length
      last = Number(rows.at(-1)?.id)
      if (rows.length < page) return events
    }
  })
}
