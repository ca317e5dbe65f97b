import { Type } from 'typebox'
import { repairs } from '../domain/call/events.ts'
import { agentStates, callFactTypes, fileFactTypes, handoverFactTypes, partyFactTypes, recordingFactTypes, testCallFactTypes } from '../domain/facts.ts'
import { platforms } from '../domain/handover/handover.ts'
import { decisionModes } from '../domain/policy/decide.ts'
import { needToKnowFactTypes } from '../domain/sharing/need-to-know.ts'
import { accountFactTypes } from '../domain/service-facts.ts'
import { expectations, testCallFailureReasons } from '../domain/test-call.ts'
import { deliveryStates } from '../tickets/delivery-store.ts'
import { deadlineNames } from '../domain/ticket/deadlines.ts'
import { ticketFactTypes } from '../domain/ticket/machine.ts'
import { TicketRecord } from '../tickets/ticket-schemas.ts'
import { ticketEvents } from '../tickets/payload-schema.ts'
import { roles } from '../users/roles.ts'
import { Channel, Circumstances, Danger } from './policy-answers.ts'
import { CallRecord, FailureRecord, HandoverRecord, KeptDecisionRecord, MarkingRecord, RecordingRecord, Time } from '../tickets/record-schemas.ts'

/** A query that is not known is refused, as a field is: it would be ignored in silence. */
export const NoQuery = Type.Object({}, { additionalProperties: false })

export const PlatformSchema = Type.Enum(platforms, { description: '`12345` (hotline) or `110` (police)' })

export const CallSchema = Type.Object(CallRecord.properties, {
  $id: 'Call',
  description: 'A citizen’s conversation from arrival until the last party has left',
})

export const HandoverSchema = Type.Object(HandoverRecord.properties, {
  $id: 'Handover',
  description: 'One act of passing responsibility (转办)',
})

export const DeliverySchema = Type.Object(
  {
    id: Type.String({ description: 'The webhook-id' }),
    endpoint: Type.String({ description: 'The ticket system' }),
    subject: Type.String({ description: 'The hand-over it is about, or the call of a call-back' }),
    event: Type.Enum(ticketEvents),
    state: Type.Enum(deliveryStates),
    attempts: Type.Integer({ description: 'Made so far, since it was last replayed' }),
    lastOutcome: Type.Optional(Type.String()),
    updatedAt: Time('Last change'),
  },
  { $id: 'Delivery', description: 'One thing pushed to one ticket system' },
)

export const RecordingSchema = Type.Object(RecordingRecord.properties, { $id: 'Recording', description: 'A recording (录音): of a call, or of one consultation' })

export const TicketSchema = Type.Object(TicketRecord.properties, { $id: 'Ticket', description: 'A ticket (工单, 警单): the ticket track of a hand-over' })

const TestStep = (description: string) => Type.Optional(Type.Number({ description: `${description}; ms since the test call began` }))

export const TestCallSchema = Type.Object(
  {
    id: Type.String(),
    platform: PlatformSchema,
    endpoint: Type.String({ description: 'The trunk or agent' }),
    number: Type.Optional(Type.String({ description: 'The number dialled on that trunk' })),
    expect: Type.Enum(expectations, { description: '`echo`: our tone must come back, which proves the audio both ways; `sound`: anything that can be heard' }),
    by: Type.Optional(Type.String({ description: 'Name of the API key; left out for one on the schedule' })),
    startedAt: Time('When it began'),
    ok: Type.Boolean({ description: 'The path works' }),
    clock: Type.Object(
      {
        start: Type.Literal(0),
        dial: TestStep('The INVITE had left'),
        ring: TestStep('It rang'),
        answer: TestStep('It was answered'),
        heard: TestStep('The first sound from there'),
        echoed: TestStep('Our tone was recognised in what came back'),
      },
      { description: 'Times of its steps' },
    ),
    packets: Type.Optional(Type.Object({ sent: Type.Integer(), received: Type.Integer() }, { description: 'RTP packets of its leg' })),
    failure: Type.Optional(
      Type.Object({
        ...FailureRecord.properties,
        reason: Type.Enum(testCallFailureReasons, { description: 'Why it failed; `no-audio-from-target`, `no-audio-to-target`: answered, and not heard or not hearing' }),
      }),
    ),
  },
  { $id: 'TestCall', description: 'A call to a test number (试呼), of no citizen' },
)

export const EventSchema = Type.Object(
  {
    type: Type.Enum([...callFactTypes, ...handoverFactTypes, ...partyFactTypes, ...new Set([...recordingFactTypes, ...fileFactTypes]), ...ticketFactTypes, 'call-back-requested', 'call-repaired', 'agent-changed', 'asterisk-cleared', 'ledger-exported', 'personal-data-erased', ...accountFactTypes, 'record-viewed', 'catalogue-changed', 'decision-recorded', 'nuisance-caller-cleared', 'message-received', 'message-refused', ...needToKnowFactTypes, ...testCallFactTypes]),
    at: Time('When'),
    sequence: Type.Optional(Type.Integer({ description: 'Place among the facts of the call, or of the ticket' })),
    call: Type.Optional(Type.Ref('Call')),
    handover: Type.Optional(Type.Ref('Handover')),
    ticket: Type.Optional(Type.Ref('Ticket')),
    deadline: Type.Optional(Type.Enum(deadlineNames, { description: 'Of `ticket-due-soon` and `ticket-overdue`: by when what is to be done' })),
    via: Type.Optional(Type.String({ description: 'Of a ticket: the ticket system that told it' })),
    party: Type.Optional(Type.String({ description: 'Which party it is about' })),
    endpoint: Type.Optional(Type.String({ description: 'The agent, trunk or destination of that party' })),
    by: Type.Optional(Type.String({ description: 'Who did it' })),
    recording: Type.Optional(Type.Ref('Recording')),
    range: Type.Optional(Type.String({ description: 'Of `recording-fetched`: which part of the file was asked for; the whole of it when left out' })),
    failure: Type.Optional(FailureRecord),
    platform: Type.Optional(Type.Enum(platforms, { description: 'Of `call-back-requested`: who is to call back; of a ticket: who did it' })),
    repair: Type.Optional(Type.Enum(repairs, { description: 'Of `call-repaired`: what was otherwise than known, and is put right' })),
    removed: Type.Optional(Type.Enum(['channel', 'bridge'], { description: 'Of `asterisk-cleared`, which is of no call: what was removed' })),
    id: Type.Optional(Type.String({ description: 'Of `asterisk-cleared`: its id in Asterisk' })),
    agent: Type.Optional(Type.String({ description: 'Of `agent-changed`, which is of no call' })),
    state: Type.Optional(Type.Enum(agentStates, { description: 'What the agent is now' })),
    testCall: Type.Optional(Type.Ref('TestCall')),
    subject: Type.Optional(Type.String({ description: 'Of `ledger-exported`: what' })),
    format: Type.Optional(Type.String({ description: 'Of `ledger-exported`: how' })),
    from: Type.Optional(Time('Of `ledger-exported`: begun then or later')),
    to: Type.Optional(Time('Of `ledger-exported`: begun before')),
    calls: Type.Optional(Type.Integer({ description: 'Of `personal-data-erased`: of how many calls' })),
    user: Type.Optional(Type.String({ description: 'The user that was changed, or signed in' })),
    key: Type.Optional(Type.String({ description: 'Name of the API key that was changed' })),
    role: Type.Optional(Type.Enum(roles, { description: 'Of the user or the key, or of who looked' })),
    revoked: Type.Optional(Type.Literal(true, { description: 'The user or the key is gone' })),
    catalogue: Type.Optional(Type.Object({ version: Type.Integer(), added: Type.Array(Type.String()), changed: Type.Array(Type.String()) }, { description: 'Of `catalogue-changed`: the new version, and the ids of what is new or otherwise in it' })),
    callId: Type.Optional(Type.String({ description: 'Of `decision-recorded`: the call' })),
    mode: Type.Optional(Type.Enum(decisionModes, { description: 'Of `decision-recorded`: what the agent did' })),
    facts: Type.Optional(Type.Object({ at: Type.Enum(platforms), channel: Channel, ...Circumstances, danger: Danger }, { description: 'Of `decision-recorded`: what was known' })),
    decision: Type.Optional(KeptDecisionRecord),
    reason: Type.Optional(Type.String({ description: 'Of `decision-recorded`: why the agent did otherwise' })),
    route: Type.Optional(Type.String({ description: 'Of `record-viewed`: where' })),
    message: Type.Optional(Type.String({ description: 'Of `message-received`: its body, JSON' })),
    code: Type.Optional(Type.String({ description: 'Of `message-refused`: why' })),
    more: Type.Optional(Type.Integer({ description: 'Of `message-refused`: so many more were refused before it' })),
    of: Type.Optional(Type.String({ description: 'Of `record-viewed`: which one, or what was asked for' })),
    record: Type.Optional(Type.String({ description: 'Of `record-viewed`: the need-to-know record' })),
    ticketId: Type.Optional(Type.String({ description: 'Of `message-received` and of a need-to-know record without a call: the ticket' })),
    marking: Type.Optional(MarkingRecord),
    platforms: Type.Optional(Type.Array(Type.Enum(platforms), { description: 'Of a need-to-know record: whose it is' })),
    cause: Type.Optional(Type.String({ description: 'Of `need-to-know-lifted`: why' })),
  },
  { $id: 'Event', description: 'The data of one live event (SSE); the SSE id is its place in the journal' },
)

/** Of a signed link to a file. */
export const LinkQuery = Type.Object({ until: Type.String({ pattern: '^[0-9]{1,12}$', description: 'Until when it holds; Unix seconds' }), signature: Type.String({ maxLength: 100 }) }, { additionalProperties: false })
