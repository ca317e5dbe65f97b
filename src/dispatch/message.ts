/** What another system's message about a ticket asks for. Pure. */
import { createHash } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { otherThan, type Platform, platforms } from '../domain/handover/handover.ts'
import { urgencies } from '../domain/policy/decide.ts'
import { urgencyTo, withMissing } from '../domain/ticket/machine.ts'
import type { Push } from '../domain/ticket/registration.ts'
import { type MarkingStated, reasonNames } from '../domain/sharing/need-to-know.ts'
import { type FeedbackStep, feedbackSteps, pastOf, type ReturnCause, returnCauses, settlements, type Ticket, type TicketCommand } from '../domain/ticket/ticket.ts'
import type { TicketOwnEvent } from '../tickets/payload-schema.ts'
import { Intake, Matter } from '../tickets/record-schemas.ts'
import { TicketRecord } from '../tickets/ticket-schemas.ts'

const idForm = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/u
const Id = Type.String({ pattern: idForm.source })
const Line = (longest: number) => Type.String({ minLength: 1, maxLength: longest })
const Said = { text: Type.Optional(Line(2_000)), at: Type.Optional(Type.String({ format: 'date-time', maxLength: 40 })), by: Type.Optional(Line(60)), reference: Type.Optional(Line(60)) }

const NeedToKnow = Type.Optional(Type.Object({ reason: Type.Enum(reasonNames), cause: Line(500) }))

/** What a new ticket has to say. */
const Registered = Type.Object({
  ...Said,
  ticket: Type.Object({
    id: Type.Optional(Id),
    intake: Intake,
    urgency: Type.Optional(Type.Enum(urgencies)),
    matter: Type.Optional(Type.Object(Matter.properties)),
    reason: Type.Optional(Line(500)),
    needToKnow: NeedToKnow,
    references: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    by: Type.Optional(Line(60)),
    registeredAt: Type.Optional(Said.at),
  }),
})
const Last = Type.Object({ text: Type.Optional(Line(2_000)), at: Type.Optional(Said.at), by: Type.Optional(Line(60)), cause: Type.Optional(Type.String()), step: Type.Optional(Type.String()) })
/** What is said of a known one; another Tandem says it in the ticket as it stands. */
const About = Type.Object({
  ...Said,
  cause: Type.Optional(Type.Enum(returnCauses)),
  step: Type.Optional(Type.Enum(feedbackSteps)),
  intake: Type.Optional(Intake),
  platform: Type.Optional(Type.Enum(platforms)),
  needToKnow: NeedToKnow,
  ticket: Type.Object({ id: Id, needToKnow: NeedToKnow, mode: Type.Optional(Type.String()), intake: Type.Optional(Intake), references: Type.Optional(Type.Record(Type.String(), Type.Unknown())), steps: Type.Optional(Type.Array(Last)), state: Type.Optional(Type.String()), reopens: Type.Optional(Type.Integer()), conference: Type.Optional(Line(64)) }),
})
const OfCall = Type.Object({ ticket: TicketRecord })

/** A form that is not as it must be: where, and why. */
export interface MessageFault {
  readonly path: string
  readonly reason: string
}

interface Spoken {
  readonly by: Pick<TicketCommand, 'platform' | 'by'>
}

export type MessageAsks =
  | { readonly kind: 'register'; readonly push: Push; /** When it was registered there, UTC, ISO 8601. */ readonly at: string }
  | { readonly kind: 'take'; readonly ticket: Ticket }
  | { readonly kind: 'carry-out'; readonly id: string; readonly command: TicketCommand }
  /** Its record becomes need-to-know; without what is stated, no more. */
  | ({ readonly kind: 'mark'; readonly id: string; readonly stated: MarkingStated } & Spoken)
  | ({ readonly kind: 'lift'; readonly id: string; readonly cause: string } & Spoken)
  /** It is kept, and nothing else. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'malformed'; readonly faults: readonly MessageFault[] }

const nothing = { kind: 'nothing' } as const

export interface Sender {
  /** The ticket system, as in the configuration. */
  readonly endpoint: string
  /** Whose it is. */
  readonly platform: Platform
}

/** @param message parsed JSON @param now UTC, ISO 8601 */
export function asked(message: unknown, sender: Sender, now: string): MessageAsks {
  const { type, data } = (typeof message === 'object' && message !== null ? message : {}) as { readonly type?: unknown; readonly data?: unknown }
  if (typeof type !== 'string') return nothing
  if (type === 'ticket.registered') return read(Registered, data, (told) => registration(told, sender, now))
  if (type === 'handover.requested' && typeof data === 'object' && data !== null && 'ticket' in data) return read(OfCall, data, (told) => taken(told.ticket, sender, now))
  if (type === 'ticket.marked' || type === 'ticket.lifted') return read(About, data, (told) => marking(type, told, sender))
  const does = Object.hasOwn(doesBy, type) ? doesBy[type as keyof typeof doesBy] : undefined
  return does ? read(About, data, (told) => commandOf(does, told, sender, now, hasLinks(message))) : nothing
}

/** Another Tandem tells links to its files beside `data`. */
const hasLinks = (message: unknown): boolean => Array.isArray((message as { readonly links?: unknown } | null)?.links)

type Does = Exclude<TicketCommand['do'], 'refer' | 'attach' | 'share'>

const doesBy: Readonly<Record<Exclude<TicketOwnEvent, 'ticket.registered' | 'ticket.marked' | 'ticket.lifted' | 'ticket.due-soon' | 'ticket.overdue' | 'ticket.bounced' | 'ticket.lapsed'>, Does>> = {
  'ticket.accepted': 'accept',
  'ticket.returned': 'return',
  'ticket.resent': 'resend',
  'ticket.reported': 'report',
  'ticket.reopened': 'reopen',
  'ticket.closed': 'close',
  'ticket.withdrawn': 'withdraw',
  'ticket.conferred': 'confer',
  'ticket.changed': 'complete',
}

function registration({ ticket, reference, by, at = ticket.registeredAt }: Static<typeof Registered>, { endpoint, platform }: Sender, now: string): MessageAsks {
  const { intake, matter, reason, needToKnow, urgency = 'routine' } = ticket
  const own = reference ?? textOf(ticket.references?.[platform])
  const id = ticket.id ?? (own === undefined ? undefined : idOf(endpoint, own))
  if (id === undefined) return { kind: 'malformed', faults: [{ path: '/data/ticket/id', reason: 'an id, or the number in your own system as `reference`' }] }
  const push = { id, from: platform, to: otherThan(platform), urgency, intake, by: by ?? ticket.by ?? endpoint }
  return { kind: 'register', at: pastOf(at, now), push: { ...push, ...(matter ? { matter } : {}), ...(reason === undefined ? {} : { reason }), ...(needToKnow ? { needToKnow } : {}), ...(own === undefined ? {} : { references: { [platform]: own } }) } }
}

/** A system without ids of our form has one for each of its numbers. */
const idOf = (endpoint: string, reference: string): string => `ho-${createHash('sha256').update(JSON.stringify([endpoint, reference])).digest('hex').slice(0, 32)}`

function taken(ticket: Ticket, { platform }: Sender, now: string): MessageAsks {
  const { id, mode, callId, from, to, urgency, matter, intake, reason, needToKnow, decision, by } = ticket
  const registeredAt = pastOf(ticket.registeredAt, now)
  if (mode === 'push' || !idForm.test(id)) return { kind: 'malformed', faults: [{ path: '/data/ticket', reason: 'not the ticket of a call’s hand-over' }] }
  const own = textOf(ticket.references[platform])
  // What the other side may say of it at its begin, and nothing else.
  const begun: Ticket = {
    id,
    mode,
    ...(callId === undefined ? {} : { callId }),
    from,
    to,
    state: 'sent',
    urgency: urgencyTo(to, urgency),
    ...(matter ? { matter } : {}),
    intake,
    ...(reason === undefined ? {} : { reason }),
    ...(needToKnow ? { needToKnow } : {}),
    ...(decision ? { decision } : {}),
    references: own === undefined ? {} : { [platform]: own },
    returns: 0,
    steps: [{ step: 'sent', at: registeredAt, by, platform: from }],
    by,
    registeredAt,
  }
  return from === platform && to === otherThan(platform) ? { kind: 'take', ticket: withMissing(begun) } : { kind: 'malformed', faults: [{ path: '/data/ticket/from', reason: `this endpoint speaks for ${platform}` }] }
}

function marking(type: 'ticket.marked' | 'ticket.lifted', { ticket, needToKnow: stated = ticket.needToKnow, text, by }: Static<typeof About>, { endpoint, platform }: Sender): MessageAsks {
  const who = { platform, by: by ?? endpoint }
  if (type === 'ticket.lifted') return { kind: 'lift', id: ticket.id, cause: text ?? '', by: who }
  return stated ? { kind: 'mark', id: ticket.id, stated, by: who } : { kind: 'malformed', faults: [{ path: '/data/needToKnow', reason: 'its reason, and its cause' }] }
}

function commandOf(does: Does, { ticket, text, at, by, reference, cause, step, intake, platform: doer }: Static<typeof About>, { endpoint, platform: sender }: Sender, now: string, files: boolean): MessageAsks {
  // Whose desk took the caller is known where the call is.
  const platform = does === 'accept' && doer !== undefined && ticket.mode !== undefined && ticket.mode !== 'push' ? doer : sender
  const last = ticket.steps?.at(-1)
  const words = text ?? last?.text
  const number = reference ?? textOf(ticket.references?.[platform])
  const settled = settlements.find((state) => state === ticket.state)
  const who = { platform, by: by ?? last?.by ?? endpoint, at: pastOf(at ?? last?.at, now), ...(settled ? { settled } : {}), ...(words === undefined ? {} : { text: words }), ...(number === undefined ? {} : { reference: number }) }
  const done = (command: TicketCommand): MessageAsks => ({ kind: 'carry-out', id: ticket.id, command })
  switch (does) {
    case 'return': {
      const why = cause ?? returnCauses.find((known) => known === last?.cause)
      return why ? done({ ...who, do: does, cause: why }) : wanting('cause', returnCauses)
    }
    case 'report': {
      const how = step ?? feedbackSteps.find((known) => known === last?.step)
      // A whole ticket that leaves it out was never reopened; of another system it is not known.
      const reopens = ticket.reopens ?? (ticket.steps ? 0 : undefined)
      return how ? done({ ...who, do: does, step: how, ...(reopens === undefined ? {} : { reopens }) }) : wanting('step', feedbackSteps)
    }
    case 'resend':
      return done({ ...who, do: does, ...((intake ?? ticket.intake) ? { intake: intake ?? ticket.intake } : {}) })
    case 'complete':
      if (intake) return done({ ...who, do: does, intake })
      if (files) return done({ ...who, do: 'share' })
      return number === undefined ? nothing : done({ ...who, do: 'refer', reference: number })
    case 'confer':
      return ticket.conference === undefined ? { kind: 'malformed', faults: [{ path: '/data/ticket/conference', reason: 'the hand-over of the three-way call' }] } : done({ ...who, do: does, handover: ticket.conference })
    case 'accept':
    case 'close':
    case 'reopen':
    case 'withdraw':
      return done({ ...who, do: does })
  }
}

const wanting = (field: string, among: readonly (ReturnCause | FeedbackStep)[]): MessageAsks => ({ kind: 'malformed', faults: [{ path: `/data/${field}`, reason: `must be one of ${among.join(', ')}` }] })

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function read<T extends typeof Registered | typeof About | typeof OfCall>(schema: T, data: unknown, then: (told: Static<T>) => MessageAsks): MessageAsks {
  if (Value.Check(schema, data)) return then(data)
  const faults = [...Value.Errors(schema, data)].slice(0, 20).map(({ instancePath, message }) => ({ path: `/data${instancePath}`, reason: message }))
  return { kind: 'malformed', faults }
}
