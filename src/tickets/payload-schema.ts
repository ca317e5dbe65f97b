import { type Static, Type } from 'typebox'
import { CallRecord, HandoverRecord, Time } from './record-schemas.ts'

/** Event types that are sent, in the order a hand-over meets them. */
export const ticketEvents = [
  'handover.requested',
  'handover.ringing',
  'handover.answered',
  'handover.completed',
  'handover.failed',
  'handover.cancelled',
] as const
export type TicketEvent = (typeof ticketEvents)[number]

/** Body of a ticket webhook. */
export const TicketPayloadSchema = Type.Object(
  {
    type: Type.Enum(ticketEvents, { description: 'What happened' }),
    timestamp: Time('When it happened'),
    data: Type.Object({
      handover: HandoverRecord,
      call: CallRecord,
      sequence: Type.Integer({ minimum: 1, description: 'Place in the order of the call’s facts' }),
    }),
  },
  { title: 'TicketPayload', description: 'Sent to the ticket system of the platform that receives the hand-over' },
)

export type TicketPayload = Static<typeof TicketPayloadSchema>
