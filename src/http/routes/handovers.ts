import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { CommandResult, TransferCommand } from '../../calls/calls.ts'
import { type Handover, modes } from '../../domain/handover/handover.ts'
import { isHandoverFact } from '../../domain/facts.ts'
import type { Entry } from '../../journal/journal.ts'
import type { HttpDeps } from '../deps.ts'
import type { Answer, IdempotencyKeys } from '../idempotency.ts'
import { problem, problemAnswers, problemType, sendProblem } from '../problem.ts'
import { Matter } from '../../tickets/record-schemas.ts'
import { NoQuery, PlatformSchema } from '../schemas.ts'
import type { App } from '../server.ts'

const Body = Type.Object(
  {
    call: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'The call; found by `agent` when left out' })),
    agent: Type.Optional(
      Type.String({ minLength: 1, maxLength: 40, description: 'Who presses the key; the desk that has the call when left out' }),
    ),
    mode: Type.Enum(modes, { description: '`transfer`: one-key transfer (一键转接)' }),
    to: Type.Optional(PlatformSchema),
    matter: Type.Optional(Matter),
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'Goes with the ticket' })),
  },
  { additionalProperties: false, anyOf: [{ required: ['call'] }, { required: ['agent'] }] },
)
const CancelBody = Type.Object({}, { additionalProperties: false })
const Result = Type.Object(
  {
    handover: Type.Ref('Handover'),
    created: Type.Boolean({ description: 'False: this is what an earlier press made' }),
    durable: Type.Boolean({ description: 'The facts are on disk; false: the call goes on, but a crash now would lose them' }),
  },
  { description: 'The hand-over as it stands; 201 when this press made it' },
)
const Key = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Same key, same request: the first answer again, for a day' }),
  ),
})
const pressProblems = [
  'call-not-found',
  'agent-not-in-call',
  'not-your-call',
  'same-desk',
  'call-not-answered',
  'call-ended',
  'asterisk-away',
] as const
const Shown = Type.Object(
  { handover: Type.Ref('Handover'), deliveries: Type.Array(Type.Ref('Delivery')) },
  { description: 'The hand-over and what its ticket systems were told' },
)
const keyedProblems = ['malformed-body', 'body-too-large', 'unsupported-media-type', 'idempotency-key-reused'] as const

export function handoverRoutes(app: App, { calls, journal, tickets }: HttpDeps, keys: IdempotencyKeys): void {
  app.post(
    '/v1/handovers',
    {
      schema: {
        operationId: 'createHandover',
        summary: 'Press the key: hand a call over to the other desk',
        description:
          'The other desk rings at once. A second press, from whichever key, shows the hand-over that the first one made (200).',
        tags: ['hand-overs'],
        headers: Key,
        querystring: NoQuery,
        body: Body,
        response: { ...problemAnswers(...keyedProblems, ...pressProblems), 201: Result, 200: Result },
      },
    },
    async (request, reply) => answerOnce(request, reply, keys, () => answerOf(calls.transfer(commandOf(request.body)))),
  )

  app.post(
    '/v1/handovers/:handoverId/cancel',
    {
      schema: {
        operationId: 'cancelHandover',
        summary: 'Take the key press back while the other desk rings',
        tags: ['hand-overs'],
        headers: Key,
        params: Type.Object({ handoverId: Type.String() }),
        querystring: NoQuery,
        body: CancelBody,
        response: { ...problemAnswers(...keyedProblems, 'handover-not-found', 'handover-too-late', 'handover-settled', 'asterisk-away'), 200: Result },
      },
      // There is nothing to say: a body may be left out.
      preValidation: async (request) => {
        request.body ??= {}
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, keys, async () => {
        const known = calls.cancel(request.params.handoverId)
        if (known && !(known.reply.kind === 'refused' && known.reply.code === 'handover-not-found')) return answerOf(known)
        // Of an earlier call, or followed by another one in its own.
        const settled = await recorded(request.params.handoverId)
        return refusal(settled ? 'handover-settled' : 'handover-not-found')
      }),
  )

  app.get(
    '/v1/handovers/:handoverId',
    {
      schema: {
        operationId: 'showHandover',
        summary: 'Both tracks of a hand-over: the voice, and the deliveries of its ticket',
        tags: ['hand-overs'],
        params: Type.Object({ handoverId: Type.String() }),
        querystring: NoQuery,
        response: { ...problemAnswers('handover-not-found'), 200: Shown },
      },
    },
    async (request, reply) => {
      const { handoverId } = request.params
      const handover = calls.handover(handoverId) ?? (await recorded(handoverId))
      if (!handover) return sendProblem(reply, problem('handover-not-found'))
      return { handover, deliveries: [...(await tickets.deliveriesOf(handoverId))] }
    },
  )

  app.get(
    '/v1/handovers',
    {
      schema: {
        operationId: 'listHandovers',
        summary: 'Hand-overs, the newest first',
        tags: ['hand-overs'],
        querystring: Type.Object(
          {
            limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]?|100)$', description: '1 to 100; 50 when left out' })),
            cursor: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$', description: '`next` of the page before' })),
          },
          { additionalProperties: false },
        ),
        response: {
          ...problemAnswers(),
          200: Type.Object(
            { items: Type.Array(Type.Ref('Handover')), next: Type.Optional(Type.String({ description: 'The `cursor` of the next page' })) },
            { description: 'A page; without `next` it is the last' },
          ),
        },
      },
    },
    async (request) => {
      const limit = Number(request.query.limit ?? 50)
      const items = (await journal.handovers(limit, request.query.cursor)).flatMap(handoversIn)
      const last = items.length === limit ? items.at(-1) : undefined
      return { items, ...(last ? { next: last.id } : {}) }
    },
  )

  async function recorded(handoverId: string): Promise<Handover | undefined> {
    return (await journal.factsOfHandover(handoverId)).flatMap(handoversIn).at(-1)
  }
}

const handoversIn = ({ fact }: Entry): readonly Handover[] => (isHandoverFact(fact) ? [fact.handover] : [])

function commandOf({ call, ...rest }: Static<typeof Body>): TransferCommand {
  return { ...rest, ...(call === undefined ? {} : { callId: call }) }
}

async function answerOf({ reply, committed }: CommandResult): Promise<Answer> {
  if (reply.kind === 'refused') return refusal(reply.code)
  const { handover, created } = reply
  const { durable } = await committed
  return { status: created ? 201 : 200, body: JSON.stringify({ handover, created, durable }) }
}

function refusal(code: Parameters<typeof problem>[0]): Answer {
  const body = problem(code)
  return { status: body.status, body: JSON.stringify(body) }
}

async function answerOnce(
  request: FastifyRequest,
  reply: FastifyReply,
  keys: IdempotencyKeys,
  work: () => Promise<Answer>,
): Promise<FastifyReply> {
  const keyed = await keys.once(request, work)
  if (keyed.kind === 'reused') return sendProblem(reply, problem('idempotency-key-reused'))
  const { status, body } = keyed.answer
  if (keyed.replayed) reply.header('idempotent-replayed', 'true')
  const type = status >= 400 ? problemType : 'application/json; charset=utf-8'
  return reply.code(status).header('content-type', type).send(body)
}
