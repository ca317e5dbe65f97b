import { Type } from 'typebox'
import { numberForms } from '../domain/edge/numbers.ts'
import { Host, Ms, Name, Port, Secret, strict } from './schema-parts.ts'

/** What a call carries for the receiving desk, each in its own header. */
export const carriedHeaders = ['user-to-user', 'call-info', 'geolocation', 'history-info', 'diversion'] as const

const Gateway = Type.Object(
  {
    id: Name('Name of the gateway, in logs and figures'),
    host: Host('Its address; also the source of its calls'),
    port: Port('Its SIP port', 5060),
    transport: Type.Enum(['udp', 'tcp'], { default: 'udp' }),
    match: Type.Array(Host('Address'), { default: [], description: 'Further source addresses of its calls' }),
    priority: Type.Integer({ minimum: 0, maximum: 65_535, default: 10, description: 'The lowest is tried first' }),
    weight: Type.Integer({ minimum: 0, maximum: 65_535, default: 10, description: 'Share of the calls among those of the same priority; 0: only when no other is left' }),
    channels: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Calls at a time; without limit when left out' })),
  },
  { ...strict, description: 'One way into the other side’s network' },
)

const EdgeTrunk = Type.Object(
  {
    trunk: Name('One of `trunks`: its calls go through the edge; its own `host` is the way without it'),
    trusted: Type.Boolean({ default: false, description: 'Of our trust domain (RFC 3325): it is told who calls and what is handed over, and believed' }),
    numbers: Type.Enum(numberForms, { default: 'national', description: 'How it writes telephone numbers: `+8651312345678`, `051312345678`, or without the own area code' }),
    carries: Type.Array(Type.Enum(carriedHeaders), { default: ['user-to-user', 'call-info', 'history-info'], description: 'What a trusted one is told with a call: `geolocation` makes the body multipart' }),
    gateways: Type.Array(Gateway, { minItems: 1 }),
  },
  { ...strict, description: 'A trunk behind the edge' },
)

export const Edge = Type.Object(
  {
    host: Host('Where drachtio-server takes SIP, for Asterisk and the gateways: an address that no trunk has', '127.0.0.5'),
    port: Port('Its SIP port, UDP and TCP', 5070),
    drachtio: Type.Object(
      { host: Host('Where drachtio-server takes its application', '127.0.0.1'), port: Port('Its port', 9022), secret: Secret('Its shared secret') },
      { ...strict, description: 'The drachtio-server' },
    ),
    apiUrl: Type.Optional(Type.String({ pattern: '^https?://[^/]+/?$', description: 'Where the edge reaches this Tandem’s API; from `http` when left out' })),
    apiKey: Secret('The key that it uses there, one of `http.apiKeys` with the role `system` or above'),
    plan: Type.Object(
      { country: Type.String({ pattern: '^[1-9][0-9]{0,2}$', default: '86', description: 'Own country code' }), area: Type.String({ pattern: '^[1-9][0-9]{1,3}$', default: '513', description: 'Own area code, without the leading 0' }) },
      { ...strict, default: {}, description: 'Numbering plan' },
    ),
    optionsMs: Ms('Between two OPTIONS to a gateway', 10_000, 500, 600_000),
    silenceMs: Ms('How long a gateway may give no answer at all before the next one is tried', 1_500, 100, 30_000),
    trunks: Type.Array(EdgeTrunk, { minItems: 1 }),
  },
  { ...strict, description: 'The SIP edge between Asterisk and other networks, a process of its own; there is none when left out' },
)
