import { Type } from 'typebox'
import { reasonNames } from '../domain/sharing/need-to-know.ts'
import { strict } from './schema-parts.ts'

const Cleared = (description: string, value: readonly string[] = []) => Type.Array(Type.Enum(reasonNames), { default: value, description: `Reasons for which ${description} of a record’s own platform is cleared` })

/** What the platforms do not share (§7). */
export const Sharing = Type.Object(
  {
    cleared: Type.Object(
      {
        agent: Cleared('every agent'),
        supervisor: Cleared('a supervisor', reasonNames),
        administrator: Cleared('an administrator'),
        auditor: Cleared('an auditor'),
        system: Cleared('a program with a key'),
      },
      { ...strict, default: {}, description: 'Who gets to know of need-to-know records' },
    ),
  },
  { ...strict, default: {}, description: 'Sharing between the platforms' },
)
