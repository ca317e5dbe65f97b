import type { Fact } from '../domain/facts.ts'
import { toEntry } from '../journal/rows.ts'
import type { Row, Statement, Tables } from '../journal/sql.ts'
import type { TicketEvent } from './payload-schema.ts'

export const deliveryStates = ['pending', 'delivered', 'failed'] as const
export type DeliveryState = (typeof deliveryStates)[number]

/** One event to be told to one endpoint. */
export interface Delivery {
  /** The `webhook-id`. */
  readonly id: string
  readonly endpoint: string
  /** What it is about, and in order with: the hand-over, or the call of a call-back. */
  readonly subject: string
  /** Where the fact is in the journal. */
  readonly position: number
  readonly event: TicketEvent
  readonly state: DeliveryState
  readonly attempts: number
  /** `http-<status>`, `timeout`, `network-<code>`, `address-refused` and the like. */
  readonly lastOutcome?: string
  /** Not to be tried before, UTC ms. */
  readonly nextAt: number
  /** UTC ms. */
  readonly updatedAt: number
}

/** One try of a delivery. */
export interface Attempt {
  /** UTC ms. */
  readonly at: number
  readonly ms: number
  /** As `lastOutcome`. */
  readonly outcome: string
  /** Begin of the answer's body. */
  readonly answer: string
}

/** Which deliveries; all where nothing is said. */
export interface DeliveryFilter {
  readonly state?: DeliveryState
  readonly endpoint?: string
  readonly id?: string
  /** Last changed at this time or later, UTC ms. */
  readonly from?: number
  /** Last changed before this time, UTC ms. */
  readonly to?: number
  /** Records whose deliveries are left out. */
  readonly except?: readonly string[]
}

export interface Due {
  readonly delivery: Delivery
  /** What it tells; gone where the journal was lost. */
  readonly fact?: Fact
  /** The message that it was told by, as it came: it is written just before it. */
  readonly message?: string
  /** Another one of its hand-over has to be told before. */
  readonly behind: boolean
  /** Ids of those of its hand-over before it that were given up, in their order. */
  readonly missed: readonly string[]
}

/** What is to be told next of a hand-over to an endpoint. */
export type Head = Pick<Delivery, 'id' | 'nextAt' | 'endpoint'>

export interface Counts {
  readonly pending: number
  readonly dead: number
}

const all = (sql: string, ...params: Statement['params']): Statement => ({ sql, params })
const reader = 'tickets'
const replayPage = 1_000

/** Deliveries and the planner's cursor, in the journal's file. Every method throws SqlError when the file cannot be used. */
export class DeliveryStore {
  readonly #tables: Tables

  constructor(tables: Tables) {
    this.#tables = tables
  }

  async cursor(): Promise<number> {
    return (await this.cursorOf(reader)) ?? 0
  }

  /** How far something else has been read. */
  async cursorOf(name: string): Promise<number | undefined> {
    const [row] = await this.#tables.all(all('SELECT position FROM cursors WHERE reader = ?', name))
    return row && Number(row['position'])
  }

  async moveCursor(name: string, position: number): Promise<void> {
    await this.#tables.commit([all('INSERT OR REPLACE INTO cursors (reader, position) VALUES (?, ?)', name, position)])
  }

  /** Adds what is not there yet and moves the cursor, in one transaction. */
  async plan(deliveries: readonly Delivery[], cursor: number): Promise<void> {
    const insert = `INSERT OR IGNORE INTO deliveries
      (id, endpoint, handover_id, position, event, state, attempts, last_outcome, next_at, updated_at)
      VALUES (?, ?, ?, ?, ?, 'pending', 0, NULL, ?, ?)`
    await this.#tables.commit([
      ...deliveries.map((d) => all(insert, d.id, d.endpoint, d.subject, d.position, d.event, d.nextAt, d.updatedAt)),
      all('INSERT OR REPLACE INTO cursors (reader, position) VALUES (?, ?)', reader, cursor),
    ])
  }

  async find(id: string): Promise<Delivery | undefined> {
    const [row] = await this.#tables.all(all('SELECT * FROM deliveries WHERE id = ?', id))
    return row && toDelivery(row)
  }

  /** A delivery with all that is needed to try it. */
  async due(id: string): Promise<Due | undefined> {
    const same = 'o.endpoint = d.endpoint AND o.handover_id = d.handover_id AND o.position < d.position'
    const sql = `SELECT d.*, f.position AS fact_position, f.epoch AS epoch, f.body AS body,
      (SELECT b.body FROM facts b WHERE b.position = d.position - 1) AS before,
      EXISTS (SELECT 1 FROM deliveries o WHERE o.state = 'pending' AND ${same}) AS behind,
      (SELECT json_group_array(o.id ORDER BY o.position) FROM deliveries o WHERE o.state = 'failed' AND ${same}) AS missed
      FROM deliveries d LEFT JOIN facts f ON f.position = d.position WHERE d.id = ?`
    const [row] = await this.#tables.all(all(sql, id))
    if (!row) return undefined
    const fact = row['body'] === null ? {} : { fact: toEntry({ position: row['fact_position'] ?? null, epoch: row['epoch'] ?? null, body: row['body'] ?? null }).fact }
    const message = row['before'] === null ? undefined : messageOf(JSON.parse(String(row['before'])) as Fact, fact.fact)
    return { delivery: toDelivery(row), behind: row['behind'] === 1, missed: JSON.parse(String(row['missed'])) as readonly string[], ...fact, ...(message === undefined ? {} : { message }) }
  }

  async ofHandover(subject: string): Promise<Delivery[]> {
    const sql = 'SELECT * FROM deliveries WHERE handover_id = ? ORDER BY position, endpoint'
    return (await this.#tables.all(all(sql, subject))).map(toDelivery)
  }

  /** Notes what an attempt came to. */
  async record(delivery: Delivery, { at, ms, outcome, answer }: Attempt): Promise<void> {
    const { id, state, attempts, lastOutcome, nextAt, updatedAt } = delivery
    const sql = `UPDATE deliveries SET state = ?, attempts = ?, last_outcome = ?, next_at = ?, updated_at = ? WHERE id = ?`
    await this.#tables.commit([
      all(sql, state, attempts, lastOutcome ?? null, nextAt, updatedAt, id),
      all('INSERT INTO attempts (delivery_id, at, ms, outcome, answer) VALUES (?, ?, ?, ?, ?)', id, at, ms, outcome, answer),
    ])
  }

  async forgetAnswers(subjects: readonly string[]): Promise<void> {
    const sql = `UPDATE attempts SET answer = 'erased' WHERE answer != '' AND delivery_id IN (SELECT id FROM deliveries WHERE handover_id IN (SELECT value FROM json_each(?)))`
    await this.#tables.commit([all(sql, JSON.stringify(subjects))])
  }

  /** In their order, the first one first. */
  async attempts(id: string): Promise<Attempt[]> {
    const rows = await this.#tables.all(all('SELECT * FROM attempts WHERE delivery_id = ? ORDER BY at, rowid', id))
    return rows.map((row) => ({ at: Number(row['at']), ms: Number(row['ms']), outcome: String(row['outcome']), answer: String(row['answer']) }))
  }

  /** In the order of their facts, the newest first. @param before the last one of the page before */
  async list(filter: DeliveryFilter, limit: number, before?: string): Promise<Delivery[]> {
    const { where, params } = conditionOf(filter)
    const place = before === undefined ? '' : 'AND (position, id) < (SELECT position, id FROM deliveries WHERE id = ?)'
    const sql = `SELECT * FROM deliveries WHERE ${where} ${place} ORDER BY position DESC, id DESC LIMIT ?`
    return (await this.#tables.all(all(sql, ...params, ...(before === undefined ? [] : [before]), limit))).map(toDelivery)
  }

  /** Those that are settled by now wait to be told once more, with all their attempts; in pages, between which others write. @returns how many */
  async replay(filter: DeliveryFilter, now: number): Promise<number> {
    const { where, params } = conditionOf({ ...filter, to: Math.min(filter.to ?? Infinity, now + 1) })
    const page = all(`SELECT id FROM deliveries WHERE ${where} AND state != 'pending' LIMIT ?`, ...params, replayPage)
    const again = `UPDATE deliveries SET state = 'pending', attempts = 0, next_at = ?, updated_at = ? WHERE id IN (SELECT value FROM json_each(?))`
    let replayed = 0
    for (;;) {
      /* oxlint-disable no-await-in-loop -- one page after the other */
      const ids = (await this.#tables.all(page)).map((row) => String(row['id']))
      if (ids.length > 0) await this.#tables.commit([all(again, now, now, JSON.stringify(ids))])
      /* oxlint-enable no-await-in-loop */
      replayed += ids.length
      if (ids.length < replayPage) return replayed
    }
  }

  /** The first pending delivery of a hand-over to an endpoint. */
  async head(endpoint: string, subject: string): Promise<Head | undefined> {
    const sql = `SELECT id, next_at, endpoint FROM deliveries WHERE state = 'pending' AND endpoint = ? AND handover_id = ?
      ORDER BY position LIMIT 1`
    const [row] = await this.#tables.all(all(sql, endpoint, subject))
    return row && toHead(row)
  }

  /** The heads of all hand-overs that are due by `dueBy`, in pages. */
  async *heads(dueBy: number, page: number): AsyncGenerator<Head[]> {
    // With a lone min() SQLite takes the bare columns from the row of the minimum (sqlite.org/lang_select.html §2.5).
    const sql = `SELECT id, next_at, endpoint, handover_id, min(position) FROM deliveries
      WHERE state = 'pending' AND (endpoint, handover_id) > (?, ?)
      GROUP BY endpoint, handover_id HAVING next_at <= ? ORDER BY endpoint, handover_id LIMIT ?`
    let last: readonly [string, string] | undefined = ['', '']
    while (last) {
      const rows: readonly Row[] = await this.#tables.all(all(sql, ...last, dueBy, page))
      if (rows.length > 0) yield rows.map(toHead)
      const end = rows.length === page ? rows.at(-1) : undefined
      last = end && [String(end['endpoint']), String(end['handover_id'])]
    }
  }

  async counts(): Promise<Counts> {
    const sql = `SELECT (SELECT count(*) FROM deliveries WHERE state = 'pending') AS pending,
      (SELECT count(*) FROM deliveries WHERE state = 'failed') AS dead`
    const [row] = await this.#tables.all(all(sql))
    return { pending: Number(row?.['pending']), dead: Number(row?.['dead']) }
  }
}

function conditionOf({ state, endpoint, id, from, to, except = [] }: DeliveryFilter): { readonly where: string; readonly params: Statement['params'] } {
  const conditions: readonly (readonly [string, Statement['params'][number] | undefined])[] = [
    ['state = ?', state],
    ['endpoint = ?', endpoint],
    ['id = ?', id],
    ['updated_at >= ?', from],
    ['updated_at < ?', to],
    // A subject is the record itself, or the hand-over of its call.
    [`coalesce((SELECT coalesce(json_extract(body, '$.call.id'), json_extract(body, '$.ticket.callId')) FROM facts WHERE facts.position = deliveries.position), handover_id) NOT IN (SELECT value FROM json_each(?))`, except.length === 0 ? undefined : JSON.stringify(except)],
  ]
  const given = conditions.flatMap(([text, value]) => (value === undefined ? [] : [{ text, value }]))
  return { where: ['TRUE', ...given.map(({ text }) => text)].join(' AND '), params: given.map(({ value }) => value) }
}

const toHead = (row: Row): Head => ({ id: String(row['id']), nextAt: Number(row['next_at']), endpoint: String(row['endpoint']) })

const toDelivery = (row: Row): Delivery => ({
  id: String(row['id']),
  endpoint: String(row['endpoint']),
  subject: String(row['handover_id']),
  position: Number(row['position']),
  event: row['event'] as TicketEvent,
  state: row['state'] as DeliveryState,
  attempts: Number(row['attempts']),
  ...(row['last_outcome'] === null ? {} : { lastOutcome: String(row['last_outcome']) }),
  nextAt: Number(row['next_at']),
  updatedAt: Number(row['updated_at']),
})

const messageOf = (before: Fact, fact: Fact | undefined): string | undefined =>
  fact && 'via' in fact && before.type === 'message-received' && before.endpoint === fact.via ? before.message : undefined
