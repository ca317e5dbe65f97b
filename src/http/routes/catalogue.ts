import { Type } from 'typebox'
import type { KnowledgeEntry, MatterRow } from '../../domain/matters/matter.ts'
import { answerChange, ChangeShown, Expected, KnowledgeFields, MatterFields } from '../catalogue-answers.ts'
import type { HttpDeps } from '../deps.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'
import { Time } from '../../tickets/record-schemas.ts'

const tags = ['catalogue']
const strict = { additionalProperties: false } as const
const Id = Type.String({ minLength: 1, maxLength: 40, description: 'As `L1-09`: a spreadsheet would take `1-09` for a day' })
const changing = ['malformed-body', 'body-too-large', 'unsupported-media-type', 'catalogue-stale'] as const
/** A whole catalogue with its phrases, bytes. */
const importLimit = 4 * 1_048_576

const Row = Type.Object({ id: Id, ...MatterFields }, strict)
const Entry = Type.Object({ id: Id, ...KnowledgeFields }, strict)

/** The matter catalogue (事项清单): read, kept up, every version of it. */
export function catalogueRoutes(app: App, { catalogues }: HttpDeps): void {
  app.get(
    '/v1/catalogue',
    {
      schema: {
        operationId: 'showCatalogue',
        summary: 'The matter catalogue, with what holds no more or not yet',
        tags,
        querystring: Type.Object({ version: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,8}$', description: 'An earlier one; the current one when left out' })) }, strict),
        response: {
          ...problemAnswers('version-not-found'),
          200: Type.Object({ version: Type.Integer(), at: Time('When it was made'), by: Type.String({ description: 'Who made it' }), rows: Type.Array(Row), knowledge: Type.Array(Entry) }, { description: 'The whole version' }),
        },
      },
    },
    async (request, reply) => {
      const { version } = request.query
      const shown = version === undefined ? catalogues.current : await catalogues.version(Number(version))
      if (!shown) return sendProblem(reply, problem('version-not-found'))
      return { ...shown, rows: shown.rows.map(copied), knowledge: shown.knowledge.map(copiedEntry) }
    },
  )

  app.get(
    '/v1/catalogue/versions',
    {
      schema: {
        operationId: 'listCatalogueVersions',
        summary: 'Versions of the catalogue, the newest first: who changed what, and when',
        tags,
        querystring: NoQuery,
        response: {
          ...problemAnswers(),
          200: Type.Object(
            { items: Type.Array(Type.Object({ version: Type.Integer(), at: Time('When it was made'), by: Type.String(), added: Type.Array(Type.String()), changed: Type.Array(Type.String()) })) },
            { description: 'With the ids of rows and knowledge entries that are new or otherwise in it' },
          ),
        },
      },
    },
    async () => ({ items: (await catalogues.versions()).map((line) => ({ ...line, added: [...line.added], changed: [...line.changed] })) }),
  )

  app.put(
    '/v1/catalogue/matters/:matter',
    {
      schema: {
        operationId: 'putMatter',
        summary: 'Add a matter, or change one',
        tags,
        params: Type.Object({ matter: Id }),
        querystring: NoQuery,
        body: Type.Object({ ...MatterFields, expected: Expected }, strict),
        response: { ...problemAnswers(...changing), 200: ChangeShown },
      },
    },
    async (request, reply) => {
      const { expected, ...fields } = request.body
      return answerChange(reply, await catalogues.change({ rows: [{ id: request.params.matter, ...fields }] }, request.user, expected), ({ field }) => (field === 'id' ? '/params/matter' : `/body/${field}`))
    },
  )

  app.delete(
    '/v1/catalogue/matters/:matter',
    {
      schema: {
        operationId: 'retireMatter',
        summary: 'Retire a matter from today on; it stays in every version',
        tags,
        params: Type.Object({ matter: Id }),
        querystring: NoQuery,
        response: { ...problemAnswers('matter-not-found', 'catalogue-stale'), 200: ChangeShown },
      },
    },
    async (request, reply) => {
      const { version, rows } = catalogues.current
      const known = rows.find(({ id }) => id === request.params.matter)
      if (!known) return sendProblem(reply, problem('matter-not-found'))
      return answerChange(reply, await catalogues.change({ rows: [retired(known, catalogues.today())] }, request.user, version), ({ field }) => `/${field}`)
    },
  )

  app.post(
    '/v1/catalogue/imports',
    {
      bodyLimit: importLimit,
      schema: {
        operationId: 'importCatalogue',
        summary: 'Add and change many matters and knowledge entries at once: all of them, or none',
        description: 'What the import does not name stays as it is.',
        tags,
        querystring: NoQuery,
        body: Type.Object({ rows: Type.Optional(Type.Array(Row, { maxItems: 5_000 })), knowledge: Type.Optional(Type.Array(Entry, { maxItems: 5_000 })), expected: Expected }, strict),
        response: { ...problemAnswers(...changing), 200: ChangeShown },
      },
    },
    async (request, reply) => {
      const { expected, ...change } = request.body
      return answerChange(reply, await catalogues.change(change, request.user, expected), ({ of, index, field }) => `/body/${of}/${index}/${field}`)
    },
  )
}

const copied = ({ phrases, ...row }: MatterRow) => ({ ...row, ...(phrases ? { phrases: [...phrases] } : {}) })
const copiedEntry = (entry: KnowledgeEntry) => ({ ...entry, matters: [...entry.matters] })

/** What was retired before stays so; what was to begin later never does. */
export function retired<T extends { readonly validFrom?: string; readonly validUntil?: string }>(one: T, today: string): T {
  if (one.validUntil !== undefined && one.validUntil <= today) return one
  return { ...one, validUntil: one.validFrom !== undefined && one.validFrom > today ? one.validFrom : today }
}
