import { type TObject, type TProperties, Type } from 'typebox'
import { pastOf, type TicketCommand, type TicketRefusal } from '../../domain/ticket/ticket.ts'
import { recordOfFact } from '../../domain/facts.ts'
import { Intake, Matter, Time } from '../../tickets/record-schemas.ts'
import { Feedback, ReturnCause } from '../../tickets/ticket-schemas.ts'
import { answerOnce, keyedProblems, KeyHeader, refusal } from '../command-answers.ts'
import type { HttpDeps } from '../deps.ts'
import type { IdempotencyKeys } from '../idempotency.ts'
import { problemAnswers } from '../problem.ts'
import { NoQuery, PlatformSchema } from '../schemas.ts'
import type { App } from '../server.ts'
import { answered, keptWith, notDone, Reference, TicketAnswer, whoseCommand } from '../ticket-answers.ts'
import { named } from './handovers.ts'

const Text = Type.String({ minLength: 1, maxLength: 2_000, description: 'In words' })
const handover = Type.String({ pattern: '^ho-[a-z0-9-]{1,60}$', description: 'The three-way call’s hand-over' })

interface Route {
  readonly does: TicketCommand['do']
  readonly summary: string
  readonly body: TProperties
  readonly refusals: readonly (TicketRefusal | 'handover-not-found')[]
}

/** By the last part of the address. */
const routes: Readonly<Record<string, Route>> = {
  accept: { does: 'accept', summary: 'The receiver takes it on', body: { text: Type.Optional(Text) }, refusals: ['ticket-returned'] },
  return: { does: 'return', summary: 'The receiver gives it back with a cause (退回)', body: { cause: ReturnCause, text: Text }, refusals: [] },
  reports: { does: 'report', summary: 'The receiver reports how far it is (反馈); who reports has accepted it', body: { step: Feedback, text: Type.Optional(Text) }, refusals: ['ticket-returned'] },
  resend: { does: 'resend', summary: 'The sender sends a returned one again, with what was missing', body: { intake: Type.Optional(Intake), matter: Type.Optional(Matter), text: Type.Optional(Text) }, refusals: ['ticket-not-returned', 'intake-incomplete'] },
  confer: { does: 'confer', summary: 'The sender settles a returned one in a three-way call', body: { handover, text: Type.Optional(Text) }, refusals: ['ticket-not-returned', 'handover-not-found'] },
  close: { does: 'close', summary: 'The sender confirms that it is done: the loop is closed (闭环)', body: { text: Type.Optional(Text) }, refusals: ['ticket-not-resolved'] },
  reopen: { does: 'reopen', summary: 'The sender does not confirm it', body: { text: Text }, refusals: ['ticket-not-resolved'] },
  withdraw: { does: 'withdraw', summary: 'The sender takes it back before it is accepted', body: { text: Text }, refusals: ['ticket-accepted'] },
  intake: { does: 'complete', summary: 'Fill in what the form of a call’s ticket lacks yet', body: { intake: Intake }, refusals: ['intake-incomplete'] },
}

const common = { platform: Type.Optional(PlatformSchema), at: Type.Optional(Time('When it happened; now when left out')), reference: Type.Optional(Reference) }

/** What the two platforms do with a ticket. */
export function ticketCommandRoutes(app: App, { tickets, catalogues, journal }: HttpDeps, keys: IdempotencyKeys): void {
  for (const [name, { does, summary, body, refusals }] of Object.entries(routes)) {
    // Their bodies differ: what they have in common is read here.
    const Body = Type.Object({ ...common, ...body }, { additionalProperties: false }) as unknown as TObject<typeof common & { matter: ReturnType<typeof Type.Optional<typeof Matter>> }>
    app.post(
      `/v1/tickets/:ticketId/${name}`,
      {
        schema: {
          operationId: `${does}Ticket`,
          summary,
          description: 'Said again, it is as it was. An agent acts for his own desk; others say in `platform` for which.',
          tags: ['tickets'],
          params: Type.Object({ ticketId: Type.String() }),
          headers: KeyHeader,
          querystring: NoQuery,
          body: Body,
          response: { ...problemAnswers(...keyedProblems, 'ticket-not-found', 'ticket-not-yours', 'ticket-settled', ...refusals), 200: TicketAnswer },
        },
      },
      async (request, reply) => {
        const { platform: said, matter, at, ...rest } = request.body
        const platform = whoseCommand(request, reply, said, 'platform')
        if (typeof platform !== 'string') return platform
        return answerOnce(request, reply, keys, async (toKeep) => {
          if ('handover' in rest) {
            if (!(await tickets.find(request.params.ticketId))) return refusal('ticket-not-found')
            const [told] = await journal.factsOfHandover(String(rest.handover))
            if (!told || !request.mayKnow(recordOfFact(told.fact) ?? '')) return refusal('handover-not-found')
          }
          const now = new Date().toISOString()
          const command = { ...rest, ...(matter ? { matter: named(matter, catalogues) } : {}), do: does, platform, by: request.who?.agent ?? request.user, at: pastOf(at, now) } as TicketCommand
          const done = await tickets.carryOut(request.params.ticketId, command, now, keptWith(200, toKeep))
          return 'kind' in done ? notDone(done) : answered(done, 200, toKeep)
        })
      },
    )
  }
}
