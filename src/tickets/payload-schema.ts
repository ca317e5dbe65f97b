import { type Static, Type } from 'typebox'
import { platforms } from '../domain/handover/handover.ts'
import { deadlineNames } from '../domain/ticket/deadlines.ts'
import { CallRecord, HandoverRecord, Intake, Time } from './record-schemas.ts'
import { linkedKinds } from '../recordings/links.ts'
import { TicketRecord } from './ticket-schemas.ts'

/** Events of a hand-over, in the order it meets them. */
export const handoverEvents = [
  'handover.requested',
  'handover.ringing',
  'handover.answered',
  'handover.completed',
  'handover.failed',
  'handover.cancelled',
] as const
export type HandoverEvent = (typeof handoverEvents)[number]

/** Events of a ticket, which both platforms' systems hear. */
export const ticketOwnEvents = [
  'ticket.registered',
  'ticket.accepted',
  'ticket.returned',
  'ticket.resent',
  'ticket.reported',
  'ticket.reopened',
  'ticket.closed',
  'ticket.withdrawn',
  'ticket.conferred',
  'ticket.changed',
  'ticket.marked',
  'ticket.lifted',
  'ticket.due-soon',
  'ticket.overdue',
  'ticket.bounced',
  'ticket.lapsed',
] as const
export type TicketOwnEvent = (typeof ticketOwnEvents)[number]

/** Event types that are sent. */
export const ticketEvents = [...handoverEvents, 'call-back.requested', ...ticketOwnEvents] as const
export type TicketEvent = (typeof ticketEvents)[number]

const Sequence = Type.Integer({ minimum: 1, description: 'Place in the order of the call’s facts' })

/** Of the forms below. */
export const payloadVersion = 1

const Version = Type.Literal(payloadVersion, { description: 'Form of the event: a new field does not raise it, one that is changed or gone does' })
const Missed = Type.Optional(
  Type.Array(Type.String(), { description: 'The `webhook-id`s of earlier events of the same hand-over or call that were given up (dead letters); none when left out' }),
)

export const HandoverPayloadSchema = Type.Object(
  {
    type: Type.Enum(handoverEvents, { description: 'What happened' }),
    version: Version,
    timestamp: Time('When it happened'),
    data: Type.Object({
      handover: HandoverRecord,
      call: CallRecord,
      ticket: Type.Optional(TicketRecord),
      sequence: Sequence,
    }),
    missed: Missed,
  },
  { title: 'HandoverPayload', description: 'Sent to the ticket system of the platform that receives the hand-over' },
)
export type HandoverPayload = Static<typeof HandoverPayloadSchema>

export const CallBackPayloadSchema = Type.Object(
  {
    type: Type.Literal('call-back.requested', { description: 'What happened' }),
    version: Version,
    timestamp: Time('When it happened'),
    data: Type.Object({ platform: Type.Enum(platforms, { description: 'Who is to call back' }), call: CallRecord, sequence: Sequence }),
    missed: Missed,
  },
  { title: 'CallBackPayload', description: 'A caller was lost before a desk had them; sent to the ticket system of the platform that they waited for' },
)
export type CallBackPayload = Static<typeof CallBackPayloadSchema>

export const TicketPayloadSchema = Type.Object(
  {
    type: Type.Enum(ticketOwnEvents, { description: 'What happened' }),
    version: Version,
    timestamp: Time('When it happened'),
    data: Type.Object({
      ticket: TicketRecord,
      platform: Type.Enum(platforms, { description: 'Who did it' }),
      by: Type.String({ description: 'The user or key, or the ticket system; `tandem` for what its clock says' }),
      deadline: Type.Optional(Type.Enum(deadlineNames, { description: 'Of `ticket.due-soon` and `ticket.overdue`: by when what is to be done' })),
      intake: Type.Optional(Intake),
      sequence: Type.Integer({ minimum: 1, description: 'Place in the order of the ticket’s facts' }),
    }),
    missed: Missed,
    links: Type.Optional(
      Type.Array(
        Type.Object({ kind: Type.Enum(linkedKinds), id: Type.String({ description: 'The recording’s, or the attachment’s' }), name: Type.String({ description: 'For people' }), url: Type.String(), expiresAt: Time('Until then it may be fetched') }),
        { description: 'Where recordings and attachments may be fetched, without a key, by whoever has the link' },
      ),
    ),
  },
  { title: 'TicketPayload', description: 'Sent to the ticket systems of both platforms, but for the one that told it' },
)
export type TicketPayload = Static<typeof TicketPayloadSchema>

export function payloadSchemaOf(event: TicketEvent) {
  if (event === 'call-back.requested') return CallBackPayloadSchema
  return event.startsWith('ticket.') ? TicketPayloadSchema : HandoverPayloadSchema
}
