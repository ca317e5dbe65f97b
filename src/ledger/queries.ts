import sql, { empty, type Sql } from 'sql-template-tag'
import type { CallSummary, Fact } from '../domain/facts.ts'
import type { Handover } from '../domain/handover/handover.ts'
import type { Ticket } from '../domain/ticket/ticket.ts'
import type { Withheld } from '../users/clearance.ts'
import type { Asked } from './database.ts'
import type { Json } from './json.ts'
import { digestsIn, withValues } from './personal.ts'
import { factOf } from './writer.ts'

/** Which hand-overs or calls; all where nothing is said. Times are UTC, ISO 8601. */
export interface LedgerFilter {
  readonly handover?: string
  readonly call?: string
  /** The citizen's number, as it was signalled. */
  readonly number?: string
  readonly ticket?: string
  /** Of the matter (事项). */
  readonly category?: string
  readonly item?: string
  /** Of a hand-over: the platform that it was for; of a call: the platform that was dialled. */
  readonly platform?: string
  readonly state?: string
  readonly agent?: string
  /** Begun then or later. */
  readonly from?: string
  /** Begun before. */
  readonly to?: string
  /** What whoever asks may not know of; nothing when left out. */
  readonly withheld?: Withheld
}

export interface LedgerPage<T> {
  readonly items: readonly T[]
  /** The `cursor` of the next page; there is none when left out. */
  readonly next?: string
}

/** A hand-over with its call, as they stand last. */
export interface HandoverEntry {
  readonly handover: Handover
  readonly call: CallSummary
}

export interface EventEntry {
  /** Place in the ledger. */
  readonly id: number
  /** Hash of the chain's link, SHA-256, hex. */
  readonly hash: string
  readonly fact: Fact
}

/** How often an agent did otherwise than the policy says. */
export interface OverrideCount {
  readonly agent: string | null
  /** What the policy said. */
  readonly decided: string
  readonly decidedFor: string | null
  /** By which it said so. */
  readonly paragraph: string
  readonly did: string
  readonly didFor: string | null
  readonly count: number
  /** Of these, without saying why. */
  readonly withoutReason: number
}

/** Reads the ledger. Every method throws what Postgres throws. */
export class LedgerQueries {
  readonly #asked: Asked

  constructor(asked: Asked) {
    this.#asked = asked
  }

  /** The newest first. @param cursor `next` of the page before */
  async handovers(filter: LedgerFilter, limit: number, cursor?: string): Promise<LedgerPage<HandoverEntry>> {
    const { handover, category, item, platform, state, agent, from, to, call, number, ticket, withheld } = filter
    const rows = await this.#asked.query<{ id: string; place: string; handover: Json; call: Json }>(sql`
      SELECT h.id, ${placeOf(sql`h.requested_at`)} AS place, h.record AS handover, c.record AS call FROM handovers h JOIN calls c ON c.id = h.call_id WHERE TRUE
      ${when(handover, (value) => sql`AND h.id = ${value}`)}
      ${when(call, (value) => sql`AND h.call_id = ${value}`)}
      ${when(number, (value) => sql`AND h.call_id IN (SELECT subject FROM personal WHERE kind = 'number' AND value = ${value})`)}
      ${when(ticket, (value) => sql`AND h.call_id IN (SELECT id FROM calls WHERE ticket = ${value})`)}
      ${when(category, (value) => sql`AND h.category = ${value}`)}
      ${when(item, (value) => sql`AND h.item = ${value}`)}
      ${when(platform, (value) => sql`AND h.to_platform = ${value}`)}
      ${when(state, (value) => sql`AND h.state = ${value}`)}
      ${when(agent, (value) => sql`AND h.agent = ${value}`)}
      ${when(from, (value) => sql`AND h.requested_at >= ${value}`)}
      ${when(to, (value) => sql`AND h.requested_at < ${value}`)}
      ${when(cursor, (value) => sql`AND (h.requested_at, h.id) < ${before(value)}`)}
      ${shownTo(withheld, sql`h.call_id`)}
      ORDER BY h.requested_at DESC, h.id DESC LIMIT ${limit}`)
    return this.#page(rows, limit, (row) => ({ handover: row['handover'] as unknown as Handover, call: row['call'] as unknown as CallSummary }))
  }

  /** As `handovers`. */
  async calls(filter: Omit<LedgerFilter, 'handover' | 'category' | 'item'>, limit: number, cursor?: string): Promise<LedgerPage<CallSummary>> {
    const { call, platform, state, agent, from, to, number, ticket, withheld } = filter
    const rows = await this.#asked.query<{ id: string; place: string; call: Json }>(sql`
      SELECT c.id, ${placeOf(sql`c.arrived_at`)} AS place, c.record AS call FROM calls c WHERE TRUE
      ${when(call, (value) => sql`AND c.id = ${value}`)}
      ${when(number, (value) => sql`AND c.id IN (SELECT subject FROM personal WHERE kind = 'number' AND value = ${value})`)}
      ${when(ticket, (value) => sql`AND c.ticket = ${value}`)}
      ${when(platform, (value) => sql`AND c.platform = ${value}`)}
      ${when(state, (value) => sql`AND c.state = ${value}`)}
      ${when(agent, (value) => sql`AND c.agent = ${value}`)}
      ${when(from, (value) => sql`AND c.arrived_at >= ${value}`)}
      ${when(to, (value) => sql`AND c.arrived_at < ${value}`)}
      ${when(cursor, (value) => sql`AND (c.arrived_at, c.id) < ${before(value)}`)}
      ${shownTo(withheld, sql`c.id`)}
      ORDER BY c.arrived_at DESC, c.id DESC LIMIT ${limit}`)
    return this.#page(rows, limit, (row) => row['call'] as unknown as CallSummary)
  }

  /** As `handovers`; `ticket` is its id, or its number in one of the two systems. */
  async tickets(filter: Omit<LedgerFilter, 'handover' | 'agent'> & { readonly mode?: string }, limit: number, cursor?: string): Promise<LedgerPage<Ticket>> {
    const { category, item, platform, state, mode, from, to, call, number, ticket, withheld } = filter
    const rows = await this.#asked.query<{ id: string; place: string; ticket: Json }>(sql`
      SELECT t.id, ${placeOf(sql`t.registered_at`)} AS place, t.record AS ticket FROM tickets t WHERE TRUE
      ${when(ticket, (value) => sql`AND (t.id = ${value} OR t.record->'references'->>'12345' = ${value} OR t.record->'references'->>'110' = ${value})`)}
      ${when(call, (value) => sql`AND coalesce(t.call_id, t.id) = ${value}`)}
      ${when(number, (value) => sql`AND coalesce(t.call_id, t.id) IN (SELECT subject FROM personal WHERE kind = 'number' AND value = ${value})`)}
      ${when(category, (value) => sql`AND t.category = ${value}`)}
      ${when(item, (value) => sql`AND t.item = ${value}`)}
      ${when(platform, (value) => sql`AND t.to_platform = ${value}`)}
      ${when(state, (value) => sql`AND t.state = ${value}`)}
      ${when(mode, (value) => sql`AND t.mode = ${value}`)}
      ${when(from, (value) => sql`AND t.registered_at >= ${value}`)}
      ${when(to, (value) => sql`AND t.registered_at < ${value}`)}
      ${when(cursor, (value) => sql`AND (t.registered_at, t.id) < ${before(value)}`)}
      ${shownTo(withheld, sql`coalesce(t.call_id, t.id)`)}
      ORDER BY t.registered_at DESC, t.id DESC LIMIT ${limit}`)
    return this.#page(rows, limit, (row) => row['ticket'] as unknown as Ticket)
  }

  /** What agents did otherwise than the policy says, counted; the most frequent first, 500 at most. */
  async overrides({ from, to }: Pick<LedgerFilter, 'from' | 'to'>): Promise<readonly OverrideCount[]> {
    return this.#asked.query<OverrideCount & Record<string, unknown>>(sql`
      SELECT agent, decision->>'mode' AS decided, decision->>'platform' AS "decidedFor", decision->'paragraphs'->>0 AS paragraph, did, "didFor",
        count(*)::int AS count, count(*) FILTER (WHERE mute)::int AS "withoutReason"
      FROM (
        SELECT agent, record->'decision' AS decision, mode AS did, to_platform AS "didFor", record->>'reason' IS NULL AS mute
        FROM handovers WHERE record->'decision'->>'followed' = 'false' AND state <> 'cancelled'
        ${when(from, (value) => sql`AND requested_at >= ${value}`)} ${when(to, (value) => sql`AND requested_at < ${value}`)}
        UNION ALL
        SELECT body->>'agent', body->'decision', body->>'mode', body->>'platform', body->>'reason' IS NULL
        FROM events WHERE type = 'decision-recorded' AND body->'decision'->>'followed' = 'false'
        ${when(from, (value) => sql`AND at >= ${value}`)} ${when(to, (value) => sql`AND at < ${value}`)}
      ) AS told
      GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY count DESC, agent LIMIT 500`)
  }

  /** What happened to a hand-over, or to a call with its hand-overs, in the order in which it was told. @param cursor as `handovers` */
  async events(of: Pick<LedgerFilter, 'handover' | 'call' | 'withheld'>, limit: number, cursor?: string): Promise<LedgerPage<EventEntry>> {
    const rows = await this.#asked.query<{ id: string; hash: string; body: Json }>(sql`
      SELECT id, hash, body FROM events WHERE id > ${cursor ?? 0}
      ${when(of.handover, (value) => sql`AND handover_id = ${value}`)}
      ${when(of.call, (value) => sql`AND call_id = ${value}`)}
      ${shownTo(of.withheld, sql`coalesce(call_id, handover_id, body->>'record', '')`)}
      ORDER BY id LIMIT ${limit}`)
    const values = await this.#valuesOf(rows.map(({ body }) => body))
    const items = rows.flatMap(({ id, hash, body }) => {
      const fact = factOf(withValues(body, values))
      return fact ? [{ id: Number(id), hash, fact }] : []
    })
    const last = rows.length === limit ? rows.at(-1) : undefined
    return { items, ...(last ? { next: last.id } : {}) }
  }

  /** @param limit how many were asked for: a full page may have another behind it */
  async #page<T>(rows: readonly { readonly id: string; readonly place: string }[], limit: number, item: (tree: { readonly [name: string]: Json }) => T): Promise<LedgerPage<T>> {
    const trees = rows as unknown as readonly { readonly [name: string]: Json }[]
    const values = await this.#valuesOf(trees)
    const last = rows.length === limit ? rows.at(-1) : undefined
    return { items: trees.map((tree) => item(withValues(tree, values) as { readonly [name: string]: Json })), ...(last ? { next: `${last.place}.${last.id}` } : {}) }
  }

  async #valuesOf(trees: readonly Json[]): Promise<(digest: string) => string | undefined> {
    const digests = [...new Set(trees.flatMap(digestsIn))]
    if (digests.length === 0) return () => undefined
    const rows = await this.#asked.query<{ digest: string; value: string }>(sql`SELECT digest, value FROM personal WHERE digest = ANY(${digests})`)
    const values = new Map(rows.map(({ digest, value }) => [digest, value]))
    return (digest) => values.get(digest)
  }
}

const when = (value: string | undefined, condition: (value: string) => Sql): Sql => (value === undefined ? empty : condition(value))

/** A time in a cursor, which holds whatever becomes of its row: microseconds since 1970. */
const placeOf = (at: Sql): Sql => sql`(extract(epoch FROM ${at}) * 1000000)::bigint::text`

function before(cursor: string): Sql {
  const [place = '', id = ''] = cursor.split('.')
  return sql`(timestamptz 'epoch' + ${place}::bigint * interval '1 microsecond', ${id})`
}

/** A condition: whoever asks may know of the record. */
export function shownTo(withheld: Withheld | undefined, record: Sql): Sql {
  if (!withheld) return empty
  const { records, platform = '', reasons, handled } = withheld
  return sql`AND NOT (${record} = ANY(${records})) AND NOT EXISTS (
    SELECT 1 FROM markings m WHERE m.record = ${record} AND NOT (m.record = ANY(${handled}) OR (m.reason = ANY(${reasons}) AND ${platform} = ANY(m.platforms))))`
}
