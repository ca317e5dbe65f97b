import { Type } from 'typebox'
import { type Key, keys } from '../../domain/keys.ts'
import { hintsOf } from '../../softkeys/extensions.ts'
import { provisioningOf } from '../../softkeys/provisioning.ts'
import { screenOf, type Shown } from '../../softkeys/screen.ts'
import { textsOf } from '../../softkeys/texts.ts'
import { answerFor, vendors } from '../../softkeys/vendors.ts'
import type { HttpDeps } from '../deps.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import type { App } from '../server.ts'

const tags = ['phones']
const vendor = Type.Enum(vendors, { description: 'Whose XML it reads' })
const AgentParams = Type.Object({ agent: Type.String({ minLength: 1, maxLength: 40 }) })
const pressable = ['status', ...keys] as const
const settable: readonly Key[] = ['transfer', 'conference', 'consult', 'back']

/** Keys of desk phones that are URLs, and what their provisioning needs. */
export function phoneRoutes(app: App, { config, softkeys, phoneLinks }: HttpDeps): void {
  const texts = textsOf(config.calls.language)
  const known = (agent: string) => config.agents.find(({ id }) => id === agent)

  app.get(
    '/v1/phones/:agent/keys/:key',
    {
      // A HEAD would press the key.
      exposeHeadRoute: false,
      schema: {
        operationId: 'pressPhoneKey',
        summary: 'Press a key of a desk phone, for the call that it is in; or look what has become of it',
        description:
          'Needs no key: the URL is signed, for one phone, and holds until the phone’s URLs are revoked. The answer is the screen in the vendor’s XML, which shows the state of the hand-over and why it failed; while that may change, the phone is told to ask again (`Refresh`, or the vendor’s own tag). A second press is answered with the hand-over of the first, as everywhere. What phones add to the query is ignored.',
        tags,
        security: [],
        params: Type.Object({ agent: AgentParams.properties.agent, key: Type.Enum(pressable, { description: '`status`: shows, and presses nothing' }) }),
        querystring: Type.Object({ vendor, signature: Type.String({ maxLength: 100 }) }, { additionalProperties: true }),
        response: { ...problemAnswers('link-refused'), 200: { description: 'The screen', content: { 'text/xml': { schema: Type.String() } } } },
      },
    },
    async (request, reply) => {
      const { agent, key } = request.params
      if (!known(agent) || !phoneLinks.isGood(agent, request.query.signature)) return sendProblem(reply, problem('link-refused'))
      const refused = key === 'status' ? undefined : await pressed(key, agent)
      const shown: Shown = { ...softkeys.shown(agent), ...(refused ? { refused } : {}) }
      const { type, body, refresh } = answerFor(request.query.vendor, screenOf(shown, texts), texts, (to) => phoneLinks.urlOf(agent, request.query.vendor, to))
      if (refresh !== undefined) reply.header('refresh', refresh)
      return reply.type(type).header('cache-control', 'no-store').send(body)
    },
  )

  app.get(
    '/v1/phones/:agent',
    {
      schema: {
        operationId: 'showPhone',
        summary: 'The key URLs and lamps of a desk phone, and the lines of its provisioning',
        description: 'Needs the permission `accounts`: whoever has the URLs can press the keys.',
        tags,
        params: AgentParams,
        querystring: Type.Object({ vendor }, { additionalProperties: false }),
        response: { ...problemAnswers('destination-not-found'), 200: Phone },
      },
    },
    async (request, reply) => {
      const { agent } = request.params
      if (!known(agent)) return sendProblem(reply, problem('destination-not-found'))
      return phoneOf(agent, request.query.vendor)
    },
  )

  app.post(
    '/v1/phones/:agent/revocations',
    {
      schema: {
        operationId: 'revokePhone',
        summary: 'Refuse the key URLs that a phone has from now on',
        tags,
        params: AgentParams,
        querystring: Type.Object({}, { additionalProperties: false }),
        body: Type.Object({}, { additionalProperties: false }),
        response: { ...problemAnswers('malformed-body', 'body-too-large', 'unsupported-media-type', 'destination-not-found'), 200: Type.Object({ agent: Type.String(), serial: Serial }, { description: 'New ones are made with this serial' }) },
      },
      preValidation: async (request: { body: unknown }) => {
        request.body ??= {}
      },
    },
    async (request, reply) => {
      const { agent } = request.params
      if (!known(agent)) return sendProblem(reply, problem('destination-not-found'))
      const serial = await phoneLinks.revoke(agent)
      request.log.info({ agent, serial, user: request.user }, 'the key URLs of a phone were revoked')
      return { agent, serial }
    },
  )

  async function pressed(key: Key, agent: string): Promise<Shown['refused']> {
    const { reply } = await softkeys.press(key, agent)
    return reply.kind === 'refused' ? reply.code : undefined
  }

  function phoneOf(agent: string, of: (typeof vendors)[number]) {
    const urls = settable.map((key) => ({ key, label: texts.keys[key], url: phoneLinks.urlOf(agent, of, key) }))
    const own = hintsOf(config).filter(({ key }) => key === undefined || key.agent === agent)
    const lamps = config.keys.lamps ? own.map(({ extension, key, desk }) => ({ extension, label: key ? texts.keys[key.key] : (desk ?? '') })) : []
    const statusUrl = phoneLinks.urlOf(agent, of, 'status')
    const lines = provisioningOf(of, { agent, sipServer: config.asterisk.sipHost, statusUrl, keys: urls, lamps })
    return { agent, serial: phoneLinks.serialOf(agent), keys: [{ key: 'status' as const, label: texts.keys.status, url: statusUrl }, ...urls], lamps: [...lamps], lines: [...lines] }
  }
}

const Serial = Type.Integer({ description: 'How often they were revoked, and one' })
const Phone = Type.Object(
  {
    agent: Type.String(),
    serial: Serial,
    keys: Type.Array(Type.Object({ key: Type.Enum(pressable), label: Type.String(), url: Type.String() })),
    lamps: Type.Array(Type.Object({ label: Type.String(), extension: Type.String({ description: 'What a BLF key watches, and dials' }) })),
    lines: Type.Array(Type.String({ description: 'A line of the provisioning file' })),
  },
  { description: 'What the phone needs' },
)
