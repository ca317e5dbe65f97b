import { Type } from 'typebox'
import { v7 as uuid } from 'uuid'
import { otherThan } from '../../domain/handover/handover.ts'
import { heldTo, lacksReason } from '../../domain/policy/held-to.ts'
import { urgencies } from '../../domain/policy/decide.ts'
import { Intake, MarkingStatedSchema, Matter } from '../../tickets/record-schemas.ts'
import { intakeSchemaOf } from '../../tickets/ticket-schemas.ts'
import { answerOnce, keyedProblems, KeyHeader } from '../command-answers.ts'
import { isOverdue } from '../../domain/ticket/deadlines.ts'
import { placeOf, type Ticket } from '../../domain/ticket/ticket.ts'
import type { HttpDeps } from '../deps.ts'
import type { IdempotencyKeys } from '../idempotency.ts'
import type { NeedToKnow } from '../need-to-know.ts'
import { Channel, Circumstances, Danger } from '../policy-answers.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery, PlatformSchema } from '../schemas.ts'
import type { App } from '../server.ts'
import { answered, incomplete, keptWith, Reference, TicketAnswer, unmarked, whoseCommand } from '../ticket-answers.ts'
import { named } from './handovers.ts'

const tags = ['tickets']

/** The ticket track of hand-overs: system push (系统推送), and what both platforms see of it. */
export function ticketRoutes(app: App, { tickets, calls, journal, deliveries, catalogues }: HttpDeps, keys: IdempotencyKeys, needToKnow: NeedToKnow): void {
  app.get(
    '/v1/intake/:platform',
    {
      schema: {
        operationId: 'showIntakeStandard',
        summary: 'What a platform wants to know of a matter before it takes it, as JSON Schema',
        description: 'Forms are built from it: `title` is the label, `oneOf` a code list. A push in which something required is missing is refused.',
        tags,
        params: Type.Object({ platform: PlatformSchema }),
        querystring: NoQuery,
        response: { ...problemAnswers(), 200: Type.Unknown({ description: 'JSON Schema, draft 2020-12' }) },
      },
    },
    async (request) => intakeSchemaOf(request.params.platform),
  )

  app.post(
    '/v1/tickets',
    {
      schema: {
        operationId: 'pushTicket',
        summary: 'System push (系统推送): pass a matter on without a call',
        description:
          'For what was handled first and then found not to be urgent, and what came over the internet (§4). It is registered to the receiver’s standard before it leaves: what is missing is named, and nothing is sent. What goes to 12345 is never urgent, whatever is said. It is told to the ticket systems of both platforms; the receiver accepts or returns it.',
        tags,
        headers: KeyHeader,
        querystring: NoQuery,
        body: Type.Object(
          {
            from: Type.Optional(PlatformSchema),
            intake: Intake,
            needToKnow: Type.Optional(MarkingStatedSchema),
            matter: Type.Optional(Matter),
            urgency: Type.Optional(Type.Enum(urgencies, { description: '`routine` when left out' })),
            call: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'The call in which it was said' })),
            channel: Type.Optional(Channel),
            danger: Danger,
            facts: Type.Optional(Type.Object(Circumstances, { additionalProperties: false, description: 'What is known of the request: the policy’s decision is kept with it' })),
            reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'Needed where `facts` are given and the policy says otherwise, but for 110' })),
            reference: Type.Optional(Reference),
          },
          { additionalProperties: false },
        ),
        response: { ...problemAnswers(...keyedProblems, 'intake-incomplete', 'reason-missing', 'marking-not-yours'), 201: TicketAnswer },
      },
    },
    async (request, reply) => {
      const { from: said, intake, needToKnow: stated, matter, urgency = 'routine', call, channel = 'internet', danger = false, facts, reason, reference } = request.body
      const from = whoseCommand(request, reply, said, 'from')
      if (typeof from !== 'string') return from
      const to = otherThan(from)
      const deed = { mode: 'push', platform: to } as const
      const decision = facts && heldTo({ ...facts, at: from, channel, danger }, deed)
      if (decision && lacksReason(decision, deed, reason)) return sendProblem(reply, problem('reason-missing'))
      const spoken = call === undefined ? undefined : calls.get(call)
      if (stated && spoken && request.mayKnow(spoken.id) && spoken.platform !== from && spoken.desk !== from) return sendProblem(reply, problem('marking-not-yours'))
      const at = new Date().toISOString()
      const push = {
        id: `ho-${uuid()}`,
        from,
        to,
        urgency: danger ? ('emergency' as const) : urgency,
        intake,
        ...(stated ? { needToKnow: stated } : {}),
        by: request.who?.agent ?? request.user,
        ...(call === undefined ? {} : { callId: call }),
        ...(matter ? { matter: named(matter, catalogues) } : {}),
        ...(reason === undefined ? {} : { reason }),
        ...(decision ? { decision } : {}),
        ...(reference === undefined ? {} : { references: { [from]: reference } }),
      }
      return answerOnce(request, reply, keys, async (toKeep) => {
        const done = await tickets.register(push, at, { ...keptWith(201, toKeep), mayKnow: request.mayKnow(call ?? push.id) })
        return 'faults' in done ? incomplete(done.faults) : answered(stated || request.mayKnow(done.ticket.callId ?? done.ticket.id) ? done : unmarked(done), 201, toKeep)
      })
    },
  )

  app.get(
    '/v1/tickets/:ticketId',
    {
      schema: {
        operationId: 'showTicket',
        summary: 'A ticket, and what ticket systems were told of it',
        tags,
        params: Type.Object({ ticketId: Type.String() }),
        querystring: NoQuery,
        response: { ...problemAnswers('ticket-not-found'), 200: Type.Object({ ticket: Type.Ref('Ticket'), deliveries: Type.Array(Type.Ref('Delivery')) }, { description: 'The ticket as it stands' }) },
      },
    },
    async (request, reply) => {
      const { ticketId } = request.params
      const ticket = await tickets.find(ticketId)
      return ticket ? { ticket, deliveries: [...(await deliveries.deliveriesOf(ticketId))] } : sendProblem(reply, problem('ticket-not-found'))
    },
  )

  app.get(
    '/v1/tickets',
    {
      schema: {
        operationId: 'listTickets',
        summary: 'Tickets, the newest first',
        tags,
        querystring: Type.Object(
          {
            open: Type.Optional(Type.Literal('true', { description: 'Only those that are not settled' })),
            overdue: Type.Optional(Type.Literal('true', { description: 'Only those of which a deadline has run out, and that are not settled' })),
            to: Type.Optional(PlatformSchema),
            limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]?|100)$', description: '1 to 100; 50 when left out' })),
            cursor: Type.Optional(Type.String({ pattern: '^[0-9TZ:.-]{24}~[A-Za-z0-9-]{1,64}$', description: '`next` of the page before' })),
          },
          { additionalProperties: false },
        ),
        response: {
          ...problemAnswers(),
          200: Type.Object({ items: Type.Array(Type.Ref('Ticket')), next: Type.Optional(Type.String({ description: 'The `cursor` of the next page' })) }, { description: 'A page; without `next` it is the last' }),
        },
      },
    },
    async ({ query: { open, overdue, to, cursor, ...query }, who, mayKnow }) => {
      const limit = Number(query.limit ?? 50)
      const wanted = (ticket: Ticket) => mayKnow(ticket.callId ?? ticket.id) && (to === undefined || ticket.to === to) && (!overdue || isOverdue(ticket))
      const items = open || overdue ? newestFirst(tickets.open.filter(wanted), cursor).slice(0, limit) : (await journal.tickets(limit, cursor, needToKnow.hiddenFrom(who))).map(({ ticket }) => ticket)
      const last = items.length === limit ? items.at(-1) : undefined
      return { items: items.filter(wanted), ...(last ? { next: placeOf(last) } : {}) }
    },
  )
}

const newestFirst = (tickets: readonly Ticket[], before: string | undefined): readonly Ticket[] =>
  tickets.filter((ticket) => before === undefined || placeOf(ticket) < before).toSorted((one, other) => (placeOf(one) < placeOf(other) ? 1 : -1))
