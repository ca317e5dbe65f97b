import { Type } from 'typebox'
import { purposes } from '../../domain/call/state.ts'
import { answerOnce, keyedProblems, KeyHeader, refusal } from '../command-answers.ts'
import type { IdempotencyKeys } from '../idempotency.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import type { HttpDeps } from '../deps.ts'
import type { NeedToKnow } from '../need-to-know.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'

export function callRoutes(app: App, { calls, tickets }: HttpDeps, keys: IdempotencyKeys, needToKnow: NeedToKnow): void {
  app.post(
    '/v1/calls',
    {
      schema: {
        operationId: 'makeCall',
        summary: 'An agent calls a citizen: back, or to follow up (回访)',
        description: 'The agent’s own phone rings first, then the citizen’s. Once the citizen has answered, every key works as in a call that came in.',
        tags: ['calls'],
        headers: KeyHeader,
        querystring: NoQuery,
        body: Type.Object(
          {
            agent: Type.String({ minLength: 1, maxLength: 40, description: 'Whose phone rings first' }),
            number: Type.String({ pattern: '^\\+?[0-9]{2,15}$', description: 'The citizen’s number' }),
            purpose: Type.Optional(Type.Enum(purposes)),
            ticket: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'The ticket that it is about' })),
          },
          { additionalProperties: false },
        ),
        response: {
          ...problemAnswers(...keyedProblems, 'destination-not-found', 'destination-busy', 'outbound-not-configured', 'asterisk-away'),
          201: Type.Object({ call: Type.Ref('Call'), durable: Type.Boolean({ description: 'The facts are on disk' }) }, { description: 'The call that has begun' }),
        },
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, keys, async () => {
        const about = request.body.ticket === undefined ? undefined : await needToKnow.recordOf({ ticketId: request.body.ticket })
        const made = calls.callOut(request.body)
        if (typeof made === 'string') return refusal(made)
        const call = calls.get(made.call)
        // A call about a marked ticket is as it is, where whoever makes it may know so.
        const marked = about !== undefined && request.mayKnow(about) ? tickets.markings.of(about) : undefined
        if (call && marked) tickets.mark({ callId: call.id }, [call.platform], marked.marking, { ...marked.marking, at: new Date().toISOString() })
        const { durable } = await made.committed
        return { status: 201, body: JSON.stringify({ call, durable }) }
      }),
  )

  app.get(
    '/v1/calls',
    {
      schema: {
        operationId: 'listCalls',
        summary: 'Live calls',
        tags: ['calls'],
        querystring: NoQuery,
        response: { ...problemAnswers(), 200: Type.Object({ items: Type.Array(Type.Ref('Call')) }, { description: 'All live calls' }) },
      },
    },
    async (request) => ({ items: calls.list().filter(({ id }) => request.mayKnow(id)) }),
  )

  app.get(
    '/v1/calls/:callId',
    {
      schema: {
        operationId: 'showCall',
        summary: 'One call, live or ended not long ago',
        tags: ['calls'],
        params: Type.Object({ callId: Type.String() }),
        querystring: NoQuery,
        response: { ...problemAnswers('call-not-found'), 200: Type.Ref('Call') },
      },
    },
    async (request, reply) => calls.get(request.params.callId) ?? sendProblem(reply, problem('call-not-found')),
  )
}
