import { createHash } from 'node:crypto'
import { type Fact, type HandoverFactType, isCallBack, isHandoverFact, isTicketFact, type TicketFact } from '../domain/facts.ts'
import { type Platform, platforms } from '../domain/handover/handover.ts'
import type { TicketFactType } from '../domain/ticket/machine.ts'
import { ticketOfCall } from '../domain/ticket/registration.ts'
import { type CallBackPayload, type HandoverEvent, type HandoverPayload, payloadVersion, type TicketOwnEvent, type TicketPayload } from './payload-schema.ts'

/** null: no ticket system needs to hear of it. */
const events: Record<HandoverFactType, HandoverEvent | null> = {
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

/** null: what is forgotten here is kept, or not, by others as they see fit. */
const ticketEventOf: Record<TicketFactType, TicketOwnEvent | null> = {
  'ticket-registered': 'ticket.registered',
  'ticket-accepted': 'ticket.accepted',
  'ticket-returned': 'ticket.returned',
  'ticket-resent': 'ticket.resent',
  'ticket-reported': 'ticket.reported',
  'ticket-reopened': 'ticket.reopened',
  'ticket-closed': 'ticket.closed',
  'ticket-withdrawn': 'ticket.withdrawn',
  'ticket-conferred': 'ticket.conferred',
  'ticket-changed': 'ticket.changed',
  'ticket-marked': 'ticket.marked',
  'ticket-lifted': 'ticket.lifted',
  'ticket-erased': null,
  'ticket-due-soon': 'ticket.due-soon',
  'ticket-overdue': 'ticket.overdue',
  'ticket-bounced': 'ticket.bounced',
  'ticket-lapsed': 'ticket.lapsed',
}

/** What a fact tells ticket systems: the same at every attempt. */
export interface Notice {
  /** Whose ticket systems. */
  readonly platforms: readonly Platform[]
  /** The one that it came from. */
  readonly except?: string
  /** The hand-over or call with whose other notices it stays in order. */
  readonly subject: string
  readonly payload: HandoverPayload | CallBackPayload | TicketPayload
}

/** @returns undefined for a fact of which no ticket system needs to hear */
export function noticeOf(fact: Fact): Notice | undefined {
  if (isCallBack(fact)) {
    const { at, call, platform, sequence } = fact
    return { platforms: [platform], subject: call.id, payload: { type: 'call-back.requested', version: payloadVersion, timestamp: at, data: { platform, call, sequence } } }
  }
  if (isTicketFact(fact)) return noticeOfTicket(fact)
  const event = isHandoverFact(fact) ? events[fact.type] : null
  if (!event || !isHandoverFact(fact)) return undefined
  const { at, handover, call, sequence } = fact
  const ticket = event === 'handover.requested' ? { ticket: ticketOfCall(handover, call) } : {}
  return { platforms: [handover.to], subject: handover.id, payload: { type: event, version: payloadVersion, timestamp: at, data: { handover, call, ...ticket, sequence } } }
}

/** Both platforms hear of a ticket, but for whoever told it. How the ticket of a call here begins is told with the call's hand-over. */
function noticeOfTicket({ type, at, ticket, sequence, platform, by, via, deadline, filled }: TicketFact): Notice | undefined {
  const event = ticketEventOf[type]
  if (!event) return undefined
  if (ticket.mode !== 'push' && type === 'ticket-registered' && via === undefined) return undefined
  const data = { ticket, platform, by, ...(deadline ? { deadline } : {}), ...(filled ? { intake: filled } : {}), sequence }
  return { platforms, ...(via === undefined ? {} : { except: via }), subject: ticket.id, payload: { type: event, version: payloadVersion, timestamp: at, data } }
}

/** `webhook-id`: the same for the same event at the same endpoint, at every attempt and after every restart. */
export function webhookId(instance: string, endpoint: string, { subject, payload }: Pick<Notice, 'subject' | 'payload'>): string {
  // A hand-over's two tracks each have an order of their own.
  const track = payload.type.startsWith('ticket.') ? ['ticket'] : []
  const parts = JSON.stringify([instance, endpoint, subject, payload.data.sequence, ...track])
  return `msg_${createHash('sha256').update(parts).digest('base64url').slice(0, 27)}`
}
