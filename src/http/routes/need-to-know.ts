import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { platforms, type Platform } from '../../domain/handover/handover.ts'
import { type Marked, recordId } from '../../domain/sharing/need-to-know.ts'
import { MarkingRecord, MarkingStatedSchema } from '../../tickets/record-schemas.ts'
import { refused } from '../auth.ts'
import { answerOnce, keyedProblems, KeyHeader, refusal } from '../command-answers.ts'
import type { HttpDeps } from '../deps.ts'
import type { IdempotencyKeys } from '../idempotency.ts'
import { whereKnown } from '../ledger-answers.ts'
import type { NeedToKnow } from '../need-to-know.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery, PlatformSchema } from '../schemas.ts'
import type { App } from '../server.ts'

const tags = ['sharing']
const MarkedShown = Type.Object(
  {
    record: Type.String({ description: 'The call’s id; without a call the ticket’s' }),
    marking: MarkingRecord,
    platforms: Type.Array(Type.Enum(platforms), { description: 'Whose it is' }),
  },
  { description: 'A need-to-know record' },
)
const Answer = Type.Object(
  { record: Type.String(), needToKnow: Type.Boolean({ description: 'Whether it is marked now' }), changed: Type.Boolean({ description: 'False: it was so already' }), durable: Type.Boolean({ description: 'It is on disk' }) },
  { description: 'Done' },
)
const Params = Type.Object({ record: Type.String({ description: 'Id of a call, of a hand-over or of a ticket: its call, with all that belongs to it' }) })
const Platform = Type.Optional(PlatformSchema)
const common = { tags, headers: KeyHeader, params: Params, querystring: NoQuery }
const answers = { ...problemAnswers(...keyedProblems, 'record-not-found', 'marking-not-yours', 'ledger-away'), 200: Answer }

/** What the platforms do not share (§7). */
export function needToKnowRoutes(app: App, { tickets }: HttpDeps, keys: IdempotencyKeys, needToKnow: NeedToKnow): void {
  app.get(
    '/v1/need-to-know',
    {
      schema: {
        operationId: 'listNeedToKnow',
        summary: 'The need-to-know records that you know of, the last marked first',
        tags,
        querystring: NoQuery,
        response: { ...problemAnswers(), 200: Type.Object({ items: Type.Array(MarkedShown) }, { description: 'All of them' }) },
      },
    },
    async ({ who }) => ({ items: needToKnow.knownTo(who).map(shown) }),
  )

  app.put(
    '/v1/need-to-know/:record',
    {
      schema: {
        ...common,
        operationId: 'markNeedToKnow',
        summary: 'Mark a record as need-to-know (需要控制知悉范围): it is not shared any more',
        description:
          'A call with all its hand-overs, tickets, recordings and deliveries; or a ticket without a call. Whoever is not cleared for the reason on a platform whose record it is, and does not handle its call, finds it no more, anywhere. It is a fact. The other platform’s systems are told (`ticket.marked`).',
        body: Type.Object({ ...MarkingStatedSchema.properties, platform: Platform }, { additionalProperties: false }),
        response: answers,
      },
    },
    async (request, reply) => {
      const { platform: said, ...stated } = request.body
      return change(request, reply, said, 'marked', (of, own, by) => tickets.mark(of, own, stated, by))
    },
  )

  app.post(
    '/v1/need-to-know/:record/lift',
    {
      schema: {
        ...common,
        operationId: 'liftNeedToKnow',
        summary: 'A record is need-to-know no more',
        description: 'By the platform that marked it. It is a fact; the other platform’s systems are told (`ticket.lifted`).',
        body: Type.Object({ cause: Type.String({ minLength: 1, maxLength: 500, description: 'Why, in words' }), platform: Platform }, { additionalProperties: false }),
        response: answers,
      },
    },
    async (request, reply) => {
      const { platform: said, cause } = request.body
      return change(request, reply, said, 'lifted', (of, _own, by) => tickets.lift(of, cause, by))
    },
  )

  type Work = (...args: [of: Marked['of'], own: readonly Platform[], by: Parameters<typeof tickets.mark>[3]]) => ReturnType<typeof tickets.mark>

  async function change(request: FastifyRequest, reply: Parameters<typeof refused>[0], said: Platform | undefined, done: 'marked' | 'lifted', work: Work) {
    const platform = request.who?.platform ?? said
    if (platform === undefined) return sendProblem(reply, problem('invalid-request', { errors: [{ path: '/body/platform', reason: 'say for which platform' }] }))
    if (said !== undefined && said !== platform) return refused(reply, `you act for your own platform, ${platform}`)
    return whereKnown(reply, () =>
      answerOnce(request, reply, keys, async () => {
        const found = await needToKnow.find((request.params as { record: string }).record)
        if (!found) return refusal('record-not-found')
        if (!found.platforms.includes(platform)) return refusal('marking-not-yours')
        const changed = work(found.of, found.platforms, { platform, by: request.who?.agent ?? request.user, at: new Date().toISOString() })
        if (!changed) return refusal('marking-not-yours')
        const { durable } = await changed.committed
        return { status: 200, body: JSON.stringify({ record: recordId(found.of), needToKnow: done === 'marked', changed: changed.changed, durable }) }
      }),
    )
  }
}

const shown = ({ of, marking, platforms: own }: Marked) => ({ record: recordId(of), marking, platforms: [...own] })
