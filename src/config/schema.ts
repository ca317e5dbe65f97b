import { type Static, Type } from 'typebox'
import { platforms } from '../domain/handover/handover.ts'
import { expectations } from '../domain/test-call.ts'
import { Dispatch } from './dispatch-schema.ts'
import { Edge } from './edge-schema.ts'
import { Endpoint } from './endpoint-schema.ts'
import { Keys } from './keys-schema.ts'
import { strict, Name, Secret, Host, Port, PhoneNumber, Ms, PlatformId } from './schema-parts.ts'
import { permissions, roles } from '../users/roles.ts'
import { Sharing } from './sharing-schema.ts'

const Agent = Type.Object(
  {
    id: Name('SIP user name of the agent’s phone, and the agent’s name in every record'),
    platform: PlatformId,
    name: Type.Optional(Type.String({ pattern: '^[^\\x00-\\x1f"<>;\\\\]{1,60}$', description: 'Shown to others' })),
    password: Secret('SIP digest password of the phone'),
    referKeys: Type.Boolean({ default: false, description: 'The phone’s own Transfer and Conference keys (REFER) make hand-overs; see the README first' }),
  },
  { ...strict, description: 'A seat: a SIP phone that registers with this Asterisk' },
)

const Trunk = Type.Object(
  {
    id: Name('Name of the trunk'),
    host: Host('Address of the far end'),
    port: Port('SIP port of the far end', 5060),
    match: Type.Optional(
      Type.Array(Host('Address'), { minItems: 1, description: 'Source addresses from which its calls come; `host` when left out' }),
    ),
    inbound: Type.Boolean({ default: true, description: 'Citizens’ calls may come in here' }),
    channels: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Calls that it carries at a time; without limit when left out' })),
    reserved: Type.Integer({ minimum: 0, maximum: 10_000, default: 0, description: 'Of these, kept for hand-overs with danger' }),
    qualifySec: Type.Integer({ minimum: 0, maximum: 3600, default: 30, description: 'Seconds between OPTIONS; 0: none' }),
  },
  { ...strict, description: 'A SIP trunk to a carrier or to another desk’s PBX' },
)

const Destination = Type.Object(
  {
    id: Name('Name of the destination, in commands and records; unlike every agent’s and trunk’s'),
    name: Type.Optional(Type.String({ pattern: '^[^\\x00-\\x1f"<>;\\\\]{1,60}$', description: 'Shown to others' })),
    trunk: Name('The trunk that leads there'),
    dial: PhoneNumber('Number dialled on that trunk'),
  },
  { ...strict, description: 'Who can be invited into a call beside the desks: another service, an interpreter' },
)

const Desk = Type.Object(
  {
    numbers: Type.Array(PhoneNumber('A number'), { minItems: 1, description: 'Numbers citizens dial for this platform' }),
    routes: Type.Array(Name('A trunk, or `seats`'), {
      minItems: 1,
      default: ['seats'],
      description: 'Ways to the desk, tried one after the other: names of trunks to its own PBX, and `seats` for its agents at this Asterisk',
    }),
    dial: Type.Optional(PhoneNumber('Number dialled on those trunks; the first of `numbers` when left out')),
    strategy: Type.Enum(['ring-all', 'longest-idle'], {
      default: 'ring-all',
      description: 'How its seats are rung: all free ones at once, or one after the other, who has been without a call longest first',
    }),
    overflow: Type.Optional(
      Type.Object(
        {
          afterMs: Ms('How long a caller waits before the other desk’s free seats are rung', 60_000, 0),
          maximum: Type.Integer({ minimum: 1, maximum: 1_000, default: 5, description: 'Such calls at a time' }),
        },
        { ...strict, description: 'When the desk is swamped, its callers may overflow to the other one’s seats (互助)' },
      ),
    ),
  },
  { ...strict, description: 'A platform’s desk' },
)

const TestCall = Type.Object(
  {
    platform: PlatformId,
    endpoint: Name('The trunk that is dialled on, or an agent whose phone answers by itself'),
    number: Type.Optional(PhoneNumber('The test number dialled on that trunk; with a trunk it is required')),
    expect: Type.Enum(expectations, {
      default: 'echo',
      description: '`echo`: the number sends back what it hears, which proves the audio both ways; `sound`: it can be heard, which proves one way',
    }),
    everyMs: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 86_400_000, description: 'Time from one scheduled test call to the next; none are when left out' })),
    ringMs: Ms('How long it may give no sign of ringing', 5_000, 100, 60_000),
    answerMs: Ms('How long it may ring', 15_000, 100, 120_000),
    audioMs: Ms('How long the audio may take once it has been answered; an echo takes 4 s or more', 8_000, 1_000, 60_000),
  },
  { ...strict, description: 'A number that is called to measure the path to a platform (试呼)' },
)

export const ConfigSchema = Type.Object(
  {
    instance: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,30}$', default: 'tandem', description: 'Name of this instance' }),
    timezone: Type.String({ default: 'Asia/Shanghai', description: 'Whose day decides which rows of the catalogue hold, and whose hours are worked' }),
    log: Type.Object(
      {
        level: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info' }),
        numbers: Type.Enum(['masked', 'full'], {
          default: 'masked',
          description: 'Telephone numbers in logs',
        }),
      },
      { ...strict, default: {} },
    ),
    http: Type.Object(
      {
        host: Host('Address to listen on', '127.0.0.1'),
        port: Port('Port to listen on', 8700),
        publicUrl: Type.Optional(Type.String({ pattern: '^https?://[^/]+/?$', description: 'Where other systems reach it; without it they are sent no links to recordings' })),
        apiKeys: Type.Array(
          Type.Object(
            {
              name: Name('Who uses it'),
              key: Type.String({ pattern: '^(sha256:[0-9a-f]{64}|[A-Za-z0-9_.~+/=-]{16,128})$', description: 'The key itself, or `sha256:` and its SHA-256' }),
              role: Type.Enum(roles, { default: 'system', description: 'What it may: see the roles' }),
              platform: Type.Optional(Type.Enum(platforms, { description: 'Whose it is, `12345` or `110`: need-to-know records are for their own platform' })),
              scopes: Type.Optional(Type.Array(Type.Enum(permissions), { description: 'Instead of the role’s own permissions' })),
            },
            strict,
          ),
          { minItems: 1, description: 'Who may use the API' },
        ),
        secure: Type.Boolean({ default: false, description: 'It is reached by TLS alone: the cookie of a session is sent on no other way' }),
      },
      strict,
    ),
    asterisk: Type.Object(
      {
        host: Host('Where ARI and AMI listen', '127.0.0.1'),
        httpPort: Port('HTTP port of ARI', 8088),
        amiPort: Port('Port of AMI; used where `adoption.contexts` chooses any', 5038),
        sipHost: Host('Address of SIP and RTP', '127.0.0.1'),
        sipPort: Port('SIP port, UDP and TCP', 5060),
        rtpPorts: Type.Tuple([Type.Integer({ minimum: 1024, maximum: 65535 }), Type.Integer({ minimum: 1024, maximum: 65535 })], {
          default: [10000, 19999],
          description: 'First and last RTP port',
        }),
        compareMs: Ms('How often live calls are compared with what Asterisk has; what is amiss twice is put right', 30_000, 100),
        application: Name('Name of the Stasis application'),
        username: Name('ARI and AMI user'),
        ariPassword: Secret('Password of the ARI user'),
        amiPassword: Secret('Password of the AMI user'),
      },
      strict,
    ),
    redis: Type.Object(
      {
        url: Type.String({ pattern: '^rediss?://', description: 'Redis that holds the queues' }),
        prefix: Type.String({ pattern: '^[a-z0-9-]{1,30}$', default: 'tandem', description: 'Prefix of its keys' }),
      },
      strict,
    ),
    recommendation: Type.Object(
      { learning: Type.Boolean({ default: true, description: 'What agents choose moves later recommendations; false: it is neither kept nor used' }) },
      { ...strict, default: {}, description: 'Recommendation of platform and matter' },
    ),
    journal: Type.Object(
      {
        path: Type.String({ minLength: 1, description: 'SQLite file on a local disk' }),
        retentionDays: Type.Integer({ minimum: 1, maximum: 3650, default: 30, description: 'How long facts stay that every reader has read' }),
        maxMiB: Type.Integer({ minimum: 16, maximum: 1_000_000, default: 4096, description: 'Size from which on they go sooner, after a day; from four fifths of it on there is an alarm' }),
        reserveMiB: Type.Integer({ minimum: 0, maximum: 100_000, default: 64, description: 'Room kept on its disk by a file beside it, given up when the disk is full; an alarm says so from four times as much on' }),
      },
      strict,
    ),
    ledger: Type.Optional(
      Type.Object(
        {
          url: Type.String({ pattern: '^postgres(ql)?://', description: 'Postgres that holds the ledger; its tables are made and brought up to date at the start' }),
          checkpointMs: Ms('Between two checkpoints: the signed heads of all chains that have grown', 3_600_000, 1_000, 86_400_000),
          checkpointFile: Type.String({ minLength: 1, default: './ledger-checkpoints.jsonl', description: 'Where they are published, one a line; keep a copy where nobody who can change the ledger can change it' }),
          keyFile: Type.String({ minLength: 1, default: './ledger-key.pem', description: 'Ed25519 key that signs them, PEM; made when there is none' }),
        },
        { ...strict, description: 'Keeps every fact for years; there is none when left out' },
      ),
    ),
    desks: Type.Object({ '12345': Desk, '110': Desk }, strict),
    agents: Type.Array(Agent, { default: [] }),
    trunks: Type.Array(Trunk, { default: [] }),
    destinations: Type.Array(Destination, { default: [] }),
    knownCallers: Type.Array(
      Type.Object({ number: PhoneNumber('As it is signalled'), kind: Type.Enum(['police-officer', 'member-unit'], { description: 'Of the police: may not ask 12345 for police work (§10); of a unit that works with 12345 (成员单位)' }) }, strict),
      { default: [], description: 'Numbers by which it is known who calls' },
    ),
    edge: Type.Optional(Edge),
    adoption: Type.Object(
      {
        contexts: Type.Array(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,78}$' }), {
          default: [],
          description: 'Dialplan contexts whose calls in `Queue()` or `Dial()` are adopted when their agent presses a key; none: only calls that came in by Tandem can be handed over',
        }),
      },
      { ...strict, default: {} },
    ),
    outbound: Type.Optional(
      Type.Object(
        {
          trunk: Name('The trunk by which agents call citizens'),
          number: Type.Optional(PhoneNumber('What the citizen sees; the first of the desk’s `numbers` when left out')),
        },
        { ...strict, description: 'Agents may call citizens' },
      ),
    ),
    testCalls: Type.Array(TestCall, { default: [], maxItems: 2 }),
    keys: Keys,
    calls: Type.Object(
      {
        ringMs: Ms('How long a desk is rung before a transfer counts as not answered', 25_000, 500),
        routeMs: Ms('How long a route to a desk may give no sign of ringing before the next one is tried', 3_000),
        seatMs: Ms('Strategy `longest-idle`: how long a seat is rung before the next one', 12_000, 500),
        retryMs: Ms('Pause before a desk that nobody answered is rung again', 5_000),
        release: Type.Enum(['answer', 'ringing'], {
          default: 'answer',
          description: 'When the first desk of a transfer is released: once the other desk has answered, or as it rings',
        }),
        satisfactionMs: Ms('How long a caller may answer the satisfaction question (满意度) once the desk has hung up; 0: it is not asked', 0, 0, 120_000),
        language: Type.Enum(['zh_CN', 'en'], { default: 'zh_CN', description: 'Of the announcements to callers' }),
        maximum: Type.Integer({ minimum: 1, maximum: 100_000, default: 500, description: 'Calls at a time' }),
      },
      { ...strict, default: {} },
    ),
    recording: Type.Object(
      {
        enabled: Type.Boolean({ default: false, description: 'Calls are recorded from the answer on, each consultation into a file of its own' }),
        directory: Type.String({ minLength: 1, default: '/var/spool/asterisk/recording', description: 'Where Tandem sees Asterisk’s recordings directory' }),
        notice: Type.Boolean({ default: false, description: 'Callers are answered at once and told that they are recorded, while the desk rings' }),
        linkHours: Type.Integer({ minimum: 1, maximum: 8_760, default: 72, description: 'How long a link to a recording, sent with its ticket, or to a hand-over, sent with its call, may be used' }),
        retentionDays: Type.Integer({ minimum: 1, maximum: 36_500, default: 180, description: 'Recordings of older calls are deleted' }),
      },
      { ...strict, default: {} },
    ),
    attachments: Type.Object(
      {
        directory: Type.String({ minLength: 1, default: '/var/lib/tandem/attachments', description: 'Where the files that are given with tickets are kept' }),
        mostMiB: Type.Integer({ minimum: 1, maximum: 1_024, default: 20, description: 'The largest that is taken, MiB' }),
        retentionDays: Type.Integer({ minimum: 1, maximum: 36_500, default: 180, description: 'Older ones are deleted' }),
      },
      { ...strict, default: {} },
    ),
    dispatch: Dispatch,
    sharing: Sharing,
    tickets: Type.Object(
      {
        endpoints: Type.Array(Endpoint, { default: [] }),
        allowNetworks: Type.Array(Type.String({ pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$' }), {
          default: [],
          description: 'Private networks (CIDR) that webhooks may go to; public addresses are always allowed',
        }),
        timeoutMs: Ms('For one attempt', 10_000),
        retryMs: Type.Array(Type.Integer({ minimum: 10 }), {
          default: [5_000, 30_000, 120_000, 600_000, 3_600_000, 14_400_000, 43_200_000, 86_400_000, 122_400_000],
          description: 'Pauses between attempts, in milliseconds; after the last one the delivery is a dead letter',
        }),
        circuit: Type.Object(
          {
            failures: Type.Integer({ minimum: 1, maximum: 1_000, default: 5, description: 'Attempts in a row that fail for now, after which an endpoint is left alone for a while' }),
            pauseMs: Ms('Until a first webhook is let through to see whether it is back; doubled each time that it is not', 30_000, 10),
            longestPauseMs: Ms('Longest such pause', 300_000, 10),
          },
          { ...strict, default: {} },
        ),
      },
      { ...strict, default: {} },
    ),
  },
  { ...strict, $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Tandem configuration' },
)

export type Config = Static<typeof ConfigSchema>
export type AgentConfig = Static<typeof Agent>
export type TrunkConfig = Static<typeof Trunk>
export type EdgeConfig = Static<typeof Edge>
export type EdgeTrunkConfig = EdgeConfig['trunks'][number]
export type TestCallConfig = Static<typeof TestCall>
export type DeskConfig = Static<typeof Desk>
export type TicketEndpointConfig = Static<typeof Endpoint>
