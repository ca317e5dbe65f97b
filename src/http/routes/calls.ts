import { Type } from 'typebox'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import type { HttpDeps } from '../deps.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'

export function callRoutes(app: App, { calls }: HttpDeps): void {
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
    async () => ({ items: [...calls.list()] }),
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
