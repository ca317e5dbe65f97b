import type { Readable } from 'node:stream'
import { escapeLiteral } from 'pg'
import type { Withheld } from '../users/clearance.ts'
import type { Database } from './database.ts'
import type { ExportOrder, ExportSubject } from './export-order.ts'
import { erased } from './personal.ts'

/** A spreadsheet takes a text that begins so for a formula. */
const safe = (value: string): string => `CASE WHEN left(${value}, 1) IN ('=', '+', '-', '@') THEN '''' || (${value}) ELSE ${value} END`
/** The value in whose place a digest may stand. */
const personal = (text: string): string =>
  `CASE WHEN ${text} LIKE 'digest:%' THEN (SELECT coalesce(max(value), '${erased}') FROM personal WHERE digest = ${text}) ELSE ${text} END`
/** As `138****1234`, and `王**`. */
const hidden = { number: (value: string) => `left(${value}, 3) || '****' || right(${value}, 4)`, name: (value: string) => `left(${value}, 1) || '**'` }
const time = (value: string): string => `to_char(${value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** Columns of the table, and what it is ordered by. */
const tables: Readonly<Record<ExportSubject, { readonly columns: Readonly<Record<string, string>>; readonly source: string; readonly at: string; readonly id: string; /** The record that a row belongs to. */ readonly record: string }>> = {
  handovers: {
    source: 'handovers t JOIN calls c ON c.id = t.call_id',
    at: 't.requested_at',
    id: 't.id',
    record: 't.call_id',
    columns: {
      id: 't.id',
      call: 't.call_id',
      requestedAt: time('t.requested_at'),
      mode: 't.mode',
      state: 't.state',
      from: 't.from_platform',
      to: 't.to_platform',
      agent: 't.agent',
      target: `t.record->>'target'`,
      category: safe('t.category'),
      item: safe('t.item'),
      danger: 't.danger',
      reason: safe(personal(`t.record->>'reason'`)),
      outcome: `t.record->>'outcome'`,
      responsible: `t.record->>'responsible'`,
      failure: `t.record->'failure'->>'reason'`,
      ringMs: `t.record->'clock'->>'ring'`,
      answerMs: `t.record->'clock'->>'answer'`,
      joinedMs: `t.record->'clock'->>'joined'`,
      releasedMs: `t.record->'clock'->>'released'`,
      number: personal('c.caller'),
      ticket: 'c.ticket',
    },
  },
  calls: {
    source: 'calls t',
    at: 't.arrived_at',
    id: 't.id',
    record: 't.id',
    columns: {
      id: 't.id',
      arrivedAt: time('t.arrived_at'),
      answeredAt: `t.record->>'answeredAt'`,
      endedAt: time('t.ended_at'),
      endedBy: `t.record->>'endedBy'`,
      platform: 't.platform',
      desk: 't.desk',
      agent: 't.agent',
      direction: 't.direction',
      number: personal('t.caller'),
      name: safe(personal(`t.record->'caller'->>'name'`)),
      ticket: 't.ticket',
      rating: 't.rating',
    },
  },
  tickets: {
    source: 'tickets t',
    at: 't.registered_at',
    id: 't.id',
    record: 'coalesce(t.call_id, t.id)',
    columns: {
      id: 't.id',
      call: 't.call_id',
      registeredAt: time('t.registered_at'),
      mode: 't.mode',
      state: 't.state',
      from: 't.from_platform',
      to: 't.to_platform',
      urgency: 't.urgency',
      category: safe('t.category'),
      item: safe('t.item'),
      number12345: safe(`t.record->'references'->>'12345'`),
      number110: safe(`t.record->'references'->>'110'`),
      returns: 't.returns',
      title: safe(personal(`t.record->'intake'->>'title'`)),
      content: safe(personal(`t.record->'intake'->>'content'`)),
      address: safe(personal(`t.record->'intake'->>'address'`)),
      name: safe(personal(`t.record->'intake'->>'callerName'`)),
      number: personal(`t.record->'intake'->>'callerNumber'`),
    },
  },
  events: {
    source: 'events t',
    at: 't.at',
    id: 't.id',
    record: `coalesce(t.call_id, t.handover_id, t.body->>'record', '')`,
    columns: { id: 't.id', at: time('t.at'), type: 't.type', call: 't.call_id', handover: 't.handover_id', chain: 't.chain', link: 't.link', hash: 't.hash', body: 't.body' },
  },
}

/** A table as one stream, made by Postgres itself: UTF-8, a line each; CSV (RFC 4180) with a first line of names. */
export async function exportTable(database: Database, { subject, format, from, to, masked, withheld }: ExportOrder): Promise<Readable> {
  const { columns, source, at, id, record } = tables[subject]
  const shown = (name: string, value: string): string => (masked && (name === 'number' || name === 'name') ? hidden[name](value) : value)
  const fields = Object.entries(columns).map(([name, value]) => `${shown(name, value)} AS "${name}"`)
  // COPY takes no parameters: what stands in its text is ours, and dates written by ourselves.
  const when = [...(from ? [`${at} >= '${from.toISOString()}'`] : []), ...(to ? [`${at} < '${to.toISOString()}'`] : []), ...(withheld ? [shownTo(withheld, record)] : [])]
  const rows = `SELECT ${fields.join(', ')} FROM ${source} WHERE ${['TRUE', ...when].join(' AND ')} ORDER BY ${at}, ${id}`
  const copy =
    format === 'csv'
      ? `COPY (${rows}) TO STDOUT WITH (FORMAT csv, HEADER)`
      : // Control characters are never in JSON: nothing is quoted or escaped.
        `COPY (SELECT row_to_json(r) FROM (${rows}) r) TO STDOUT WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')`
  return database.copy(copy)
}

/** As `shownTo` of the queries, for a statement without parameters: every value is quoted by pg. */
function shownTo({ records, platform, reasons, handled }: Withheld, record: string): string {
  const known = `m.record = ANY(${list(handled)}) OR (m.reason = ANY(${list(reasons)}) AND ${escapeLiteral(platform ?? '')} = ANY(m.platforms))`
  return `NOT (${record} = ANY(${list(records)})) AND NOT EXISTS (SELECT 1 FROM markings m WHERE m.record = ${record} AND NOT (${known}))`
}

const list = (values: readonly string[]): string => `ARRAY[${values.map((value) => escapeLiteral(value)).join(', ')}]::text[]`
