import { Type } from 'typebox'
import { longestUtterance, whyNotRecommendable } from '../../recommendation/utterance.ts'
import type { HttpDeps } from '../deps.ts'
import type { NeedToKnow } from '../need-to-know.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'
import { Time } from '../../tickets/record-schemas.ts'

const tags = ['policy']
const strict = { additionalProperties: false } as const
const path = '/v1/recommendations/choices'

/** What agents finally chose: later recommendations learn from it. */
export function choiceRoutes(app: App, { catalogues, choices, config, readers }: HttpDeps, needToKnow: NeedToKnow): void {
  app.post(
    path,
    {
      schema: {
        operationId: 'chooseMatter',
        summary: 'Tell which matter was chosen for what a citizen said: later recommendations learn from it',
        description: 'For what is not handed over; a key press does it by itself, with `said`. Of the text only what the recommender knew before is kept: no name, no number.',
        tags,
        querystring: NoQuery,
        body: Type.Object({ text: Type.String({ description: `What the citizen said, 1 to ${longestUtterance} characters` }), matter: Type.String({ minLength: 1, maxLength: 40, description: 'Id of the catalogue’s row' }) }, strict),
        response: { ...problemAnswers('malformed-body', 'body-too-large', 'unsupported-media-type', 'matter-not-found', 'learning-off', 'recommender-away'), 204: Type.Null({ description: 'Learned' }) },
      },
    },
    async (request, reply) => {
      const { text, matter } = request.body
      if (!config.recommendation.learning) return sendProblem(reply, problem('learning-off'))
      const why = whyNotRecommendable(text)
      if (why !== undefined) return sendProblem(reply, problem('invalid-request', { errors: [{ path: '/body/text', reason: why }] }))
      if (!catalogues.inForce().rows.some(({ id }) => id === matter)) return sendProblem(reply, problem('matter-not-found'))
      if (!(await readers.choose(text, matter))) return sendProblem(reply, problem('recommender-away'))
      return reply.code(204).send(null)
    },
  )

  app.get(
    path,
    {
      schema: {
        operationId: 'showChoices',
        summary: 'What was learned from agents’ choices, the most chosen matter first',
        tags,
        querystring: NoQuery,
        response: {
          ...problemAnswers(),
          200: Type.Object(
            {
              learning: Type.Boolean({ description: 'Whether it is used, and more is learned' }),
              items: Type.Array(
                Type.Object({
                  matter: Type.String({ description: 'Id of the catalogue’s row' }),
                  choices: Type.Integer(),
                  last: Time('The last choice'),
                  words: Type.Array(Type.String(), { description: 'Words that came most often with it' }),
                }),
              ),
            },
            { description: 'All of it' },
          ),
        },
      },
    },
    async ({ who }) => ({ learning: config.recommendation.learning, items: (await choices.learned(needToKnow.hiddenFrom(who))).map(({ words, ...learned }) => ({ ...learned, words: [...words] })) }),
  )

  app.delete(
    path,
    {
      schema: {
        operationId: 'forgetChoices',
        summary: 'Forget what was learned, for all matters or for one',
        tags,
        querystring: Type.Object({ matter: Type.Optional(Type.String({ minLength: 1, maxLength: 40, description: 'Id of the catalogue’s row' })) }, strict),
        response: { ...problemAnswers(), 204: Type.Null({ description: 'Forgotten' }) },
      },
    },
    async (request, reply) => {
      await choices.forget(request.query.matter)
      readers.chosenAnew()
      return reply.code(204).send(null)
    },
  )
}
