import { Type } from 'typebox'
import { callFactTypes, handoverFactTypes } from '../domain/facts.ts'
import { failureReasons, handoverStates, modes, platforms } from '../domain/handover/handover.ts'

const oneOf = <T extends string>(values: readonly T[], description?: string) =>
  Type.Union(values.map((value) => Type.Literal(value)), description === undefined ? {} : { description })
const Time = (description: string) => Type.String({ description: `${description}; UTC, ISO 8601` })
const Step = (description: string) => Type.Optional(Type.Number({ description: `${description}; ms since the press` }))

export const PlatformSchema = oneOf(platforms, '`12345` (hotline) or `110` (police)')

const ChannelSchema = Type.Object({
  channelId: Type.String({ description: 'Asterisk’s channel id' }),
  sipCallId: Type.Optional(Type.String({ description: 'SIP Call-ID (RFC 3261 §20.8)' })),
  endpoint: Type.Optional(Type.String({ description: 'Agent or trunk' })),
})

export const Matter = Type.Object(
  {
    category: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
    item: Type.Optional(Type.String({ minLength: 1, maxLength: 120 })),
  },
  { additionalProperties: false, description: 'Matter (事项): category and item of the catalogue' },
)

export const CallSchema = Type.Object(
  {
    id: Type.String(),
    state: Type.String({ description: 'ringing, waiting, talking, transferring, joining, releasing, ended' }),
    platform: PlatformSchema,
    desk: PlatformSchema,
    agent: Type.Optional(Type.String({ description: 'The agent who talks with the caller' })),
    caller: Type.Object({ number: Type.String(), name: Type.Optional(Type.String()) }),
    dialled: Type.String({ description: 'Number that the citizen dialled' }),
    arrivedAt: Time('Arrival'),
    answeredAt: Type.Optional(Time('First answer')),
    endedAt: Type.Optional(Time('End')),
    endedBy: Type.Optional(Type.String({ description: '`caller`, the agent who ended it, or `given-back`' })),
    channels: Type.Object({
      caller: ChannelSchema,
      agent: Type.Optional(ChannelSchema),
      peer: Type.Optional(ChannelSchema),
    }),
  },
  { $id: 'Call', description: 'A citizen’s conversation from arrival until the last party has left' },
)

export const HandoverSchema = Type.Object(
  {
    id: Type.String(),
    callId: Type.String(),
    mode: oneOf(modes, 'How responsibility is passed on'),
    state: oneOf(handoverStates),
    from: PlatformSchema,
    to: PlatformSchema,
    agent: Type.String({ description: 'Who pressed the key' }),
    target: Type.Optional(Type.String({ description: 'Who answered' })),
    matter: Type.Optional(Matter),
    reason: Type.Optional(Type.String()),
    requestedAt: Time('Press'),
    clock: Type.Object(
      {
        press: Type.Literal(0),
        dial: Step('The INVITE was ordered'),
        ring: Step('The other desk rang'),
        answer: Step('The other desk answered'),
        joined: Step('Caller and other desk were joined'),
        released: Step('The first desk was released, or left'),
      },
      { description: 'Split clock' },
    ),
    failure: Type.Optional(
      Type.Object({
        reason: oneOf(failureReasons),
        sipCode: Type.Optional(Type.Integer({ description: 'SIP response code of the target (RFC 3261 §21)' })),
        cause: Type.Optional(Type.Integer({ description: 'Q.850 cause' })),
        causeText: Type.Optional(Type.String()),
      }),
    ),
  },
  { $id: 'Handover', description: 'One act of passing responsibility (转办)' },
)

export const DeliverySchema = Type.Object(
  {
    id: Type.String({ description: 'The webhook-id' }),
    endpoint: Type.String(),
    event: Type.String(),
    state: oneOf(['pending', 'delivered', 'failed'] as const),
    attempts: Type.Integer(),
    lastOutcome: Type.Optional(Type.String()),
    updatedAt: Time('Last change'),
  },
  { $id: 'Delivery', description: 'One thing pushed to one ticket system' },
)

export const EventSchema = Type.Object(
  {
    type: oneOf([...callFactTypes, ...handoverFactTypes]),
    at: Time('When'),
    sequence: Type.Integer({ description: 'Place among the facts of the call' }),
    call: Type.Ref('Call'),
    handover: Type.Optional(Type.Ref('Handover')),
  },
  { $id: 'Event', description: 'The data of one live event (SSE); the SSE id is its place in the journal' },
)
