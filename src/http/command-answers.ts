/** What commands are answered, whichever route they came by. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Calls } from '../calls/calls.ts'
import type { CommandResult } from '../calls/commands.ts'
import type { Answer, IdempotencyKeys, ToKeep } from './idempotency.ts'
import { problem, problemType, sendProblem } from './problem.ts'

export const KeyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Same key, same request: the first answer again, for a day' }),
  ),
})
export const keyedProblems = ['malformed-body', 'body-too-large', 'unsupported-media-type', 'idempotency-key-reused'] as const

const Durable = Type.Boolean({ description: 'The facts are on disk; false: the call goes on, but a crash now would lose them' })
export const HandoverAnswer = Type.Object(
  {
    handover: Type.Ref('Handover'),
    created: Type.Boolean({ description: 'True: this press made it' }),
    durable: Durable,
  },
  { description: 'The hand-over as it stands; 201 when this press made it' },
)
export const PartyAnswer = Type.Object(
  { party: Type.String({ description: 'Whom it was about' }), call: Type.Ref('Call'), durable: Durable },
  { description: 'The call as it stands' },
)

export const CallAnswer = Type.Object({ call: Type.Ref('Call'), durable: Durable }, { description: 'The call as it stands' })

/** @param calls where the call of a party's command is looked up, as it stands after it */
export async function answerOf({ reply, committed }: CommandResult, calls: Calls, callId?: string): Promise<Answer> {
  if (reply.kind === 'refused') return refusal(reply.code)
  // As it stands now: others may be told of it before this answer.
  const call = callId === undefined ? undefined : calls.get(callId)
  const { durable } = await committed
  if (reply.kind === 'party') return { status: 200, body: JSON.stringify({ party: reply.party, call, durable }) }
  if (reply.kind === 'call') return { status: 200, body: JSON.stringify({ call, durable }) }
  const { handover, created } = reply
  return { status: created ? 201 : 200, body: JSON.stringify({ handover, created, durable }) }
}

export function refusal(code: Parameters<typeof problem>[0]): Answer {
  const body = problem(code)
  return { status: body.status, body: JSON.stringify(body) }
}

/** What was answered before may not be known any more, but by who stated that himself. */
function unknownIn(answer: string, { mayKnow, body }: FastifyRequest): 'ticket-not-found' | 'handover-not-found' | 'call-not-found' | undefined {
  if (typeof body === 'object' && body !== null && 'needToKnow' in body) return undefined
  const { ticket, handover, call } = JSON.parse(answer) as { ticket?: { id: string; callId?: string }; handover?: { callId: string }; call?: { id: string } }
  if (ticket) return mayKnow(ticket.callId ?? ticket.id) ? undefined : 'ticket-not-found'
  if (handover) return mayKnow(handover.callId) ? undefined : 'handover-not-found'
  return !call || mayKnow(call.id) ? undefined : 'call-not-found'
}

export async function answerOnce(
  request: FastifyRequest,
  reply: FastifyReply,
  keys: IdempotencyKeys,
  work: (toKeep?: ToKeep) => Promise<Answer>,
): Promise<FastifyReply> {
  const keyed = await keys.once(request, work)
  if (keyed.kind === 'reused') return sendProblem(reply, problem('idempotency-key-reused'))
  const { status, body } = keyed.answer
  const gone = keyed.replayed ? unknownIn(body, request) : undefined
  if (gone) return sendProblem(reply, problem(gone))
  if (keyed.replayed) reply.header('idempotent-replayed', 'true')
  return sendAnswer(reply, { status, body })
}

export const sendAnswer = (reply: FastifyReply, { status, body }: Answer): FastifyReply =>
  reply.code(status).header('content-type', status >= 400 ? problemType : 'application/json; charset=utf-8').send(body)
