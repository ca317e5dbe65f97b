import { randomBytes } from 'node:crypto'
import sql from 'sql-template-tag'
import type { Fact } from '../domain/facts.ts'
import { upcast } from '../journal/upcast.ts'
import { chainOf, hashOf, type Link, noHash } from './chain.ts'
import type { Asked, Database } from './database.ts'
import { type Json, textAt } from './json.ts'
import { digestOf, type Personal, type PersonalKind, withDigests } from './personal.ts'
import { rowsOf } from './projection.ts'

/** A fact as it is in the journal. */
export interface JournalRow {
  readonly position: number
  readonly epoch: number
  /** JSON. */
  readonly body: string
}

const saltBytes = 16

/** Adds facts to the ledger. Every method throws what Postgres throws; nothing is half done then. */
export class LedgerWriter {
  readonly #database: Database
  readonly #journal: string

  /** @param journal the id of the journal that the facts come from */
  constructor(database: Database, journal: string) {
    this.#database = database
    this.#journal = journal
  }

  /** The position of the last fact of this journal that is in the ledger; 0: none. */
  async cursor(): Promise<number> {
    const [row] = await this.#database.query<{ position: string }>(sql`SELECT coalesce(max(position), 0) AS position FROM events WHERE journal = ${this.#journal}`)
    return Number(row?.position)
  }

  /** In one transaction, on disk when it resolves: events, their chains, and what they make of the read models. */
  async write(rows: readonly JournalRow[]): Promise<void> {
    const events = rows.map((row) => ({ ...row, event: JSON.parse(row.body) as Json }))
    await this.#database.transaction(async (asked) => {
      const personal = await this.#personal(asked, events.map(({ event }) => event))
      const digested = events.map(({ event, ...row }) => ({ ...row, event: withDigests(event, personal.digest(subjectOf(event))), chain: chainOf(event) }))
      const heads = await headsOf(asked, [...new Set(digested.map(({ chain }) => chain))])
      const links = digested.map(({ event, chain, position, epoch }) => {
        const head = heads.get(chain)
        const link: Link = { chain, link: (head?.link ?? 0) + 1, journal: this.#journal, position, epoch, body: JSON.stringify(event), previous: head?.hash ?? noHash }
        const linked = { ...link, hash: hashOf(link), ...columnsOf(event) }
        heads.set(chain, linked)
        return linked
      })
      await asked.query(sql`INSERT INTO personal SELECT * FROM json_to_recordset(${text(personal.added)}::json)
        AS r(digest text, subject text, kind text, salt text, value text) ON CONFLICT (digest) DO NOTHING`)
      await asked.query(sql`INSERT INTO events (journal, position, epoch, chain, link, previous, hash, type, at, call_id, handover_id, body)
        SELECT journal, position, epoch, chain, link, previous, hash, type, at, call_id, handover_id, body::json FROM json_to_recordset(${text(links)}::json)
        AS r(journal text, position bigint, epoch int, chain text, link int, previous text, hash text, type text, at timestamptz, call_id text, handover_id text, body text)
        ORDER BY position`)
      await asked.query(sql`INSERT INTO chains (chain, link, hash) SELECT * FROM json_to_recordset(${text([...heads].map(([chain, { link, hash }]) => ({ chain, link, hash })))}::json)
        AS r(chain text, link int, hash text) ON CONFLICT (chain) DO UPDATE SET link = excluded.link, hash = excluded.hash, checkpoint = NULL`)
      await project(asked, digested.flatMap(({ event }) => factOf(event) ?? []))
    })
  }

  /** Digests of the values in these events: those that their calls have already, and new ones for the others. */
  async #personal(asked: Asked, events: readonly Json[]): Promise<{ digest: (subject: string) => (kind: PersonalKind, value: string) => string; added: readonly Personal[] }> {
    const subjects = [...new Set(events.map(subjectOf))]
    const known = new Map<string, string>()
    const added: Personal[] = []
    for (const { subject, kind, value, digest } of await asked.query<Personal & Record<string, unknown>>(sql`SELECT subject, kind, value, digest FROM personal WHERE subject = ANY(${subjects})`)) {
      known.set(JSON.stringify([subject, kind, value]), digest)
    }
    const digest = (subject: string) => (kind: PersonalKind, told: string) => {
      // Postgres has no place for these.
      const value = told.toWellFormed().replaceAll('\0', '\u{fffd}')
      const key = JSON.stringify([subject, kind, value])
      const found = known.get(key)
      if (found !== undefined) return found
      const salt = randomBytes(saltBytes).toString('hex')
      const made = { digest: digestOf(salt, value), subject, kind, salt, value }
      known.set(key, made.digest)
      added.push(made)
      return made.digest
    }
    return { digest, added }
  }
}

/** Makes the read models know these facts, whose personal data are digests. */
export async function project(asked: Asked, facts: readonly Fact[]): Promise<void> {
  const { calls, handovers, tickets, markings, lifted } = rowsOf(facts)
  await asked.query(sql`INSERT INTO calls SELECT * FROM json_populate_recordset(NULL::calls, ${text(calls.map((row) => ({ ...row, record: JSON.parse(row.record) as Json })))}::json)
    ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, platform = excluded.platform, desk = excluded.desk, state = excluded.state,
    agent = excluded.agent, ticket = excluded.ticket, caller = excluded.caller, ended_at = excluded.ended_at, rating = excluded.rating, record = excluded.record
    WHERE calls.sequence <= excluded.sequence`)
  await asked.query(sql`INSERT INTO handovers SELECT * FROM json_populate_recordset(NULL::handovers, ${text(handovers.map((row) => ({ ...row, record: JSON.parse(row.record) as Json })))}::json)
    ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, mode = excluded.mode, state = excluded.state, agent = excluded.agent,
    category = excluded.category, item = excluded.item, danger = excluded.danger, record = excluded.record
    WHERE handovers.sequence <= excluded.sequence`)
  await asked.query(sql`INSERT INTO tickets SELECT * FROM json_populate_recordset(NULL::tickets, ${text(tickets.map((row) => ({ ...row, record: JSON.parse(row.record) as Json })))}::json)
    ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, mode = excluded.mode, state = excluded.state, category = excluded.category,
    item = excluded.item, returns = excluded.returns, record = excluded.record
    WHERE tickets.sequence <= excluded.sequence`)
  if (lifted.length > 0) await asked.query(sql`DELETE FROM markings WHERE record = ANY(${lifted})`)
  if (markings.length > 0) {
    await asked.query(sql`INSERT INTO markings SELECT * FROM json_populate_recordset(NULL::markings, ${text(markings)}::json)
      ON CONFLICT (record) DO UPDATE SET reason = excluded.reason, platforms = excluded.platforms`)
  }
}

/** In today's form. @returns undefined for one of a later version: it is kept, and read by the program that knows it */
export function factOf(event: Json): Fact | undefined {
  try {
    return upcast(event as unknown as { readonly version: number })
  } catch {
    // Said by its type: nothing of it is lost.
    return undefined
  }
}

async function headsOf(asked: Asked, chains: readonly string[]): Promise<Map<string, { readonly link: number; readonly hash: string }>> {
  const rows = await asked.query<{ chain: string; link: number; hash: string }>(sql`SELECT chain, link, hash FROM chains WHERE chain = ANY(${chains}) FOR UPDATE`)
  return new Map(rows.map(({ chain, link, hash }) => [chain, { link, hash }]))
}

const text = (rows: readonly object[]): string => JSON.stringify(rows)

/** The call, the ticket of none, or the message, whose data they are. */
const subjectOf = (event: Json): string => textAt(event, 'call', 'id') ?? textAt(event, 'callId') ?? textAt(event, 'ticket', 'callId') ?? textAt(event, 'ticket', 'id') ?? textAt(event, 'ticketId') ?? textAt(event, 'id') ?? ''

const columnsOf = (event: Json) => ({
  type: textAt(event, 'type') ?? '',
  at: textAt(event, 'at') ?? null,
  call_id: textAt(event, 'call', 'id') ?? textAt(event, 'recording', 'callId') ?? textAt(event, 'callId') ?? textAt(event, 'ticket', 'callId') ?? null,
  handover_id: textAt(event, 'handover', 'id') ?? textAt(event, 'ticket', 'id') ?? textAt(event, 'ticketId') ?? null,
})
