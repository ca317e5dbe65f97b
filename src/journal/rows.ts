import { type CallsFact, type FileFact, isAgentFact, isHandoverFact, isNeedToKnowFact, isOfCall, isRecordingFact, isTestCallFact, isTicketFact, type RecordingFact } from '../domain/facts.ts'
import { isSettled, placeOf } from '../domain/ticket/ticket.ts'
import type { Entry, StoredAnswer } from './journal.ts'
import type { Row, Statement } from './sql.ts'
import { upcast } from './upcast.ts'

/** How long the answers to keyed requests are kept, ms. */
const answerAgeMs = 86_400_000
/** How long it is known that a message was taken, ms: Tandem's own retries run for 75 hours. */
export const messageAgeMs = 7 * answerAgeMs

// OR IGNORE: after a failure whose outcome is unknown the same write is made again.
const insertFact = `INSERT OR IGNORE INTO facts (position, epoch, version, sequence, handover_id, body)
  VALUES (?, ?, ?, ?, ?, ?)`
const touchHandover = `INSERT INTO handovers (id, last) VALUES (?, ?)
  ON CONFLICT (id) DO UPDATE SET last = excluded.last WHERE excluded.last > last`
const touchAgent = `INSERT INTO agents (id, last) VALUES (?, ?)
  ON CONFLICT (id) DO UPDATE SET last = excluded.last WHERE excluded.last > last`
const touchTestCall = `INSERT INTO test_calls (platform, last) VALUES (?, ?)
  ON CONFLICT (platform) DO UPDATE SET last = excluded.last WHERE excluded.last > last`
const touchCall = `INSERT INTO open_calls (id, last, handover_id) VALUES (?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET last = excluded.last, handover_id = coalesce(excluded.handover_id, handover_id)
  WHERE excluded.last > last`
const touchRecording = `INSERT INTO recordings (id, call_id, state, last) VALUES (?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET state = excluded.state, last = excluded.last WHERE excluded.last > last`
const touchTicket = `INSERT INTO tickets (id, last, settled, place) VALUES (?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET last = excluded.last, settled = excluded.settled WHERE excluded.last > last`
const touchMarking = `INSERT INTO markings (record, last, lifted) VALUES (?, ?, ?)
  ON CONFLICT (record) DO UPDATE SET last = excluded.last, lifted = excluded.lifted WHERE excluded.last > last`
const closeCall = 'DELETE FROM open_calls WHERE id = ?'
const putAnswer = `INSERT OR REPLACE INTO answers (scope, key, request, status, body, at) VALUES (?, ?, ?, ?, ?, ?)`
const columns = 'facts.position, facts.epoch, facts.body'

export function writesOf(entries: readonly Entry[], answer?: StoredAnswer): Statement[] {
  const statements = entries.flatMap(({ position, epoch, fact }) => {
    const handoverId = isHandoverFact(fact) ? fact.handover.id : null
    const params = [position, epoch, fact.version, isOfCall(fact) || isTicketFact(fact) ? fact.sequence : 0, handoverId, JSON.stringify(fact)]
    const insert: Statement = { sql: insertFact, params }
    if (isAgentFact(fact)) return [insert, { sql: touchAgent, params: [fact.agent, position] }]
    if (isRecordingFact(fact)) return [insert, ...(isOfCall(fact) ? [ofCall(fact, position, null)] : []), ofRecording(fact, position)]
    if (isTestCallFact(fact)) return [insert, { sql: touchTestCall, params: [fact.testCall.platform, position] }]
    if (isTicketFact(fact)) return [insert, { sql: touchTicket, params: [fact.ticket.id, position, isSettled(fact.ticket) ? 1 : 0, placeOf(fact.ticket)] }]
    if (isNeedToKnowFact(fact)) return [insert, { sql: touchMarking, params: [fact.callId ?? fact.ticketId ?? '', position, fact.type === 'need-to-know-lifted' ? 1 : 0] }]
    if (!isOfCall(fact)) return [insert]
    const writes = [insert, ofCall(fact, position, handoverId)]
    return handoverId === null ? writes : [...writes, { sql: touchHandover, params: [handoverId, position] }]
  })
  if (answer) {
    const { scope, key, request, status, body, at } = answer
    statements.push({ sql: putAnswer, params: [scope, key, request, status, body, at] })
  }
  return statements
}

const ofCall = ({ type, call }: CallsFact, position: number, handoverId: string | null): Statement =>
  type === 'call-ended' ? { sql: closeCall, params: [call.id] } : { sql: touchCall, params: [call.id, position, handoverId] }

const ofRecording = ({ recording: { id, callId, state } }: RecordingFact | FileFact, position: number): Statement => ({
  sql: touchRecording,
  params: [id, callId, state, position],
})

const recordings = `SELECT ${columns} FROM recordings JOIN facts ON facts.position = recordings.last WHERE`
export const selectRecording = (id: string): Statement => ({ sql: `${recordings} recordings.id = ?`, params: [id] })
export const selectRecordingsOfCall = (callId: string): Statement => ({ sql: `${recordings} recordings.call_id = ?`, params: [callId] })
export const selectOpenRecordings: Statement = { sql: `${recordings} recordings.state IN ('starting', 'recording', 'paused')`, params: [] }

/** The last fact of each call that has not ended, and which hand-over was its last. */
export const selectOpenCalls: Statement = {
  sql: `SELECT ${columns}, open_calls.handover_id FROM open_calls JOIN facts ON facts.position = open_calls.last`,
  params: [],
}

export const selectAfter = (after: number, limit: number): Statement => ({
  sql: `SELECT ${columns} FROM facts WHERE position > ? ORDER BY position LIMIT ?`,
  params: [after, limit],
})

export const selectFactsOfHandover = (id: string): Statement => ({
  sql: `SELECT ${columns} FROM facts WHERE handover_id = ? ORDER BY sequence, position`,
  params: [id],
})

/** @param except calls whose hand-overs are left out */
export const selectHandovers = (limit: number, before: string | undefined, except: readonly string[]): Statement => ({
  sql: `SELECT ${columns} FROM handovers JOIN facts ON facts.position = handovers.last
    WHERE (?1 IS NULL OR handovers.id < ?1) AND ${unless("json_extract(facts.body, '$.handover.callId')")} ORDER BY handovers.id DESC LIMIT ?2`,
  params: [before ?? null, limit, JSON.stringify(except)],
})

const unless = (record: string): string => `(?3 = '[]' OR ${record} NOT IN (SELECT value FROM json_each(?3)))`

const tickets = `SELECT ${columns} FROM tickets JOIN facts ON facts.position = tickets.last`
export const selectTicket = (id: string): Statement => ({ sql: `${tickets} WHERE tickets.id = ?`, params: [id] })
export const selectOpenTickets: Statement = { sql: `${tickets} WHERE tickets.settled = 0 ORDER BY tickets.id`, params: [] }
/** @param except records whose tickets are left out */
export const selectTickets = (limit: number, before: string | undefined, except: readonly string[]): Statement => ({
  sql: `${tickets} WHERE (?1 IS NULL OR tickets.place < ?1) AND ${unless("coalesce(json_extract(facts.body, '$.ticket.callId'), tickets.id)")} ORDER BY tickets.place DESC LIMIT ?2`,
  params: [before ?? null, limit, JSON.stringify(except)],
})

const keptSince = "CASE WHEN scope LIKE 'inbox %' THEN ?1 ELSE ?2 END"
const agesAt = (now: number): readonly number[] => [now - messageAgeMs, now - answerAgeMs]
export const selectAnswers = (now: number): Statement => ({ sql: `SELECT scope, key, request, status, body, at FROM answers WHERE at >= ${keptSince} ORDER BY at`, params: agesAt(now) })
/** The index finds those that may be old. */
export const deleteOldAnswers = (now: number): Statement => ({ sql: `DELETE FROM answers WHERE at < ?2 AND at < ${keptSince}`, params: agesAt(now) })

/** @throws Error for a fact of a later version. */
export const toEntry = (row: Row): Entry => ({
  position: Number(row['position']),
  epoch: Number(row['epoch']),
  fact: upcast(JSON.parse(String(row['body'])) as { version: number }),
})

export const toAnswer = (row: Row): StoredAnswer => ({
  scope: String(row['scope']),
  key: String(row['key']),
  request: String(row['request']),
  status: Number(row['status']),
  body: String(row['body']),
  at: Number(row['at']),
})

/** What each agent said last. */
export const selectAgents: Statement = { sql: `SELECT ${columns} FROM agents JOIN facts ON facts.position = agents.last`, params: [] }

/** What was said last of each need-to-know record. */
export const selectMarkings: Statement = { sql: `SELECT ${columns} FROM markings JOIN facts ON facts.position = markings.last`, params: [] }

/** The last test call of each platform. */
export const selectTestCalls: Statement = { sql: `SELECT ${columns} FROM test_calls JOIN facts ON facts.position = test_calls.last`, params: [] }
