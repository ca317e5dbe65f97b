import { Type } from 'typebox'
import { callerKinds, type Decision, decisionModes, responsibilities, urgencies, warnings } from '../domain/policy/decide.ts'

export const Channel = Type.Enum(['phone', 'internet'], { description: 'How it came in' })
const Known = (description: string) => Type.Optional(Type.Boolean({ description }))

/** What is known of a request. */
export const Circumstances = {
  responsibility: Type.Enum(responsibilities, { description: 'Whose matter it is' }),
  handledFirst: Known('Dealt with first, then found not to be urgent'),
  unresolved: Known('A three-way call has not settled it'),
  first: Type.Optional(Type.Enum(['12345', '110'], { description: 'Who answered first (首接); who has it now when left out' })),
  stabilityClue: Known('A clue that touches social stability'),
  violenceThreatened: Known('A dispute that may turn violent, or a conflict that gets out of hand'),
  caller: Type.Optional(Type.Enum(callerKinds, { description: 'Who asks; a citizen when left out' })),
  nuisance: Known('Malicious harassment of the hotline (恶意骚扰)'),
}
export const Danger = Known('Danger to life, property or public safety')

export const DecisionShown = Type.Object(
  {
    mode: Type.Enum(decisionModes, { description: '`transfer`: one-key transfer; `conference`: three-way call; `push`: system push; `keep`: whoever has it goes on; `guide`: explain where to turn; `refuse`: explain why not' }),
    platform: Type.Optional(Type.Enum(['12345', '110'], { description: 'Who has it afterwards; left out where neither has' })),
    urgency: Type.Enum(urgencies),
    because: Type.Array(Type.Object({ paragraph: Type.String(), text: Type.String({ description: 'The document’s own words' }) }), { description: 'The paragraphs that it follows' }),
    warnings: Type.Array(Type.Enum(warnings)),
  },
  { description: 'How to pass it on: advice' },
)

export const shown = ({ because, warnings: warned, ...decision }: Decision) => ({ ...decision, because: [...because], warnings: [...warned] })
