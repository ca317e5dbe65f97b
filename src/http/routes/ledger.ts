import { Type } from 'typebox'
import { factVersion } from '../../domain/facts.ts'
import { handoverStates } from '../../domain/handover/handover.ts'
import { ticketModes, ticketStates } from '../../domain/ticket/ticket.ts'
import { Time } from '../../tickets/record-schemas.ts'
import type { HttpDeps } from '../deps.ts'
import { askLedger } from '../ledger-answers.ts'
import type { NeedToKnow } from '../need-to-know.ts'
import { problemAnswers } from '../problem.ts'
import { NoQuery, PlatformSchema } from '../schemas.ts'
import type { App } from '../server.ts'

const tags = ['ledger']
const Text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 100, description }))
const Page = {
  limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]?|100)$', description: '1 to 100; 50 when left out' })),
  cursor: Type.Optional(Type.String({ pattern: '^-?[0-9]{1,18}\\.[A-Za-z0-9-]{1,64}$', description: '`next` of the page before' })),
}
const Begun = { from: Type.Optional(Time('Begun then or later')), to: Type.Optional(Time('Begun before')) }
const CitizenNumber = Text('The citizen’s number, as it was signalled')
const Ticket = Text('The ticket from which the citizen was called')
const next = Type.Optional(Type.String({ description: 'The `cursor` of the next page' }))
const lastPage = 'A page; without `next` it is the last'
const problemsOfLedger = ['ledger-not-configured', 'ledger-away'] as const

const OrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description })
const Overrides = Type.Object({
  agent: OrNull('Who pressed the key, or had the call'),
  decided: Type.String({ description: 'The mode that the policy says' }),
  decidedFor: OrNull('The platform that it says'),
  paragraph: Type.String({ description: 'By which it says so' }),
  did: Type.String({ description: 'The mode that was chosen' }),
  didFor: OrNull('The platform that was chosen'),
  count: Type.Integer(),
  withoutReason: Type.Integer({ description: 'Of these, without saying why' }),
})

/** Everything that was ever told, from Postgres. */
export function ledgerRoutes(app: App, { ledger, journal, nuisance, choices, readers, deliveries, attachments, tickets: book }: HttpDeps, needToKnow: NeedToKnow): void {
  app.get(
    '/v1/ledger/handovers',
    {
      schema: {
        operationId: 'findHandovers',
        summary: 'Hand-overs of all years, each with its call, the newest first',
        tags,
        querystring: Type.Object(
          {
            call: Text('Of this call'),
            number: CitizenNumber,
            ticket: Ticket,
            category: Text('Category of the matter (事项)'),
            item: Text('Item of the matter'),
            platform: Type.Optional(PlatformSchema),
            state: Type.Optional(Type.Enum(handoverStates)),
            agent: Text('Who pressed the key'),
            ...Begun,
            ...Page,
          },
          { additionalProperties: false },
        ),
        response: {
          ...problemAnswers(...problemsOfLedger),
          200: Type.Object({ items: Type.Array(Type.Object({ handover: Type.Ref('Handover'), call: Type.Ref('Call') })), next }, { description: lastPage }),
        },
      },
    },
    async ({ query: { limit = '50', cursor, ...filter }, who }, reply) =>
      askLedger(ledger, reply, async (known) => {
        const page = await known.handovers({ ...filter, withheld: needToKnow.withheldFrom(who) }, Number(limit), cursor)
        return { ...page, items: [...page.items] }
      }),
  )

  app.get(
    '/v1/ledger/calls',
    {
      schema: {
        operationId: 'findCalls',
        summary: 'Calls of all years, the newest first',
        tags,
        querystring: Type.Object({ number: CitizenNumber, ticket: Ticket, platform: Type.Optional(PlatformSchema), state: Text('As in the record'), agent: Text('Who had it last'), ...Begun, ...Page }, { additionalProperties: false }),
        response: { ...problemAnswers(...problemsOfLedger), 200: Type.Object({ items: Type.Array(Type.Ref('Call')), next }, { description: lastPage }) },
      },
    },
    async ({ query: { limit = '50', cursor, ...filter }, who }, reply) =>
      askLedger(ledger, reply, async (known) => {
        const page = await known.calls({ ...filter, withheld: needToKnow.withheldFrom(who) }, Number(limit), cursor)
        return { ...page, items: [...page.items] }
      }),
  )

  app.get(
    '/v1/ledger/tickets',
    {
      schema: {
        operationId: 'findTickets',
        summary: 'Tickets (工单, 警单) of all years, the newest first',
        tags,
        querystring: Type.Object(
          {
            ticket: Text('Its id, or its number in one of the two platforms’ systems'),
            call: Text('Of this call'),
            number: CitizenNumber,
            category: Text('Category of the matter (事项)'),
            item: Text('Item of the matter'),
            platform: Type.Optional(PlatformSchema),
            state: Type.Optional(Type.Enum(ticketStates)),
            mode: Type.Optional(Type.Enum(ticketModes)),
            ...Begun,
            ...Page,
          },
          { additionalProperties: false },
        ),
        response: { ...problemAnswers(...problemsOfLedger), 200: Type.Object({ items: Type.Array(Type.Ref('Ticket')), next }, { description: lastPage }) },
      },
    },
    async ({ query: { limit = '50', cursor, ...filter }, who }, reply) =>
      askLedger(ledger, reply, async (known) => {
        const page = await known.tickets({ ...filter, withheld: needToKnow.withheldFrom(who) }, Number(limit), cursor)
        return { ...page, items: [...page.items] }
      }),
  )

  app.get(
    '/v1/ledger/events',
    {
      schema: {
        operationId: 'showEvents',
        summary: 'What happened to a hand-over or a call, in the order in which it was told',
        tags,
        querystring: Type.Object(
          { handover: Text('Of this hand-over alone'), call: Text('Of this call and its hand-overs'), ...Page, cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: '`next` of the page before' })) },
          { additionalProperties: false, anyOf: [{ required: ['handover'] }, { required: ['call'] }] },
        ),
        response: {
          ...problemAnswers(...problemsOfLedger),
          200: Type.Object(
            {
              items: Type.Array(Type.Object({ id: Type.Integer({ description: 'Place in the ledger' }), hash: Type.String({ description: 'SHA-256 of its link in the chain, hex' }), fact: Type.Ref('Event') })),
              next,
            },
            { description: lastPage },
          ),
        },
      },
    },
    async ({ query: { limit = '50', cursor, ...of }, who }, reply) =>
      askLedger(ledger, reply, async (known) => {
        const page = await known.events({ ...of, withheld: needToKnow.withheldFrom(who) }, Number(limit), cursor)
        return { ...page, items: [...page.items] }
      }),
  )

  app.get(
    '/v1/ledger/overrides',
    {
      schema: {
        operationId: 'countOverrides',
        summary: 'How often agents did otherwise than the policy says, the most frequent first',
        tags,
        querystring: Type.Object(Begun, { additionalProperties: false }),
        response: { ...problemAnswers(...problemsOfLedger), 200: Type.Object({ items: Type.Array(Overrides) }, { description: 'Five hundred at most' }) },
      },
    },
    async ({ query }, reply) => askLedger(ledger, reply, async (known) => ({ items: [...(await known.overrides(query))] })),
  )

  app.get(
    '/v1/ledger/checkpoints',
    {
      schema: {
        operationId: 'listCheckpoints',
        summary: 'Signed heads of the chains, in their order',
        description: 'Keep them elsewhere: `tandem ledger verify --checkpoints FILE` then finds what was changed, even by somebody who may change everything here.',
        tags,
        querystring: Type.Object({ after: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$', description: 'Number of the last one that you have' })) }, { additionalProperties: false }),
        response: {
          ...problemAnswers(...problemsOfLedger),
          200: Type.Object(
            { items: Type.Array(Type.Object({ number: Type.Integer(), text: Type.String({ description: 'Exactly what was signed: JSON' }), signature: Type.String({ description: 'Ed25519, base64' }) })) },
            { description: 'A hundred at most' },
          ),
        },
      },
    },
    async ({ query: { after = '0' } }, reply) => askLedger(ledger, reply, async (known) => ({ items: [...(await known.checkpoints(Number(after), 100))] })),
  )

  app.post(
    '/v1/ledger/erasures',
    {
      schema: {
        operationId: 'erasePersonalData',
        summary: 'Forget numbers, names and what was said, of a call or of all calls of a number',
        description: 'What happened stays, and the chains hold. It cannot be taken back. It is a fact, which says who did it and of how many calls. With them go messages of other systems and their answers, and coordinates. The journal forgets them by itself, with its retention. What is need-to-know, and not for you, stays.',
        tags,
        querystring: NoQuery,
        body: Type.Union([
          Type.Object({ call: Type.String({ minLength: 1, maxLength: 100 }) }, { additionalProperties: false }),
          Type.Object({ number: Type.String({ minLength: 1, maxLength: 100 }) }, { additionalProperties: false }),
        ]),
        response: { ...problemAnswers(...problemsOfLedger), 200: Type.Object({ calls: Type.Integer({ description: 'Of how many calls something was forgotten' }) }, { description: 'Done' }) },
      },
    },
    async (request, reply) =>
      askLedger(ledger, reply, async (known) => {
        const { body, who } = request
        const except = needToKnow.hiddenFrom(who)
        const { records, subjects, attachments: given } = await known.erase(body, needToKnow.withheldFrom(who))
        const calls = records.length
        const at = new Date().toISOString()
        const inMemory = 'number' in body ? { records, number: body.number } : { records: except.includes(body.call) ? [] : [...records, body.call] }
        const tickets = book.erase({ ...inMemory, except }, request.user, at)
        await journal.append([{ type: 'personal-data-erased', version: factVersion, at, by: request.user, calls }])
        await Promise.all(given.map((id) => attachments.remove(id)))
        await nuisance.forget('number' in body ? { ...body, except } : { calls: inMemory.records })
        await choices.forgetCalls(inMemory.records)
        await deliveries.forgetAnswers([...new Set([...subjects, ...inMemory.records, ...tickets])])
        readers.chosenAnew()
        return { calls }
      }),
  )
}
