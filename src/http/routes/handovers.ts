import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { PressCommand } from '../../calls/commands.ts'
import { type Handover, type Matter as KeptMatter, modes, type Platform } from '../../domain/handover/handover.ts'
import { isHandoverFact } from '../../domain/facts.ts'
import type { Entry } from '../../journal/journal.ts'
import { isGoodLink } from '../../recordings/links.ts'
import { longestUtterance, whyNotRecommendable } from '../../recommendation/utterance.ts'
import { answerOf, answerOnce, HandoverAnswer, keyedProblems, KeyHeader } from '../command-answers.ts'
import type { HttpDeps } from '../deps.ts'
import { whereKnown } from '../ledger-answers.ts'
import type { IdempotencyKeys } from '../idempotency.ts'
import type { NeedToKnow } from '../need-to-know.ts'
import type { Who } from '../../users/roles.ts'
import { Circumstances } from '../policy-answers.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { Intake, MarkingStatedSchema, Matter } from '../../tickets/record-schemas.ts'
import { LinkQuery, NoQuery, PlatformSchema } from '../schemas.ts'
import type { App } from '../server.ts'

const Body = Type.Object(
  {
    call: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'The call; found by `agent` when left out' })),
    agent: Type.Optional(
      Type.String({ minLength: 1, maxLength: 40, description: 'Who presses the key; the desk that has the call when left out' }),
    ),
    mode: Type.Enum(modes, { description: '`transfer`: one-key transfer (一键转接); `conference`: three-way call (三方通话)' }),
    to: Type.Optional(PlatformSchema),
    consult: Type.Optional(Type.Boolean({ description: 'The desks talk with each other first, while the caller hears music' })),
    verified: Type.Optional(Type.Boolean({ description: 'Transfer: the first desk stays until the other one has confirmed' })),
    briefing: Type.Optional(Type.Boolean({ description: 'The joining desk hears a short announcement first, which the caller does not' })),
    danger: Type.Optional(Type.Boolean({ description: 'Danger to life, property or public safety' })),
    matter: Type.Optional(Matter),
    facts: Type.Optional(Type.Object(Circumstances, { additionalProperties: false, description: 'What is known of the request: the policy’s decision is kept with the hand-over. `nuisance` marks the caller’s number as well' })),
    said: Type.Optional(Type.String({ maxLength: longestUtterance, description: 'What the citizen says: with a `matter` of the catalogue, later recommendations learn from it. It is not kept with the hand-over' })),
    intake: Type.Optional(Intake),
    needToKnow: Type.Optional(MarkingStatedSchema),
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'Goes with the ticket; needed where `facts` are given and the policy says otherwise, but for 110' })),
  },
  { additionalProperties: false, anyOf: [{ required: ['call'] }, { required: ['agent'] }] },
)
const pressProblems = [
  'call-not-found',
  'agent-not-in-call',
  'adoption-not-allowed',
  'adoption-failed',
  'not-your-call',
  'same-desk',
  'reason-missing',
  'call-not-answered',
  'call-ended',
  'asterisk-away',
] as const
const Shown = Type.Object(
  { handover: Type.Ref('Handover'), deliveries: Type.Array(Type.Ref('Delivery')) },
  { description: 'The hand-over and what its ticket systems were told' },
)

export function handoverRoutes(app: App, { calls, config, journal, deliveries, ledger, catalogues, nuisance, readers, tickets, linkKey }: HttpDeps, keys: IdempotencyKeys, needToKnow: NeedToKnow): void {
  app.post(
    '/v1/handovers',
    {
      schema: {
        operationId: 'createHandover',
        summary: 'Press the key: hand a call over to the other desk',
        description:
          'The other desk rings at once. A second press, from whichever key, shows the hand-over that the first one made (200). A call of the call centre’s own queue or dialplan is adopted first, where `adoption.contexts` has its context; name its `agent` then.',
        tags: ['hand-overs'],
        headers: KeyHeader,
        querystring: NoQuery,
        body: Body,
        response: { ...problemAnswers(...keyedProblems, ...pressProblems), 201: HandoverAnswer, 200: HandoverAnswer },
      },
    },
    async (request, reply) => {
      const { mode, verified } = request.body
      if (verified && mode !== 'transfer') {
        return sendProblem(reply, problem('invalid-request', { errors: [{ path: '/body/verified', reason: 'only a transfer can be verified' }] }))
      }
      const not = unheardOf(request)
      if (not) return sendProblem(reply, problem(not))
      return answerOnce(request, reply, keys, async () => {
        const pressed = await calls.press(commandOf(request.body, catalogues))
        if (pressed.reply.kind === 'handover' && request.who) needToKnow.pressed(request.who, pressed.reply.handover.callId)
        if (pressed.reply.kind === 'handover') alongside(pressed.reply.handover, pressed.reply.created ? request.body : { facts: request.body.facts }, request)
        return answerOf(pressed, calls)
      })
    },
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
        response: { ...problemAnswers('handover-not-found', 'ledger-away'), 200: Shown },
      },
    },
    async (request, reply) => shown(request, reply),
  )

  app.get(
    '/v1/links/handovers/:handoverId',
    {
      schema: {
        operationId: 'followHandoverLink',
        summary: 'A hand-over, for whoever was sent the link to it with a call (RFC 3261 §20.9, Call-Info)',
        description: 'Needs no key: the link is signed, and holds for a while. As `showHandover`.',
        tags: ['hand-overs'],
        security: [],
        params: Type.Object({ handoverId: Type.String() }),
        querystring: LinkQuery,
        response: { ...problemAnswers('link-refused', 'handover-not-found', 'ledger-away'), 200: Shown },
      },
    },
    async (request, reply) => {
      return isGoodLink(linkKey, 'handover', request.params.handoverId, request.query, Date.now()) ? shown(request, reply) : sendProblem(reply, problem('link-refused'))
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
      const items = (await journal.handovers(limit, request.query.cursor, needToKnow.hiddenFrom(request.who))).flatMap(handoversIn)
      const last = items.length === limit ? items.at(-1) : undefined
      return { items, ...(last ? { next: last.id } : {}) }
    },
  )

  /** Beside the press: nobody waits for it. A caller is marked once a call, whichever press says so; a choice is learned once. */
  function alongside({ callId, to }: Handover, { facts, said, matter }: { readonly [Key in 'facts' | 'said' | 'matter']?: Static<typeof Body>[Key] | undefined }, { user, log }: FastifyRequest): void {
    if (facts?.nuisance) {
      const number = calls.get(callId)?.caller.number ?? ''
      nuisance.mark({ number, at: new Date().toISOString(), by: user, callId }).catch((error: unknown) => log.error({ err: error }, 'a caller could not be marked'))
    }
    const row = matter && catalogues.named(matter, listTo(to))
    // What was said of a need-to-know record teaches nobody.
    if (row && config.recommendation.learning && !tickets.markings.of(callId) && said !== undefined && whyNotRecommendable(said) === undefined) {
      readers.choose(said, row.id, callId).then(
        (learned) => void (learned || log.warn({ matter: row.id }, 'the recommender was away: a choice was not learned')),
        (error: unknown) => log.error({ err: error }, 'a choice could not be kept'),
      )
    }
  }

  async function shown({ params: { handoverId }, who }: { readonly params: { readonly handoverId: string }; readonly who?: Who | undefined }, reply: FastifyReply) {
    return whereKnown(reply, async () => {
      const handover = calls.handover(handoverId) ?? (await recorded(handoverId, who))
      // A link says nothing of who has it.
      if (!handover || needToKnow.hides(who, handover.callId)) return sendProblem(reply, problem('handover-not-found'))
      return { handover, deliveries: [...(await deliveries.deliveriesOf(handoverId))] }
    })
  }

  /** What the journal has forgotten the ledger knows. */
  async function recorded(handoverId: string, who: Who | undefined): Promise<Handover | undefined> {
    return (await journal.factsOfHandover(handoverId)).flatMap(handoversIn).at(-1) ?? (await kept(handoverId, who))
  }

  async function kept(handover: string, who: Who | undefined): Promise<Handover | undefined> {
    return (await ledger?.handovers({ handover, withheld: needToKnow.withheldFrom(who) }, 1))?.items[0]?.handover
  }

  /** A call that whoever presses may not know of; but who presses for the seat that has it is a phone's program. */
  function unheardOf({ body, who, mayKnow }: FastifyRequest): 'call-not-found' | 'agent-not-in-call' | undefined {
    const { call, agent } = body as Static<typeof Body>
    const id = call ?? calls.callOf(agent ?? '')
    if (id === undefined || mayKnow(id)) return undefined
    const found = calls.get(id)
    const inIt = agent !== undefined && (found?.agent === agent || found?.parties.some(({ endpoint }) => endpoint === agent))
    if (inIt && who?.role === 'system' && (who.platform ?? found?.desk) === found?.desk) return undefined
    return call === undefined ? 'agent-not-in-call' : 'call-not-found'
  }
}

const handoversIn = ({ fact }: Entry): readonly Handover[] => (isHandoverFact(fact) ? [fact.handover] : [])

/** The list of what is handed over to a platform. */
const listTo = (platform: Platform) => (platform === '110' ? 1 : 2)

/** A matter as it is kept: with the version of the catalogue that has it. */
export function named(matter: Static<typeof Matter>, catalogues: HttpDeps['catalogues']): KeptMatter {
  const known = catalogues.named(matter, 1) ?? catalogues.named(matter, 2)
  return { ...matter, ...(known ? { catalogueVersion: catalogues.current.version } : {}) }
}

function commandOf(body: Static<typeof Body>, catalogues: HttpDeps['catalogues']): PressCommand {
  // What was said is for the recommender alone.
  const { call, matter, said: _, ...rest } = body
  return { ...rest, ...(call === undefined ? {} : { callId: call }), ...(matter ? { matter: named(matter, catalogues) } : {}) }
}
