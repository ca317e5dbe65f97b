/** How a ticket begins: beside a call's hand-over, or as a system push (系统推送). Pure. */
import type { CallSummary, HandoverFact } from '../facts.ts'
import type { Handover } from '../handover/handover.ts'
import { type IntakeFault, intakeFaults, type IntakeRecord } from './intake.ts'
import { type TicketFactType, urgencyTo, withMissing } from './machine.ts'
import type { RecordingRecord } from '../recording.ts'
import type { MarkingStated } from '../sharing/need-to-know.ts'
import type { Ticket, TicketRecording } from './ticket.ts'

/** A matter to be pushed without a call's hand-over; its marking is the record's. */
export type Push = Pick<Ticket, 'id' | 'from' | 'to' | 'urgency' | 'intake' | 'by'> & Partial<Pick<Ticket, 'callId' | 'matter' | 'reason' | 'decision' | 'references'>> & { readonly needToKnow?: MarkingStated }

/** @param at UTC, ISO 8601 @returns what the receiver's standard has against it, where it has */
export function pushed(stated: Push, at: string): Ticket | readonly IntakeFault[] {
  const { references = {}, needToKnow: _, ...push } = stated
  const faults = intakeFaults(push.to, push.intake)
  if (faults.length > 0) return faults
  const step = { step: 'sent', at, by: push.by, platform: push.from } as const
  return { ...push, mode: 'push', state: 'sent', urgency: urgencyTo(push.to, push.urgency), references, returns: 0, steps: [step], registeredAt: at }
}

/** The ticket of a call's hand-over, as it is pushed while the other desk rings: with what is known by then. */
export function ticketOfCall(handover: Handover, { caller, needToKnow }: Pick<CallSummary, 'caller' | 'needToKnow'>): Ticket {
  const { id, callId, mode, from, to, agent, matter, reason, decision, danger, requestedAt } = handover
  const told: IntakeRecord = { callerNumber: caller.number, ...(caller.name === undefined ? {} : { callerName: caller.name }), ...(reason === undefined ? {} : { content: reason }) }
  return withMissing({
    id,
    mode,
    callId,
    from,
    to,
    state: 'sent',
    urgency: urgencyTo(to, danger ? 'emergency' : (decision?.urgency ?? 'routine')),
    ...(matter ? { matter } : {}),
    intake: { ...told, ...handover.intake },
    ...(reason === undefined ? {} : { reason }),
    ...(needToKnow ? { needToKnow } : {}),
    ...(decision ? { decision } : {}),
    references: {},
    returns: 0,
    steps: [{ step: 'sent', at: requestedAt, by: agent, platform: from }],
    by: agent,
    registeredAt: requestedAt,
  })
}

/** With a recording of its call. */
export function recorded(ticket: Ticket, { id, room, durationMs, bytes, sha256 }: RecordingRecord): Ticket {
  const one: TicketRecording = { id, room, ...(durationMs === undefined ? {} : { durationMs }), ...(bytes === undefined ? {} : { bytes }), ...(sha256 === undefined ? {} : { sha256 }) }
  return { ...ticket, recordings: [...(ticket.recordings ?? []).filter((known) => known.id !== id), one] }
}

/** What a call's hand-over makes of its ticket. @returns undefined: nothing */
export function alongside(ticket: Ticket, { type, handover, at }: HandoverFact): { readonly fact: TicketFactType; readonly ticket: Ticket } | undefined {
  if (type === 'handover-changed' && handover.mode !== ticket.mode) return { fact: 'ticket-changed', ticket: { ...ticket, mode: handover.mode } }
  // Whoever has taken the caller has taken the ticket, and may still return it.
  if (type === 'handover-completed' && handover.responsible === ticket.to && ticket.state === 'sent') {
    const step = { step: 'accepted', at, by: handover.target ?? ticket.to, platform: ticket.to } as const
    return { fact: 'ticket-accepted', ticket: { ...ticket, state: 'accepted', steps: [...ticket.steps, step] } }
  }
  const over = type === 'handover-failed' || type === 'handover-cancelled' || (type === 'handover-completed' && handover.responsible === ticket.from)
  // What the receiver has accepted is its own, whatever became of the call.
  if (!over || ticket.state !== 'sent') return undefined
  const step = { step: 'withdrawn', at, by: handover.agent, platform: ticket.from } as const
  return { fact: 'ticket-withdrawn', ticket: { ...ticket, state: 'withdrawn', steps: [...ticket.steps, step] } }
}
