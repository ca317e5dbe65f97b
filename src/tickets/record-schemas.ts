/** The records that are told to the outside, as JSON Schema: in tickets and in the HTTP interface. */
import type { Position } from '../domain/edge/carried.ts'
import { type Static, Type } from 'typebox'
import { directions, phases, purposes, type Rating } from '../domain/call/state.ts'
import { type Party, partyRoles, partyStates } from '../domain/facts.ts'
import { recordedRooms, recordingStates } from '../domain/recording.ts'
import { callerKinds, decisionModes, urgencies, warnings } from '../domain/policy/decide.ts'
import type { IntakeRecord } from '../domain/ticket/intake.ts'
import { needToKnowReasons, reasonNames } from '../domain/sharing/need-to-know.ts'
import { failureReasons, handoverStates, modes, outcomes, platforms } from '../domain/handover/handover.ts'

export const Time = (description: string) => Type.String({ format: 'date-time', description: `${description}; UTC, ISO 8601` })
const Step = (description: string) => Type.Optional(Type.Number({ description: `${description}; ms since the key was pressed` }))
const Channel = Type.Object(
  {
    channelId: Type.String(),
    sipCallId: Type.Optional(Type.String()),
    endpoint: Type.Optional(Type.String()),
  },
  { description: 'One leg of the call at the switch' },
)

const named = {
  category: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
  item: Type.Optional(Type.String({ minLength: 1, maxLength: 120 })),
}
/** As it is named at the press. */
export const Matter = Type.Object(named, { additionalProperties: false, description: 'Matter (事项): category and item of the catalogue' })
export const MatterRecord = Type.Object(
  { ...named, catalogueVersion: Type.Optional(Type.Integer({ description: 'Of the catalogue that had it; left out where none has it' })) },
  { additionalProperties: false, description: 'Matter (事项): category and item of the catalogue' },
)

export const FailureRecord = Type.Object({
  reason: Type.Enum(failureReasons, { description: 'Why it was not reached' }),
  sipCode: Type.Optional(Type.Number({ description: 'SIP response code (RFC 3261 §21)' })),
  cause: Type.Optional(Type.Number({ description: 'Q.850 cause' })),
  causeText: Type.Optional(Type.String()),
})

export const PartyRecord = Type.Object(
  {
    id: Type.String({ description: '`caller`, or the channel’s id' }),
    role: Type.Enum(partyRoles, { description: '`desk` has the caller, `peer` is the other desk of a hand-over, `guest` a further party' }),
    endpoint: Type.Optional(Type.String({ description: 'The agent, trunk or destination' })),
    state: Type.Enum(partyStates, {
      description: '`consulting`: with the desks, the caller aside; `whispering`: heard by one desk alone; `apart`: alone, hearing ringback or music',
    }),
    muted: Type.Optional(Type.Literal(true)),
  },
  { description: 'Somebody in the call' },
)

export const KeptDecisionRecord = Type.Object(
  {
    mode: Type.Enum(decisionModes, { description: 'What the policy says' }),
    platform: Type.Optional(Type.Enum(platforms, { description: 'Who has it afterwards; left out where neither has' })),
    urgency: Type.Enum(urgencies),
    paragraphs: Type.Unsafe<readonly string[]>(Type.Array(Type.String(), { description: 'Of 启政办发〔2023〕18号, as `§4`' })),
    warnings: Type.Unsafe<readonly (typeof warnings)[number][]>(Type.Array(Type.Enum(warnings))),
    followed: Type.Boolean({ description: 'The agent went by it; otherwise `reason` says why not, but for what went to 110' }),
  },
  { description: 'The policy’s decision, where facts were given' },
)

/** In no particular form: which fields it may have is said by the receiver's standard. */
export const Intake = Type.Unsafe<IntakeRecord>(
  Type.Record(Type.String({ pattern: '^[A-Za-z]{1,40}$' }), Type.Union([Type.String({ maxLength: 4_000 }), Type.Boolean(), Type.Number()]), {
    additionalProperties: false,
    description: 'The receiver’s form, by the names of its fields: `GET /v1/intake/{platform}`',
  }),
)

const stated = {
  reason: Type.Enum(reasonNames, { description: Object.entries(needToKnowReasons).map(([name, label]) => `\`${name}\`: ${label}`).join(', ') }),
  cause: Type.String({ minLength: 1, maxLength: 500, description: 'Why, in words' }),
}
/** As it is stated. */
export const MarkingStatedSchema = Type.Object(stated, { additionalProperties: false, description: 'It is need-to-know (§7): who is not cleared for it does not get to know of it' })
export const MarkingRecord = Type.Object(
  { ...stated, platform: Type.Enum(platforms, { description: 'Who marked it, and alone may lift it' }), by: Type.String(), at: Time('When') },
  { description: 'It is need-to-know (§7)' },
)

export const HandoverRecord = Type.Object(
  {
    id: Type.String(),
    callId: Type.String(),
    mode: Type.Enum(modes, { description: 'How responsibility is passed on' }),
    state: Type.Enum(handoverStates, { description: 'As it stood after the event' }),
    consult: Type.Optional(Type.Boolean({ description: 'The desks talk with each other first; the caller hears music' })),
    verified: Type.Optional(Type.Boolean({ description: 'The first desk stays until the other one has confirmed' })),
    briefing: Type.Optional(Type.Boolean({ description: 'The joining desk heard a short announcement first' })),
    danger: Type.Optional(Type.Boolean({ description: 'Danger to life, property or public safety' })),
    decision: Type.Optional(KeptDecisionRecord),
    from: Type.Enum(platforms, { description: 'The platform that hands over' }),
    to: Type.Enum(platforms, { description: 'The platform that receives' }),
    agent: Type.String({ description: 'Who pressed the key' }),
    target: Type.Optional(Type.String({ description: 'The endpoint that answered' })),
    matter: Type.Optional(MatterRecord),
    reason: Type.Optional(Type.String()),
    intake: Type.Optional(Intake),
    needToKnow: Type.Optional(Type.Object(stated, { description: 'Stated at the press' })),
    requestedAt: Time('When the key was pressed'),
    clock: Type.Object(
      {
        press: Type.Literal(0),
        dial: Step('The target was dialled'),
        ring: Step('It rang'),
        answer: Step('It answered'),
        consulted: Step('The desks could talk with each other, the caller aside'),
        joined: Step('All parties could talk'),
        released: Step('The first desk left'),
      },
      { description: 'Split clock' },
    ),
    failure: Type.Optional(FailureRecord),
    confirmedAt: Type.Optional(Time('When the other desk confirmed a verified transfer')),
    outcome: Type.Optional(Type.Enum(outcomes, { description: 'Of a three-way call: the other desk took the matter, the first kept it, or neither was decided' })),
    responsible: Type.Optional(Type.Enum(platforms, { description: 'Completed: who has the matter' })),
  },
  { description: 'The hand-over (转办)' },
)

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the file as Asterisk left it, hex' })
const recordingFields = {
  id: Type.String({ description: 'The call’s id; of its n-th consultation `<call>-consultation-<n>`' }),
  room: Type.Enum(recordedRooms, { description: '`call`: the whole call; `consultation`: what desks said to each other while the caller heard music' }),
  state: Type.Enum(recordingStates, { description: '`paused`: silence is recorded; `finished`: it has ended' }),
  startedAt: Type.Optional(Time('Its first sample: the time of anything, less this, is its place in the file')),
  reason: Type.Optional(Type.String({ description: 'Why it failed' })),
}

const CallRecording = Type.Object(recordingFields)

export const RecordingRecord = Type.Object(
  {
    ...recordingFields,
    callId: Type.String(),
    durationMs: Type.Optional(Type.Integer({ description: 'Length of the file' })),
    bytes: Type.Optional(Type.Integer({ description: 'Size of the file' })),
    sha256: Type.Optional(Sha256),
  },
  { description: 'A recording (录音)' },
)

const CarriedRecord = Type.Object(
  {
    call: Type.Optional(Type.String({ description: 'The call there' })),
    handover: Type.Optional(Type.String({ description: 'The hand-over there' })),
    from: Type.Optional(Type.Enum(platforms)),
    mode: Type.Optional(Type.Enum(modes)),
    danger: Type.Optional(Type.Boolean()),
    category: Type.Optional(Type.String()),
    item: Type.Optional(Type.String()),
    link: Type.Optional(Type.String({ description: 'Where the hand-over can be looked at; signed' })),
    position: Type.Optional(Type.Unsafe<Position>(Type.String({ description: 'Where the caller is: a geo URI (RFC 5870)' }))),
    dialled: Type.Optional(Type.String({ description: 'The number that the citizen dialled first' })),
    trunk: Type.Optional(Type.String({ description: 'The trunk by which it came' })),
  },
  { description: 'Of a call that came through the SIP edge: what it brought of its hand-over there' },
)

export const CallRecord = Type.Object(
  {
    id: Type.String(),
    state: Type.Enum(phases, { description: 'Phase of the call' }),
    platform: Type.Enum(platforms, { description: 'Whose number the citizen dialled' }),
    desk: Type.Enum(platforms, { description: 'Whose desk talks with the caller' }),
    agent: Type.Optional(Type.String()),
    caller: Type.Object({
      number: Type.String(),
      name: Type.Optional(Type.String()),
      nuisanceMarks: Type.Optional(Type.Integer({ description: 'In how many calls he was marked before as harassing the hotline (恶意骚扰)' })),
      kind: Type.Optional(Type.Enum(callerKinds, { description: 'Who calls, where the configuration knows the number' })),
    }),
    dialled: Type.String(),
    direction: Type.Enum(directions, { description: '`outbound`: a desk called the citizen' }),
    adopted: Type.Optional(Type.Literal(true, { description: 'It began in the call centre’s own queue or dialplan, and was adopted while caller and agent talked' })),
    purpose: Type.Optional(Type.Enum(purposes, { description: 'Of an outbound call: calling back, or following up (回访)' })),
    ticket: Type.Optional(Type.String({ description: 'Of an outbound call: the ticket that it is about' })),
    needToKnow: Type.Optional(MarkingRecord),
    carried: Type.Optional(CarriedRecord),
    arrivedAt: Time('Arrival'),
    answeredAt: Type.Optional(Time('Answer')),
    endedAt: Type.Optional(Time('End')),
    endedBy: Type.Optional(Type.String()),
    failure: Type.Optional(FailureRecord),
    rating: Type.Optional(Type.Unsafe<Rating>(Type.Integer({ minimum: 1, maximum: 3, description: 'Satisfaction (满意度): 1 very satisfied, 2 satisfied, 3 dissatisfied' }))),
    recordings: Type.Optional(Type.Unsafe<readonly Static<typeof CallRecording>[]>(Type.Array(CallRecording, { description: 'Of a call that is recorded (录音)' }))),
    parties: Type.Unsafe<readonly Party[]>(Type.Array(PartyRecord, { description: 'Everybody in it now, the caller first' })),
    channels: Type.Object({ caller: Channel, agent: Type.Optional(Channel), peer: Type.Optional(Channel) }),
  },
  { description: 'The call that is handed over' },
)
