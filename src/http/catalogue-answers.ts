import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { Fault } from '../domain/matters/catalogue.ts'
import { lists } from '../domain/matters/matter.ts'
import type { Changed } from '../matters/catalogues.ts'
import { problem, sendProblem } from './problem.ts'

const Validity = {
  validFrom: Type.Optional(Type.String({ description: 'First day on which it holds, as 2023-04-14; always when left out' })),
  validUntil: Type.Optional(Type.String({ description: 'First day on which it holds no more' })),
}
export const MatterFields = {
  list: Type.Enum(lists, { description: '1: from 12345 to 110; 2: from 110 to 12345' }),
  category: Type.String({ description: '类别' }),
  item: Type.String({ description: '细类' }),
  scope: Type.String({ description: '事项' }),
  phrases: Type.Optional(Type.Array(Type.String(), { description: 'What citizens say for it: the recommender learns from these' })),
  ...Validity,
}
export const KnowledgeFields = {
  matters: Type.Array(Type.String(), { description: 'Ids of the rows that it belongs to' }),
  question: Type.String(),
  answer: Type.String(),
  ...Validity,
}
export const Expected = Type.Optional(Type.Integer({ minimum: 1, description: 'The version that was changed: refused where there is a newer one' }))
export const ChangeShown = Type.Object(
  {
    version: Type.Integer({ description: 'The catalogue’s version that has it' }),
    added: Type.Array(Type.String(), { description: 'Ids' }),
    changed: Type.Array(Type.String(), { description: 'Ids' }),
  },
  { description: 'Kept; nothing has changed where both lists are empty' },
)

/** Answers a change, or says all that is wrong with it. @param pathOf a faulty field in the request */
export async function answerChange(reply: FastifyReply, made: Changed, pathOf: (fault: Fault) => string) {
  if ('stale' in made) return sendProblem(reply, problem('catalogue-stale'))
  if ('faults' in made) return sendProblem(reply, problem('invalid-request', { errors: made.faults.map((fault) => ({ path: pathOf(fault), reason: fault.reason })) }))
  return reply.code(200).send({ version: made.catalogue.version, added: [...made.difference.added], changed: [...made.difference.changed] })
}
