/** The ticket, as it is told to the outside; JSON Schema. */
import { Type } from 'typebox'
import { platforms } from '../domain/handover/handover.ts'
import { recordedRooms } from '../domain/recording.ts'
import { urgencies } from '../domain/policy/decide.ts'
import type { Dues } from '../domain/ticket/deadlines.ts'
import { type IntakeField, intakeStandards } from '../domain/ticket/intake.ts'
import { feedbackSteps, mostSteps, returnCauses, ticketModes, type TicketAttachment, type TicketRecording, ticketStates, type TicketStep } from '../domain/ticket/ticket.ts'
import { Intake, KeptDecisionRecord, MarkingRecord, MatterRecord, Time } from './record-schemas.ts'

const Platform = (description: string) => Type.Enum(platforms, { description })

const Due = (description: string) =>
  Type.Object({ at: Time(description), warnAt: Time('When it is told that little is left'), told: Type.Optional(Type.Enum(['soon', 'overdue'], { description: 'What was told of it' })) })

export const StepRecord = Type.Object(
  {
    step: Type.Enum([...ticketStates, 'reopened'], { description: 'What it was then; `reopened`: the sender did not confirm it' }),
    at: Time('When it happened, by whoever told it'),
    by: Type.String({ description: 'The user or key, or the ticket system' }),
    platform: Platform('Whose they are'),
    text: Type.Optional(Type.String()),
    cause: Type.Optional(Type.Enum(returnCauses, { description: 'Why it was returned' })),
  },
  { description: 'Something that was done with it' },
)

export const TicketRecord = Type.Object(
  {
    id: Type.String({ description: 'The hand-over’s' }),
    mode: Type.Enum(ticketModes, { description: '`push`: system push (系统推送); otherwise beside a call' }),
    callId: Type.Optional(Type.String()),
    from: Platform('The platform that hands over'),
    to: Platform('The platform that receives'),
    state: Type.Enum(ticketStates, { description: '`sent`: to be accepted or returned; `returned` (退回): the sender has it again; `conferred`: settled in a three-way call; `closed`: confirmed by the sender; `lapsed`: nobody has said anything for long' }),
    urgency: Type.Enum(urgencies, { description: 'What goes to 12345 is always `routine` (§4)' }),
    matter: Type.Optional(MatterRecord),
    intake: Intake,
    missing: Type.Optional(Type.Unsafe<readonly string[]>(Type.Array(Type.String(), { description: 'Of a call: fields that the receiver wants and nobody has filled in yet' }))),
    reason: Type.Optional(Type.String()),
    needToKnow: Type.Optional(MarkingRecord),
    decision: Type.Optional(KeptDecisionRecord),
    references: Type.Object({ '12345': Type.Optional(Type.String()), '110': Type.Optional(Type.String()) }, { additionalProperties: false, description: 'Its numbers in the platforms’ own systems' }),
    due: Type.Optional(
      Type.Unsafe<Dues>(
        Type.Partial(Type.Object({ accept: Due('It is to be accepted'), feedback: Due('The first feedback is to come'), finish: Due('It is to be resolved') }), { description: 'Deadlines; none where no rule of the configuration says so' }),
      ),
    ),
    returns: Type.Integer({ minimum: 0, description: 'How often it was returned' }),
    reopens: Type.Optional(Type.Integer({ minimum: 0, description: 'How often it was reopened; never when left out' })),
    steps: Type.Unsafe<readonly TicketStep[]>(Type.Array(StepRecord, { description: `What was done with it, the oldest first; the last ${mostSteps}` })),
    recordings: Type.Optional(
      Type.Unsafe<readonly TicketRecording[]>(
        Type.Array(
          Type.Object({
            id: Type.String(),
            room: Type.Enum(recordedRooms),
            durationMs: Type.Optional(Type.Integer({ description: 'Length' })),
            bytes: Type.Optional(Type.Integer({ description: 'Size of the file' })),
            sha256: Type.Optional(Type.String({ description: 'Of the file, hex' })),
          }),
          { description: 'Recordings (录音) of its call, once they have ended' },
        ),
      ),
    ),
    attachments: Type.Optional(
      Type.Unsafe<readonly TicketAttachment[]>(
        Type.Array(
          Type.Object({
            id: Type.String(),
            name: Type.String({ description: 'As its giver calls it' }),
            type: Type.String({ description: 'Media type' }),
            bytes: Type.Integer({ description: 'Size' }),
            sha256: Type.String({ description: 'Of the file, hex' }),
            by: Type.String({ description: 'Who gave it' }),
            platform: Platform('Whose they are'),
            at: Time('When it was given'),
          }),
          { description: 'Files that were given with it (附件), on this side' },
        ),
      ),
    ),
    conference: Type.Optional(Type.String({ description: 'The hand-over of the three-way call that settled it' })),
    by: Type.String({ description: 'Who registered it' }),
    registeredAt: Time('When it was registered'),
  },
  { description: 'The ticket (工单, 警单) of a hand-over' },
)

export const Feedback = Type.Enum(feedbackSteps, { description: 'How far it has come (反馈)' })
export const ReturnCause = Type.Enum(returnCauses, { description: 'Why it is returned (退回)' })

/** JSON Schema of a platform's form: forms are built from it. */
export function intakeSchemaOf(platform: (typeof platforms)[number]): object {
  const fields = intakeStandards[platform]
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: platform === '110' ? '警单' : '工单',
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, { title: field.label, ...(field.hint === undefined ? {} : { description: field.hint }), ...valueOf(field) }])),
    required: fields.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  }
}

function valueOf(field: IntakeField): object {
  switch (field.kind) {
    case 'text':
      return { type: 'string', minLength: 1, maxLength: field.longest }
    case 'code':
      return { oneOf: field.codes.map(({ code, label }) => ({ const: code, title: label })) }
    case 'flag':
      return { type: 'boolean' }
    case 'number':
      return { type: 'number', minimum: field.from, maximum: field.to }
    case 'telephone':
      return { type: 'string', pattern: '^\\+?[0-9]{2,15}$' }
    case 'time':
      return { type: 'string', format: 'date-time' }
  }
}
