import { Type } from 'typebox'
import { platforms } from '../domain/handover/handover.ts'
import { urgencies } from '../domain/policy/decide.ts'
import type { DeadlineRule } from '../domain/ticket/deadlines.ts'

const strict = { additionalProperties: false } as const
const Minutes = (description: string) => Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 525_600, description: `${description}; minutes from when it was sent` }))
const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })
const TimeOfDay = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$|^24:00$' })

/** An emergency is with people at once (§11: on the scene within 30 minutes); what is not urgent has working days. */
const usualRules: readonly DeadlineRule[] = [
  { urgency: 'emergency', count: 'always', accept: 1, feedback: 30, finish: 1_440 },
  { urgency: 'at-once', count: 'always', accept: 10, feedback: 120, finish: 4_320 },
  { count: 'working', accept: 60, feedback: 450, finish: 2_250 },
]

const Rule = Type.Object(
  {
    to: Type.Optional(Type.Enum(platforms, { description: 'Tickets to this platform; to both when left out' })),
    urgency: Type.Optional(Type.Enum(urgencies, { description: 'Of this urgency; of any when left out' })),
    category: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: 'Whose matter is of this category' })),
    item: Type.Optional(Type.String({ minLength: 1, maxLength: 120, description: 'Whose matter is this item' })),
    count: Type.Enum(['always', 'working'], { description: '`always`: by the clock; `working`: working hours alone' }),
    accept: Minutes('It is to be accepted or returned'),
    feedback: Minutes('The first feedback is to come'),
    finish: Minutes('It is to be resolved'),
  },
  { ...strict, description: 'Deadlines (时限) of the tickets that it fits; the first rule that fits holds' },
)

/** Tickets between the two platforms: what is expected of the receiver. */
export const Dispatch = Type.Object(
  {
    deadlines: Type.Array(Rule, { default: usualRules, description: 'Deadlines of tickets, by urgency, matter and receiver' }),
    warnAfter: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.8, description: 'Share of the time after which it is told that little is left' }),
    calendar: Type.Object(
      {
        hours: Type.Array(Type.Tuple([TimeOfDay, TimeOfDay]), { default: [['08:30', '12:00'], ['13:30', '17:30']], description: 'Working hours of a day, in their order' }),
        weekdays: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { default: [1, 2, 3, 4, 5], description: 'Days that are worked: 1 Monday to 7 Sunday' }),
        holidays: Type.Array(Day, { default: [], description: 'Days off though they are among these' }),
        workdays: Type.Array(Day, { default: [], description: 'Days that are worked though they are not (调休)' }),
      },
      { ...strict, default: {}, description: 'Working time, where `timezone` is' },
    ),
    lapseAfterDays: Type.Integer({ minimum: 1, maximum: 3_650, default: 30, description: 'A ticket of which nobody has said anything for so many days lapses: its receiver gives no feedback, whose next word wakes it' }),
    mostReturns: Type.Integer({ minimum: 1, maximum: 100, default: 3, description: 'After so many returns it is told that a ticket goes back and forth (督办)' }),
  },
  { ...strict, default: {}, description: 'Tickets between the two platforms' },
)
