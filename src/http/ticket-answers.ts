/** What commands about tickets are answered. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Done, NotDone, Told } from '../dispatch/ticket-book.ts'
import type { Platform } from '../domain/handover/handover.ts'
import type { IntakeFault } from '../domain/ticket/intake.ts'
import { refused } from './auth.ts'
import { refusal } from './command-answers.ts'
import type { Answer, ToKeep } from './idempotency.ts'
import { problem, sendProblem } from './problem.ts'

export const Reference = Type.String({ minLength: 1, maxLength: 60, pattern: '^[^\\x00-\\x1f\\x7f]+$', description: 'Its number in the platform’s own system' })

export const TicketAnswer = Type.Object(
  {
    ticket: Type.Ref('Ticket'),
    changed: Type.Boolean({ description: 'False: it was so already' }),
    durable: Type.Boolean({ description: 'It is on disk; false: a crash now would lose it' }),
  },
  { description: 'The ticket as it stands' },
)

export async function answered({ ticket, changed, committed }: Done, status: number, toKeep?: ToKeep): Promise<Answer> {
  const { durable } = await committed
  return { status, body: JSON.stringify({ ticket, changed, durable }), kept: changed && durable && toKeep !== undefined }
}

/** The answer to what changes a ticket, written in one commit with the change. */
export const keptWith = (status: number, toKeep: ToKeep | undefined): Pick<Told, 'answer'> =>
  toKeep ? { answer: (ticket) => toKeep({ status, body: JSON.stringify({ ticket, changed: true, durable: true }) }) } : {}

/** For somebody who may not know that its record is marked: he pushed to a call of which he knows the id alone. */
export function unmarked(done: Done): Done {
  const { needToKnow: _, ...ticket } = done.ticket
  return { ...done, ticket }
}

export const notDone = (outcome: NotDone): Answer => ('faults' in outcome && outcome.faults ? incomplete(outcome.faults) : refusal(outcome.code))

/** Every field that is missing or wrong is named. */
export function incomplete(faults: readonly IntakeFault[]): Answer {
  const body = problem('intake-incomplete', { errors: faults.map(({ field, reason }) => ({ path: `/body/intake/${field}`, reason })) })
  return { status: body.status, body: JSON.stringify(body) }
}

/** For which platform somebody acts: an agent for his own desk; others say so. */
export function whoseCommand({ who }: FastifyRequest, reply: FastifyReply, said: Platform | undefined, field: string): Platform | Promise<FastifyReply> {
  const own = who?.role === 'agent' ? who.platform : undefined
  if (who?.role === 'agent' && own === undefined) return refused(reply, 'an agent acts for his own desk, and has none')
  if (own !== undefined && said !== undefined && said !== own) return refused(reply, `an agent acts for his own desk, ${own}`)
  return said ?? own ?? sendProblem(reply, problem('invalid-request', { errors: [{ path: `/body/${field}`, reason: 'say for which platform' }] }))
}
