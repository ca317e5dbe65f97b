import { Type } from 'typebox'
import type { KnowledgeEntry } from '../../domain/matters/matter.ts'
import { normalised } from '../../recommendation/normalised.ts'
import { answerChange, ChangeShown, Expected, KnowledgeFields } from '../catalogue-answers.ts'
import type { HttpDeps } from '../deps.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'
import { retired } from './catalogue.ts'

const tags = ['catalogue']
const strict = { additionalProperties: false } as const
const Id = Type.String({ minLength: 1, maxLength: 40, description: 'As `k-passport`' })

/** Short answers for enquiries of the police kind (公安类政务服务知识库, §9). */
export function knowledgeRoutes(app: App, { catalogues }: HttpDeps): void {
  app.get(
    '/v1/knowledge',
    {
      schema: {
        operationId: 'searchKnowledge',
        summary: 'Short answers that hold today, the best first',
        tags,
        querystring: Type.Object(
          {
            q: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Words, as a citizen asks; all entries when left out' })),
            matter: Type.Optional(Type.String({ minLength: 1, maxLength: 40, description: 'Of this row of the catalogue' })),
          },
          strict,
        ),
        response: { ...problemAnswers(), 200: Type.Object({ items: Type.Array(Type.Object({ id: Id, ...KnowledgeFields })) }, { description: 'Those that fit' }) },
      },
    },
    async (request) => {
      const { q, matter } = request.query
      const of = catalogues.inForce().knowledge.filter(({ matters }) => matter === undefined || matters.includes(matter))
      const found = q === undefined ? of : ranked(of, q)
      return { items: found.map((entry) => ({ ...entry, matters: [...entry.matters] })) }
    },
  )

  app.put(
    '/v1/knowledge/:entry',
    {
      schema: {
        operationId: 'putKnowledge',
        summary: 'Add a short answer, or change one: a new version of the catalogue',
        tags,
        params: Type.Object({ entry: Id }),
        querystring: NoQuery,
        body: Type.Object({ ...KnowledgeFields, expected: Expected }, strict),
        response: { ...problemAnswers('malformed-body', 'body-too-large', 'unsupported-media-type', 'catalogue-stale'), 200: ChangeShown },
      },
    },
    async (request, reply) => {
      const { expected, ...fields } = request.body
      return answerChange(reply, await catalogues.change({ knowledge: [{ id: request.params.entry, ...fields }] }, request.user, expected), ({ field }) => (field === 'id' ? '/params/entry' : `/body/${field}`))
    },
  )

  app.delete(
    '/v1/knowledge/:entry',
    {
      schema: {
        operationId: 'retireKnowledge',
        summary: 'Retire a short answer from today on',
        tags,
        params: Type.Object({ entry: Id }),
        querystring: NoQuery,
        response: { ...problemAnswers('knowledge-not-found', 'catalogue-stale'), 200: ChangeShown },
      },
    },
    async (request, reply) => {
      const { version, knowledge } = catalogues.current
      const known = knowledge.find(({ id }) => id === request.params.entry)
      if (!known) return sendProblem(reply, problem('knowledge-not-found'))
      return answerChange(reply, await catalogues.change({ knowledge: [retired(known, catalogues.today())] }, request.user, version), ({ field }) => `/${field}`)
    },
  )
}

/** By the pairs of characters that question and entry share; the fewer entries have a pair, the more it says. */
function ranked(entries: readonly KnowledgeEntry[], q: string): readonly KnowledgeEntry[] {
  const asked = pairsOf(q)
  const shared = entries.map(({ question, answer }) => pairsOf(`${question} ${answer}`).intersection(asked))
  const rarity = (pair: string) => 1 / shared.filter((pairs) => pairs.has(pair)).length
  const judged = entries.map((entry, index) => ({ entry, score: [...(shared[index] ?? [])].reduce((sum, pair) => sum + rarity(pair), 0) }))
  return judged.filter(({ score }) => score > 0).toSorted((one, other) => other.score - one.score).map(({ entry }) => entry)
}

function pairsOf(text: string): Set<string> {
  const characters = Array.from(normalised(text).replaceAll(' ', ''))
  return new Set(characters.length === 1 ? characters : characters.slice(1).map((character, index) => `${characters[index]}${character}`))
}
