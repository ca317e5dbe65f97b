import { createHash } from 'node:crypto'
import { type Fact, type HandoverFact, type HandoverFactType, isHandoverFact } from '../domain/facts.ts'
import type { TicketEvent, TicketPayload } from './payload-schema.ts'

/** null: no ticket system needs to hear of it. */
const events: Record<HandoverFactType, TicketEvent | null> = {
  'handover-requested': 'handover.requested',
  'handover-dialled': null,
  'handover-ringing': 'handover.ringing',
  'handover-answered': 'handover.answered',
  'handover-joined': null,
  'handover-released': null,
  'handover-completed': 'handover.completed',
  'handover-failed': 'handover.failed',
  'handover-cancelled': 'handover.cancelled',
  'handover-changed': null,
  'handover-confirmed': null,
  'handover-decided': null,
}

export const ticketEventOf = (fact: Fact): TicketEvent | null => (isHandoverFact(fact) ? events[fact.type] : null)

/** What the ticket system is told of a fact: the same at every attempt. */
export function ticketPayload(event: TicketEvent, fact: HandoverFact): TicketPayload {
  const { at, handover, call, sequence } = fact
  return { type: event, timestamp: at, data: { handover, call, sequence } }
}

/** `webhook-id`: the same for the same event at the same endpoint, at every attempt and after every restart. */
export function webhookId(instance: string, endpoint: string, fact: HandoverFact): string {
  const parts = JSON.stringify([instance, endpoint, fact.handover.id, fact.sequence])
  return `msg_${createHash('sha256').update(parts).digest('base64url').slice(0, 27)}`
}
