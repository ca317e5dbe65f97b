import { isDeepStrictEqual } from 'node:util'
import type { Ticket } from '../domain/ticket/ticket.ts'
import sql from 'sql-template-tag'
import { recordId, recordOfTicket } from '../domain/sharing/need-to-know.ts'
import type { Database } from './database.ts'
import { LedgerQueries } from './queries.ts'

/** What one ledger says of a ticket and the other does not, or otherwise. */
export interface Disagreement {
  readonly ticket: string
  /** `missing-there`, `missing-here`, or the fields that differ. */
  readonly what: string
}

export interface Comparison {
  readonly tickets: number
  readonly disagreements: readonly Disagreement[]
}

/** Rows read at a time. */
const page = 100
/** What two platforms must have alike; deadlines are each one's own. */
const alike = ['mode', 'from', 'to', 'state', 'urgency', 'matter', 'intake', 'reason', 'references', 'returns', 'steps', 'conference', 'registeredAt'] as const satisfies readonly (keyof Ticket)[]

/** Holds the tickets of two ledgers against each other; of need-to-know ones (§7) those that both have. @param times of registration, UTC, ISO 8601 @throws what Postgres throws */
export async function compareLedgers(here: Database, there: Database, times: { readonly from?: string; readonly to?: string }): Promise<Comparison> {
  const [all, allThere, marked] = await Promise.all([ticketsOf(here, times), ticketsOf(there, times), markedIn(here, there)])
  const shared = (tickets: ReadonlyMap<string, Ticket>, others: ReadonlyMap<string, Ticket>) => new Map([...tickets].filter(([id, ticket]) => others.has(id) || !marked.has(recordId(recordOfTicket(ticket)))))
  const [own, others] = [shared(all, allThere), shared(allThere, all)]
  const missing = [...others.keys()].filter((id) => !own.has(id)).map((ticket) => ({ ticket, what: 'missing-here' }))
  const found = [...own].flatMap(([ticket, one]): readonly Disagreement[] => {
    const other = others.get(ticket)
    if (!other) return [{ ticket, what: 'missing-there' }]
    const fields = [...alike.filter((field) => !isDeepStrictEqual(one[field], other[field])), ...(one.needToKnow?.reason === other.needToKnow?.reason ? [] : ['needToKnow'])]
    return fields.length > 0 ? [{ ticket, what: fields.join(', ') }] : []
  })
  return { tickets: new Set([...own.keys(), ...others.keys()]).size, disagreements: [...found, ...missing] }
}

async function markedIn(...databases: readonly Database[]): Promise<ReadonlySet<string>> {
  const rows = await Promise.all(databases.map((database) => database.query<{ record: string }>(sql`SELECT record FROM markings`)))
  return new Set(rows.flat().map(({ record }) => record))
}

async function ticketsOf(database: Database, times: { readonly from?: string; readonly to?: string }): Promise<ReadonlyMap<string, Ticket>> {
  const queries = new LedgerQueries(database)
  const all = new Map<string, Ticket>()
  for (let cursor: string | undefined; ; ) {
    // oxlint-disable-next-line no-await-in-loop -- one page after the other
    const { items, next } = await queries.tickets(times, page, cursor)
    for (const ticket of items) all.set(ticket.id, ticket)
    if (next === undefined) return all
    cursor = next
  }
}
