import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyBaseLogger, LogController, type FastifyInstance, type RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { requireAccount, type TakesPart } from './auth.ts'
import type { HttpDeps } from './deps.ts'
import { answerError, handleErrors } from './errors.ts'
import { IdempotencyKeys } from './idempotency.ts'
import { describeApi } from './openapi.ts'
import { LazySchemas } from './lazy-schemas.ts'
import { Problem } from './problem.ts'
import { accountRoutes } from './routes/accounts.ts'
import { agentRoutes } from './routes/agents.ts'
import { catalogueRoutes } from './routes/catalogue.ts'
import { attachmentRoutes } from './routes/attachments.ts'
import { callDecisionRoutes } from './routes/call-decisions.ts'
import { callRoutes } from './routes/calls.ts'
import { choiceRoutes } from './routes/choices.ts'
import { deliveryRoutes } from './routes/deliveries.ts'
import { eventRoutes } from './routes/events.ts'
import { handoverCommandRoutes } from './routes/handover-commands.ts'
import { handoverRoutes } from './routes/handovers.ts'
import { healthRoutes } from './routes/health.ts'
import { inboxRoutes } from './routes/inbox.ts'
import { ledgerExportRoutes } from './routes/ledger-export.ts'
import { ledgerRoutes } from './routes/ledger.ts'
import { partyRoutes } from './routes/parties.ts'
import { phoneRoutes } from './routes/phones.ts'
import { recordingRoutes } from './routes/recordings.ts'
import { knowledgeRoutes } from './routes/knowledge.ts'
import { policyRoutes } from './routes/policy.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { ticketCommandRoutes } from './routes/ticket-commands.ts'
import { ticketRoutes } from './routes/tickets.ts'
import { testCallRoutes } from './routes/test-calls.ts'
import { NeedToKnow } from './need-to-know.ts'
import { needToKnowRoutes } from './routes/need-to-know.ts'
import { noteViews } from './views.ts'
import { CallSchema, DeliverySchema, EventSchema, HandoverSchema, RecordingSchema, TestCallSchema, TicketSchema } from './schemas.ts'

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>

const bodyLimit = 64 * 1024
/** Longest time for a request to come in whole, ms. */
const requestTimeout = 10_000
/** From listening until schemas are compiled ahead of their use, ms: calls may be waiting for the service at its start. */
const compileAfterMs = 1_000
/** Longest time for answers under way when the service ends, ms: a client that takes nothing must not hold it up. */
const closeMs = 2_000

/** The HTTP interface: everything but the port. Unknown fields are refused, nothing is coerced. */
export async function buildServer(deps: HttpDeps): Promise<App> {
  const loggerInstance: FastifyBaseLogger = deps.logger
  const schemas = new LazySchemas()
  const app: App = Fastify({
    schemaController: { compilersFactory: schemas.compilersFactory },
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    requestTimeout,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    forceCloseConnections: 'idle',
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: true, useDefaults: false } },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.removeContentTypeParser('text/plain')
  const needToKnow = new NeedToKnow({ ...deps, cleared: deps.config.sharing.cleared })
  await requireAccount(app, deps.accounts, takingPart(deps.calls), needToKnow)
  noteViews(app, deps.journal, needToKnow)
  handleErrors(app)
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      { user: request.user, method: request.method, route: request.routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 10) / 10 },
      'request',
    )
  })
  const onFault = (error: unknown) => deps.logger.error({ err: error }, 'a schema cannot be compiled')
  app.addHook('onListen', async () => void setTimeout(() => schemas.compileAll(onFault), compileAfterMs).unref())
  app.addHook('preClose', async () => {
    setTimeout(() => app.server.closeAllConnections(), closeMs).unref()
  })
  for (const schema of [Problem, CallSchema, HandoverSchema, DeliverySchema, RecordingSchema, TestCallSchema, TicketSchema, EventSchema]) app.addSchema(schema)
  await describeApi(app)
  const keys = new IdempotencyKeys(deps.journal, await deps.journal.answers())
  await app.register(async (routes) => {
    sessionRoutes(routes, deps)
    accountRoutes(routes, deps)
    agentRoutes(routes, deps)
    callRoutes(routes, deps, keys, needToKnow)
    handoverRoutes(routes, deps, keys, needToKnow)
    handoverCommandRoutes(routes, deps, keys)
    deliveryRoutes(routes, deps, needToKnow)
    ticketRoutes(routes, deps, keys, needToKnow)
    ticketCommandRoutes(routes, deps, keys)
    needToKnowRoutes(routes, deps, keys, needToKnow)
    await routes.register(fastifyStatic, { serve: false, cacheControl: false })
    await attachmentRoutes(routes, deps)
    await inboxRoutes(routes, deps.inbox)
    policyRoutes(routes, deps)
    callDecisionRoutes(routes, deps, keys, needToKnow)
    choiceRoutes(routes, deps, needToKnow)
    catalogueRoutes(routes, deps)
    knowledgeRoutes(routes, deps)
    partyRoutes(routes, deps, keys)
    await recordingRoutes(routes, deps, keys, needToKnow)
    phoneRoutes(routes, deps)
    eventRoutes(routes, deps)
    ledgerRoutes(routes, deps, needToKnow)
    ledgerExportRoutes(routes, deps, needToKnow)
    testCallRoutes(routes, deps)
    healthRoutes(routes, deps)
  })
  return app
}

const takingPart = (calls: HttpDeps['calls']): TakesPart => (agent, { callId, handoverId }) => {
  const call = calls.get(callId ?? calls.handover(handoverId ?? '')?.callId ?? '')
  return !call || call.agent === agent || call.parties.some(({ endpoint }) => endpoint === agent)
}
