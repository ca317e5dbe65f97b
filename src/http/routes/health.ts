import { Type } from 'typebox'
import type { TestCall } from '../../domain/test-call.ts'
import { callOfRecording } from '../../domain/recording.ts'
import type { HttpDeps } from '../deps.ts'
import { problemAnswers } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import { circuitStates } from '../../tickets/circuit.ts'
import type { App } from '../server.ts'

const Part = Type.Object({ ok: Type.Boolean(), detail: Type.Optional(Type.String()) })

export function healthRoutes(app: App, { calls, journal, recordings, readers }: HttpDeps): void {
  app.get(
    '/v1/health',
    {
      schema: {
        operationId: 'health',
        summary: 'What works now',
        description: '`ok` is about calls: they go on while the journal, the ledger or Redis is away, or a test call fails, which the parts show.',
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
              ledger: Type.Optional(Part),
              calls: Type.Integer({ description: 'Live calls' }),
              testCalls: Type.Optional(Part),
              deliveries: Type.Object({
                pending: Type.Integer(),
                dead: Type.Integer({ description: 'Given up' }),
                endpoints: Type.Array(
                  Type.Object({
                    id: Type.String(),
                    circuit: Type.Enum(circuitStates),
                    faults: Type.Optional(Type.Array(Type.Object({ setting: Type.String(), reason: Type.String() }), { description: 'What the settings of the endpoint name, as `fields/address`, and the system has not; it is looked for again by itself' })),
                  }),
                  { description: 'Ticket systems: `open` is left alone for a while after too many attempts that failed, `half-open` is being tried again' },
                ),
              }),
            },
            { description: 'The parts and the load' },
          ),
        },
      },
    },
    async ({ mayKnow }) => {
      const { tickets: { redis, pending, dead, endpoints }, ledger, away } = await readers.health()
      const { ok, reason } = journal.health()
      return {
        ok: calls.inControl,
        asterisk: calls.inControl ? { ok: true } : { ok: false, detail: 'not connected; callers are rung through by the dialplan' },
        journal: { ok, ...(reason === undefined ? {} : { detail: reason }) },
        redis: redis === 'up' ? { ok: true } : { ok: false, detail: away ? 'not known: the readers’ process is being started; tickets wait in the journal' : 'away; tickets wait in the journal' },
        recording: withoutNames(recordings.health(), mayKnow),
        ...(ledger ? { ledger: away ? { ok: false, detail: 'the readers’ process is being started' } : ledger } : {}),
        calls: calls.list().length,
        ...testedParts(calls.testCalls.list()),
        deliveries: { pending, dead, endpoints: endpoints.map(({ faults, ...endpoint }) => ({ ...endpoint, ...(faults ? { faults: [...faults] } : {}) })) },
      }
    },
  )
}

/** Of a recording that whoever asks may not know of it is told only that it has failed. */
function withoutNames({ ok, detail }: ReturnType<HttpDeps['recordings']['health']>, mayKnow: (record: string) => boolean): { readonly ok: boolean; readonly detail?: string } {
  const named = callOfRecording(detail?.split(': ')[0] ?? '')
  if (named !== undefined && !mayKnow(named)) return { ok, detail: 'a recording has failed' }
  return { ok, ...(detail === undefined ? {} : { detail }) }
}

/** A path that was found broken is no fault of this service: other routes, or the next minute, may do. */
function testedParts(last: readonly TestCall[]): { readonly testCalls?: { readonly ok: boolean; readonly detail?: string } } {
  if (last.length === 0) return {}
  const failed = last.flatMap(({ platform, failure, startedAt }) => (failure ? [`${platform}: ${failure.reason}, ${startedAt}`] : []))
  return { testCalls: failed.length === 0 ? { ok: true } : { ok: false, detail: failed.join('; ') } }
}
