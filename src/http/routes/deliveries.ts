import { type Static, Type } from 'typebox'
import { type Attempt, type DeliveryFilter, deliveryStates } from '../../tickets/delivery-store.ts'
import { Time } from '../../tickets/record-schemas.ts'
import type { HttpDeps } from '../deps.ts'
import type { NeedToKnow } from '../need-to-know.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'

const DeliveryId = Type.Object({ deliveryId: Type.String() })
const EndpointId = Type.String({ minLength: 1, maxLength: 40, description: 'The ticket system, as in the configuration' })
const Shown = Type.Object(
  {
    delivery: Type.Ref('Delivery'),
    attempts: Type.Array(
      Type.Object({
        at: Time('When it began'),
        ms: Type.Integer({ description: 'How long it took, in milliseconds' }),
        outcome: Type.String({ description: '`http-<status>`, `timeout`, `network-<code>`, `address-refused` and the like' }),
        answer: Type.String({ description: 'Begin of the answer’s body, 2 KB at most' }),
      }),
      { description: 'All that were made, the first one first' },
    ),
  },
  { description: 'The delivery, and what came of each attempt' },
)
const Replay = Type.Object(
  {
    endpoint: EndpointId,
    state: Type.Optional(Type.Enum(['failed', 'delivered'], { description: '`failed`, dead letters, when left out' })),
    from: Type.Optional(Time('Those that were settled then or later')),
    to: Type.Optional(Time('Those that were settled before')),
  },
  { additionalProperties: false },
)
const Replayed = Type.Object({ replayed: Type.Integer({ description: 'How many' }) }, { description: 'They wait to be told once more' })

/** What ticket systems were told, and telling it once more. */
export function deliveryRoutes(app: App, { deliveries, config }: HttpDeps, needToKnow: NeedToKnow): void {
  const isConfigured = (endpoint: string): boolean => config.tickets.endpoints.some(({ id }) => id === endpoint)

  app.get(
    '/v1/deliveries',
    {
      schema: {
        operationId: 'listDeliveries',
        summary: 'Deliveries, the newest first',
        tags: ['deliveries'],
        querystring: Type.Object(
          {
            state: Type.Optional(Type.Enum(deliveryStates, { description: '`failed`: dead letters' })),
            endpoint: Type.Optional(EndpointId),
            limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]?|100)$', description: '1 to 100; 50 when left out' })),
            cursor: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_.-]{1,200}$', description: '`next` of the page before' })),
          },
          { additionalProperties: false },
        ),
        response: {
          ...problemAnswers(),
          200: Type.Object(
            { items: Type.Array(Type.Ref('Delivery')), next: Type.Optional(Type.String({ description: 'The `cursor` of the next page' })) },
            { description: 'A page; without `next` it is the last' },
          ),
        },
      },
    },
    async ({ query: { limit: most = '50', cursor, ...filter }, who }) => {
      const limit = Number(most)
      const items = await deliveries.list({ ...filter, except: needToKnow.hiddenFrom(who) }, limit, cursor)
      const last = items.length === limit ? items.at(-1) : undefined
      return { items: [...items], ...(last ? { next: last.id } : {}) }
    },
  )

  app.get(
    '/v1/deliveries/:deliveryId',
    {
      schema: {
        operationId: 'showDelivery',
        summary: 'A delivery and what came of each attempt',
        tags: ['deliveries'],
        params: DeliveryId,
        querystring: NoQuery,
        response: { ...problemAnswers('delivery-not-found'), 200: Shown },
      },
    },
    async ({ params: { deliveryId } }, reply) => {
      const found = await deliveries.show(deliveryId)
      if (!found) return sendProblem(reply, problem('delivery-not-found'))
      return { delivery: found.delivery, attempts: found.attempts.map(toView) }
    },
  )

  app.post(
    '/v1/deliveries/:deliveryId/replay',
    {
      schema: {
        operationId: 'replayDelivery',
        summary: 'Tell one once more',
        description: 'Under the same `webhook-id`: who has taken it already passes it over. A dead letter has all its attempts again.',
        tags: ['deliveries'],
        params: DeliveryId,
        querystring: NoQuery,
        response: { ...problemAnswers('delivery-not-found', 'delivery-pending'), 202: Replayed },
      },
    },
    async ({ params: { deliveryId } }, reply) => {
      if (!(await deliveries.show(deliveryId))) return sendProblem(reply, problem('delivery-not-found'))
      const replayed = await deliveries.replay({ id: deliveryId })
      if (replayed === 0) return sendProblem(reply, problem('delivery-pending'))
      return reply.code(202).send({ replayed })
    },
  )

  app.post(
    '/v1/deliveries/replay',
    {
      schema: {
        operationId: 'replayDeliveries',
        summary: 'Tell a ticket system once more what it has missed',
        description: 'All its dead letters, or those of a time; or, with `state`, what it was told already. Each hand-over’s in their order.',
        tags: ['deliveries'],
        querystring: NoQuery,
        body: Replay,
        response: { ...problemAnswers('malformed-body', 'unsupported-media-type', 'endpoint-not-found'), 202: Replayed },
      },
    },
    async ({ body }, reply) => {
      if (!isConfigured(body.endpoint)) return sendProblem(reply, problem('endpoint-not-found'))
      return reply.code(202).send({ replayed: await deliveries.replay(filterOf(body)) })
    },
  )
}

const toView = ({ at, ...rest }: Attempt) => ({ at: new Date(at).toISOString(), ...rest })

const filterOf = ({ endpoint, state = 'failed', from, to }: Static<typeof Replay>): DeliveryFilter => ({
  endpoint,
  state,
  ...(from === undefined ? {} : { from: Date.parse(from) }),
  ...(to === undefined ? {} : { to: Date.parse(to) }),
})
