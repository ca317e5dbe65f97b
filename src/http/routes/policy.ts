import { Type } from 'typebox'
import { decide } from '../../domain/policy/decide.ts'
import { longestUtterance, whyNotRecommendable } from '../../recommendation/utterance.ts'
import type { HttpDeps } from '../deps.ts'
import { Channel, Circumstances, Danger, DecisionShown, shown } from '../policy-answers.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery, PlatformSchema } from '../schemas.ts'
import type { App } from '../server.ts'

const tags = ['policy']
const strict = { additionalProperties: false } as const
const posted = ['malformed-body', 'body-too-large', 'unsupported-media-type'] as const
const RecommendationShown = Type.Object(
  {
    platform: Type.Enum(['110', '12345', 'unclear', 'neither'], { description: '`unclear`: a three-way call; `neither`: guide and explain' }),
    emergency: Type.Boolean({ description: 'Danger to life, property or public safety' }),
    matters: Type.Array(
      Type.Object({
        id: Type.String({ description: 'Of the catalogue’s row' }),
        list: Type.Enum([1, 2], { description: '1: of 110; 2: of 12345' }),
        category: Type.String(),
        item: Type.String(),
        score: Type.Number({ description: 'Probability, 0 to 1' }),
        words: Type.Array(Type.String(), { description: 'What was said that speaks for it' }),
      }),
      { description: 'The best first' },
    ),
    catalogueVersion: Type.Integer({ description: 'Of the catalogue' }),
    decision: DecisionShown,
  },
  { description: 'What is proposed' },
)

/** What the policy says of a request, and what it may be about. Nothing is kept. */
export function policyRoutes(app: App, { readers, catalogues }: HttpDeps): void {
  app.post(
    '/v1/recommendations',
    {
      schema: {
        operationId: 'recommend',
        summary: 'Platform, danger, matters and mode for what a citizen says, while it is typed',
        description: 'The text is not kept.',
        tags,
        querystring: NoQuery,
        body: Type.Object(
          {
            text: Type.String({ description: `What the citizen says, 1 to ${longestUtterance} characters` }),
            at: PlatformSchema,
            channel: Type.Optional(Channel),
            most: Type.Optional(Type.Integer({ minimum: 1, maximum: 20, description: 'Matters told; 5 when left out' })),
          },
          strict,
        ),
        response: { ...problemAnswers(...posted, 'recommender-away'), 200: RecommendationShown },
      },
    },
    async (request, reply) => {
      const { text, at, channel = 'phone', most = 5 } = request.body
      const why = whyNotRecommendable(text)
      if (why !== undefined) return sendProblem(reply, problem('invalid-request', { errors: [{ path: '/body/text', reason: why }] }))
      const found = await readers.recommend({ text, most, except: catalogues.notInForce() })
      if (!found) return sendProblem(reply, problem('recommender-away'))
      const matters = found.matters.map(({ words, ...matter }) => ({ ...matter, words: [...words] }))
      return { ...found, matters, catalogueVersion: catalogues.current.version, decision: shown(decide({ at, channel, responsibility: found.platform, danger: found.emergency })) }
    },
  )

  app.post(
    '/v1/decisions',
    {
      schema: {
        operationId: 'decide',
        summary: 'How to pass a request on, and by which paragraph of the policy',
        tags,
        querystring: NoQuery,
        body: Type.Object(
          {
            at: PlatformSchema,
            channel: Channel,
            ...Circumstances,
            danger: Danger,
          },
          strict,
        ),
        response: { ...problemAnswers(...posted), 200: DecisionShown },
      },
    },
    async (request) => shown(decide(request.body)),
  )
}
