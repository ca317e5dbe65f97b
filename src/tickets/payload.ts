import { createHash } from 'node:crypto'
import { type Fact, type HandoverFactType, isCallBack, isHandoverFact } from '../domain/facts.ts'
import type { Platform } from '../domain/handover/handover.ts'
import { type CallBackPayload, type HandoverEvent, type HandoverPayload, payloadVersion } from './payload-schema.ts'

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

/** What a fact tells ticket systems: the same at every attempt. */
export interface Ticket {
  /** Whose ticket systems. */
  readonly platform: Platform
  /** The hand-over or call with whose other tickets it stays in order. */
  readonly subject: string
  readonly payload: HandoverPayload | CallBackPayload
}

/** @returns undefined for a fact of which no ticket system needs to hear */
export function ticketOf(fact: Fact): Ticket | undefined {
  if (isCallBack(fact)) {
    const { at, call, platform, sequence } = fact
    return { platform, subject: call.id, payload: { type: 'call-back.requested', version: payloadVersion, timestamp: at, data: { platform, call, sequence } } }
  }
  const event = isHandoverFact(fact) ? events[fact.type] : null
  if (!event || !isHandoverFact(fact)) return undefined
  const { at, handover, call, sequence } = fact
  return { platform: handover.to, subject: handover.id, payload: { type: event, version: payloadVersion, timestamp: at, data: { handover, call, sequence } } }
}

/** `webhook-id`: the same for the same event at the same endpoint, at every attempt and after every restart. */
export function webhookId(instance: string, endpoint: string, { subject, payload }: Pick<Ticket, 'subject' | 'payload'>): string {
  const parts = JSON.stringify([instance, endpoint, subject, payload.data.sequence])
  return `msg_${createHash('sha256').update(parts).digest('base64url').slice(0, 27)}`
}
