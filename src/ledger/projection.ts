/** What an event makes of the read models. Pure: they are made again from the events alone. */
import { type Fact, isHandoverFact, isNeedToKnowFact, isOfCall, isTicketFact, recordOfFact, type TicketFact } from '../domain/facts.ts'

/** A row of `calls`; `record` is the call as told to the outside, with digests for what is personal. */
export interface CallRow {
  readonly id: string
  readonly sequence: number
  readonly platform: string
  readonly desk: string
  readonly state: string
  readonly direction: string
  readonly agent: string | null
  readonly ticket: string | null
  /** Digest of the number. */
  readonly caller: string
  readonly arrived_at: string
  readonly ended_at: string | null
  readonly rating: number | null
  readonly record: string
}

/** A row of `handovers`. */
export interface HandoverRow {
  readonly id: string
  readonly sequence: number
  readonly call_id: string
  readonly mode: string
  readonly state: string
  readonly from_platform: string
  readonly to_platform: string
  readonly agent: string
  readonly category: string | null
  readonly item: string | null
  readonly danger: boolean
  readonly requested_at: string
  readonly record: string
}

/** A row of `tickets`. */
export interface TicketRow {
  readonly id: string
  readonly sequence: number
  readonly call_id: string | null
  readonly mode: string
  readonly state: string
  readonly from_platform: string
  readonly to_platform: string
  readonly urgency: string
  readonly category: string | null
  readonly item: string | null
  readonly returns: number
  readonly registered_at: string
  readonly record: string
}

/** A row of `markings`. */
export interface MarkingRow {
  readonly record: string
  readonly reason: string
  readonly platforms: readonly string[]
}

export interface Rows {
  readonly calls: readonly CallRow[]
  readonly handovers: readonly HandoverRow[]
  readonly tickets: readonly TicketRow[]
  readonly markings: readonly MarkingRow[]
  /** Records that are marked no more. */
  readonly lifted: readonly string[]
}

/** The last row of each call, hand-over and ticket, by their own order: facts that come late do not put anything back. */
export function rowsOf(facts: readonly Fact[]): Rows {
  const calls = new Map<string, CallRow>()
  const handovers = new Map<string, HandoverRow>()
  const tickets = new Map<string, TicketRow>()
  const markings = new Map<string, MarkingRow | undefined>()
  for (const fact of facts) {
    if (isNeedToKnowFact(fact)) {
      const record = recordOfFact(fact) ?? ''
      markings.set(record, fact.type === 'need-to-know-lifted' ? undefined : { record, reason: fact.marking.reason, platforms: fact.platforms })
    }
    if (isTicketFact(fact) && (tickets.get(fact.ticket.id)?.sequence ?? 0) <= fact.sequence) tickets.set(fact.ticket.id, ticketRow(fact))
    if (!isOfCall(fact)) continue
    const call = callRow(fact.call, fact.sequence)
    if ((calls.get(call.id)?.sequence ?? 0) <= call.sequence) calls.set(call.id, call)
    if (!isHandoverFact(fact)) continue
    const handover = handoverRow(fact.handover, fact.sequence)
    if ((handovers.get(handover.id)?.sequence ?? 0) <= handover.sequence) handovers.set(handover.id, handover)
  }
  return { calls: [...calls.values()], handovers: [...handovers.values()], tickets: [...tickets.values()], markings: [...markings.values()].flatMap((row) => row ?? []), lifted: [...markings].flatMap(([record, row]) => (row ? [] : [record])) }
}

function ticketRow({ ticket, sequence }: TicketFact): TicketRow {
  const { id, callId = null, mode, state, from, to, urgency, matter, returns, registeredAt } = ticket
  return { id, sequence, call_id: callId, mode, state, from_platform: from, to_platform: to, urgency, category: matter?.category ?? null, item: matter?.item ?? null, returns, registered_at: registeredAt, record: JSON.stringify(ticket) }
}

function callRow(call: Extract<Fact, { call: object }>['call'], sequence: number): CallRow {
  const { id, platform, desk, state, direction, agent = null, ticket = null, caller, arrivedAt, endedAt = null, rating = null } = call
  return { id, sequence, platform, desk, state, direction, agent, ticket, caller: caller.number, arrived_at: arrivedAt, ended_at: endedAt, rating, record: JSON.stringify(call) }
}

function handoverRow(handover: Extract<Fact, { handover: object }>['handover'], sequence: number): HandoverRow {
  const { id, callId, mode, state, from, to, agent, matter, danger = false, requestedAt } = handover
  return {
    id,
    sequence,
    call_id: callId,
    mode,
    state,
    from_platform: from,
    to_platform: to,
    agent,
    category: matter?.category ?? null,
    item: matter?.item ?? null,
    danger,
    requested_at: requestedAt,
    record: JSON.stringify(handover),
  }
}
