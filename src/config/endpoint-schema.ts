import { Type } from 'typebox'
import { webhookSchemes } from '../tickets/signature.ts'
import { ticketSystemKinds } from '../tickets/kinds.ts'
import { strict, Name, PlatformId } from './schema-parts.ts'

const State = Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\x00-\\x1f]+$' }))

export const Endpoint = Type.Object(
  {
    id: Name('Name of the destination, in job ids and logs'),
    platform: PlatformId,
    kind: Type.Enum(ticketSystemKinds, { default: 'webhook', description: 'What it speaks: signed webhooks, another Tandem too; the same as files in a folder, which a courier carries; the interface of Request Tracker 5, Znuny or Zammad' }),
    url: Type.String({ pattern: '^(https?|file)://', description: 'Where webhooks are posted; the folder of a relay, as file:///var/spool/tandem/police; of Znuny its web service, as https://znuny.example/znuny/nph-genericinterface.pl/Webservice/Tandem; else its address, without a path of its interface' }),
    secrets: Type.Array(Type.String({ pattern: '^whsec_[A-Za-z0-9+/=]{32,}$' }), {
      default: [],
      maxItems: 2,
      description: 'Standard Webhooks secrets, which sign what is sent and what it sends; two while one is being replaced. Webhooks and relays need one; other kinds need one to be heard at once',
    }),
    token: Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{8,200}$', description: 'Of another kind than webhooks: the authentication token of Tandem’s user there; of Znuny its password' })),
    user: Type.String({ minLength: 1, maxLength: 60, default: 'tandem', description: 'Likewise: the name of that user; what it does there is not told back' }),
    queue: Type.Optional(Type.String({ minLength: 1, maxLength: 60, pattern: '^[^\\x00-\\x1f]+$', description: 'Likewise: the queue in which tickets are made; of Zammad the group' })),
    fields: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z]{1,40}$' }), Type.String({ minLength: 1, maxLength: 60, pattern: '^[^\\x00-\\x1f{}\']+$' }), {
        description: 'Likewise: its custom fields, by what Tandem knows (`id`, `call`, `urgency`, `mode`, `category`, `item`, or a field of the intake form); those of the definition that Tandem brings when left out',
      }),
    ),
    states: Type.Optional(
      Type.Object(
        { new: State, open: State, resolved: State, rejected: State },
        { ...strict, description: 'Likewise: its statuses, by how a ticket stands; those that it has by itself, or by that definition, when left out' },
      ),
    ),
    cti: Type.Optional(Type.String({ pattern: '^https?://', description: 'Of Zammad: the address of its generic CTI, which is told of calls as they ring, are answered and end; nowhere when left out' })),
    pollMs: Type.Integer({ minimum: 200, maximum: 3_600_000, default: 10_000, description: 'Likewise: how often it is asked what has happened there' }),
    signature: Type.Enum(webhookSchemes, { default: 'hmac-sha256', description: 'How they sign: `hmac-sha256` as Standard Webhooks has it, or `hmac-sm3` (GB/T 32905)' }),
    events: Type.Optional(
      Type.Array(Type.String({ pattern: '^(handover|call-back|ticket)\\.[a-z-]+$' }), { description: 'Event types wanted; all when left out' }),
    ),
    concurrency: Type.Integer({ minimum: 1, maximum: 200, default: 16, description: 'Most webhooks under way to it at a time' }),
  },
  { ...strict, description: 'A ticket system of a platform' },
)
