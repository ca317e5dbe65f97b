import { Type } from 'typebox'
import type { HttpDeps } from '../deps.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery, PlatformSchema } from '../schemas.ts'
import type { App } from '../server.ts'

/** Calls to test numbers: the path to a platform, measured before it is needed. */
export function testCallRoutes(app: App, { calls }: HttpDeps): void {
  app.post(
    '/v1/test-calls',
    {
      schema: {
        operationId: 'makeTestCall',
        summary: 'Measure the path to a platform by a call to its test number',
        description: 'Answered when the test call has ended, whether the path works (`ok`) or not; no longer than `ringMs`, `answerMs` and `audioMs` together.',
        tags: ['test calls'],
        querystring: NoQuery,
        body: Type.Object({ platform: PlatformSchema }, { additionalProperties: false }),
        response: {
          ...problemAnswers(
            'malformed-body', 'body-too-large', 'unsupported-media-type',
            'test-call-not-configured', 'test-call-running', 'destination-busy', 'asterisk-away',
          ),
          200: Type.Object({ testCall: Type.Ref('TestCall'), durable: Type.Boolean({ description: 'The result is on disk' }) }, { description: 'What was found' }),
        },
      },
    },
    async (request, reply) => {
      const made = await calls.testCalls.make(request.body.platform, request.user)
      if (typeof made === 'string') return sendProblem(reply, problem(made))
      const { durable } = await made.committed
      return { testCall: made.testCall, durable }
    },
  )

  app.get(
    '/v1/test-calls',
    {
      schema: {
        operationId: 'listTestCalls',
        summary: 'The last test call of each platform',
        tags: ['test calls'],
        querystring: NoQuery,
        response: { ...problemAnswers(), 200: Type.Object({ items: Type.Array(Type.Ref('TestCall')) }, { description: 'Kept over a restart' }) },
      },
    },
    async () => ({ items: [...calls.testCalls.list()] }),
  )
}
