import { Type } from 'typebox'
import { problem, sendProblem } from '../problem.ts'
import type { HttpDeps } from '../deps.ts'
import type { App } from '../server.ts'

export function callRoutes(app: App, { calls }: HttpDeps): void {
  app.get(
    '/v1/calls',
    {
      schema: {
        operationId: 'listCalls',
        summary: 'Live calls',
        tags: ['calls'],
        response: { 200: Type.Object({ items: Type.Array(Type.Ref('Call')) }) },
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
        response: { 200: Type.Ref('Call'), 404: Type.Ref('Problem') },
      },
    },
    async (request, reply) => calls.get(request.params.callId) ?? sendProblem(reply, problem('call-not-found')),
  )
}
