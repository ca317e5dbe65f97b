import { Type } from 'typebox'
import type { HttpDeps } from '../deps.ts'
import { problemAnswers } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'

const Part = Type.Object({ ok: Type.Boolean(), detail: Type.Optional(Type.String()) })

export function healthRoutes(app: App, { calls, journal, recordings, tickets }: HttpDeps): void {
  app.get(
    '/v1/health',
    {
      schema: {
        operationId: 'health',
        summary: 'What works now',
        description: '`ok` is about calls: they go on while the journal or Redis is away, which the parts show.',
        tags: ['health'],
        querystring: NoQuery,
        response: {
          ...problemAnswers(),
          200: Type.Object(
            {
              ok: Type.Boolean(),
              asterisk: Part,
              journal: Part,
              redis: Part,
              recording: Part,
              calls: Type.Integer({ description: 'Live calls' }),
              deliveries: Type.Object({ pending: Type.Integer(), dead: Type.Integer() }),
            },
            { description: 'The parts and the load' },
          ),
        },
      },
    },
    async () => {
      const { redis, pending, dead } = tickets.health()
      const { ok, reason } = journal.health()
      return {
        ok: calls.inControl,
        asterisk: calls.inControl ? { ok: true } : { ok: false, detail: 'not connected; callers are rung through by the dialplan' },
        journal: { ok, ...(reason === undefined ? {} : { detail: reason }) },
        redis: redis === 'up' ? { ok: true } : { ok: false, detail: 'away; tickets wait in the journal' },
        recording: recordings.health(),
        calls: calls.list().length,
        deliveries: { pending, dead },
      }
    },
  )
}
