/** What becomes of a ticket. Pure. SPEC.md has the table. */
import { fitting, type IntakeFault, intakeFaults } from './intake.ts'
import { type FeedbackStep, feedbackSteps, isFinal, mostAttachments, mostSteps, type Settlement, type Ticket, type TicketCommand, type TicketRefusal, type TicketState, type TicketStep } from './ticket.ts'

export const ticketFactTypes = [
  'ticket-registered',
  'ticket-accepted',
  'ticket-returned',
  'ticket-resent',
  'ticket-reported',
  'ticket-reopened',
  'ticket-closed',
  'ticket-withdrawn',
  'ticket-conferred',
  'ticket-changed',
  'ticket-marked',
  'ticket-lifted',
  'ticket-erased',
  'ticket-due-soon',
  'ticket-overdue',
  'ticket-bounced',
  'ticket-lapsed',
] as const
export type TicketFactType = (typeof ticketFactTypes)[number]

/** `same`: it is so already, and nothing has happened. */
export type TicketOutcome =
  | { readonly kind: 'changed'; readonly fact: TicketFactType; readonly ticket: Ticket }
  | { readonly kind: 'same' }
  | { readonly kind: 'refused'; readonly code: TicketRefusal; readonly faults?: readonly IntakeFault[] }

const same = { kind: 'same' } as const
const refused = (code: TicketRefusal, faults?: readonly IntakeFault[]): TicketOutcome => ({ kind: 'refused', code, ...(faults ? { faults } : {}) })

/** The other commands are the receiver's. */
const ofSender: ReadonlySet<TicketCommand['do']> = new Set(['close', 'reopen', 'withdraw', 'resend', 'confer'])
const ofAnybody: ReadonlySet<TicketCommand['do']> = new Set(['complete', 'refer', 'attach', 'share'])

export function carriedOut(ticket: Ticket, command: TicketCommand): TicketOutcome {
  const may = ofAnybody.has(command.do) || command.platform === (ofSender.has(command.do) ? ticket.from : ticket.to)
  if (!may) return refused('ticket-not-yours')
  // What the two did at once parts them otherwise: the sender's settlement holds.
  if (command.settled !== undefined && ofSender.has(command.do)) return isFinal(ticket) ? same : changed(told(ticket, command), factOf[command.settled], command, command.settled)
  return rows[command.do](ticket, command as never)
}

const factOf: Readonly<Record<Settlement, TicketFactType>> = { closed: 'ticket-closed', withdrawn: 'ticket-withdrawn', conferred: 'ticket-conferred' }

const told = (ticket: Ticket, command: TicketCommand): Ticket => (command.do === 'confer' ? { ...ticket, conference: command.handover } : ticket)

type Row<C> = (ticket: Ticket, command: C) => TicketOutcome
type CommandOf<D extends TicketCommand['do']> = Extract<TicketCommand, { do: D }>

const rows: { readonly [D in TicketCommand['do']]: Row<CommandOf<D>> } = {
  accept: (ticket, command) => {
    if (isFinal(ticket)) return refused('ticket-settled')
    if (ticket.state === 'returned') return refused('ticket-returned')
    if (ticket.state !== 'sent' && ticket.state !== 'lapsed') return referred(ticket, command)
    return changed(ticket, 'ticket-accepted', command, 'accepted')
  },
  return: (ticket, command) => {
    if (isFinal(ticket)) return refused('ticket-settled')
    if (ticket.state === 'returned') return same
    return changed({ ...ticket, returns: ticket.returns + 1 }, 'ticket-returned', command, 'returned', { cause: command.cause })
  },
  resend: (ticket, command) => {
    if (ticket.state !== 'returned') return refused('ticket-not-returned')
    const intake = { ...ticket.intake, ...command.intake }
    const faults = intakeFaults(ticket.to, intake)
    if (faults.length > 0) return refused('intake-incomplete', faults)
    const { missing: _, ...known } = ticket
    return changed({ ...known, intake, ...(command.matter ? { matter: command.matter } : {}) }, 'ticket-resent', command, 'sent')
  },
  report: (ticket, command) => {
    if (isFinal(ticket)) return refused('ticket-settled')
    if (ticket.state === 'returned') return refused('ticket-returned')
    // Who reports has accepted; one that comes late, or was said before it was reopened, does not move it.
    const moves = rankOf(command.step) > rankOf(ticket.state) && (command.reopens ?? Infinity) >= (ticket.reopens ?? 0)
    return changed(ticket, 'ticket-reported', command, moves ? command.step : ticket.state, { step: command.step })
  },
  close: (ticket, command) => {
    if (ticket.state === 'closed') return same
    if (isFinal(ticket)) return refused('ticket-settled')
    return isResolved(ticket.state) || ticket.state === 'lapsed' ? changed(ticket, 'ticket-closed', command, 'closed') : refused('ticket-not-resolved')
  },
  reopen: (ticket, command) => {
    if (isFinal(ticket)) return refused('ticket-settled')
    return isResolved(ticket.state) ? changed({ ...ticket, reopens: (ticket.reopens ?? 0) + 1 }, 'ticket-reopened', command, 'in-progress', { step: 'reopened' }) : refused('ticket-not-resolved')
  },
  withdraw: (ticket, command) => {
    if (ticket.state === 'withdrawn') return same
    if (isFinal(ticket)) return refused('ticket-settled')
    return ticket.state === 'sent' || ticket.state === 'returned' || ticket.state === 'lapsed' ? changed(ticket, 'ticket-withdrawn', command, 'withdrawn') : refused('ticket-accepted')
  },
  confer: (ticket, command) => {
    if (ticket.state !== 'returned') return refused('ticket-not-returned')
    return changed({ ...ticket, conference: command.handover }, 'ticket-conferred', command, 'conferred')
  },
  complete: (ticket, command) => {
    if (isFinal(ticket)) return refused('ticket-settled')
    const wrong = intakeFaults(ticket.to, command.intake).filter(({ missing }) => !missing)
    if (wrong.length > 0) return refused('intake-incomplete', wrong)
    if (Object.entries(command.intake).every(([field, value]) => ticket.intake[field] === value)) return referred(ticket, command)
    return { kind: 'changed', fact: 'ticket-changed', ticket: known(withMissing({ ...ticket, intake: { ...ticket.intake, ...command.intake } }), command) }
  },
  refer: referred,
  attach: (ticket, { attachment }) => {
    if (isFinal(ticket)) return refused('ticket-settled')
    const { attachments = [] } = ticket
    if (attachments.some(({ name, sha256 }) => name === attachment.name && sha256 === attachment.sha256)) return same
    return attachments.length < mostAttachments ? { kind: 'changed', fact: 'ticket-changed', ticket: { ...ticket, attachments: [...attachments, attachment] } } : refused('too-many-attachments')
  },
  // The other platform has sent links to files: one's own system is told of them, nothing else changes.
  share: (ticket, command) => ({ kind: 'changed', fact: 'ticket-changed', ticket: known(ticket, command) }),
}

/** The ticket with its required fields that are not filled in. */
export function withMissing(ticket: Ticket): Ticket {
  const intake = fitting(ticket.to, ticket.intake)
  const missing = intakeFaults(ticket.to, intake).map(({ field }) => field)
  const { missing: _, ...rest } = ticket
  return { ...rest, intake, ...(missing.length > 0 ? { missing } : {}) }
}

/** What 110 pushes to 12345 is never urgent, whatever it says (§4). */
export const urgencyTo = (to: Ticket['to'], urgency: Ticket['urgency']): Ticket['urgency'] => (to === '12345' ? 'routine' : urgency)

const isResolved = (state: TicketState): boolean => state === 'resolved' || state === 'reported-back'

/** In the order of feedback; before all of it -1. */
const rankOf = (state: TicketState): number => feedbackSteps.indexOf(state as FeedbackStep)

function changed(ticket: Ticket, fact: TicketFactType, command: TicketCommand, state: TicketState, more: Partial<TicketStep> = {}): TicketOutcome {
  const { platform, by, at, text } = command
  const step: TicketStep = { step: state, at, by, platform, ...(text === undefined ? {} : { text }), ...more }
  return { kind: 'changed', fact, ticket: known({ ...ticket, state, steps: [...ticket.steps, step].slice(-mostSteps) }, command) }
}

const known = (ticket: Ticket, { platform, reference }: TicketCommand): Ticket =>
  reference === undefined ? ticket : { ...ticket, references: { ...ticket.references, [platform]: reference } }

/** Nothing but its number may be new. */
function referred(ticket: Ticket, command: TicketCommand): TicketOutcome {
  const { reference, platform } = command
  return reference === undefined || ticket.references[platform] === reference ? same : { kind: 'changed', fact: 'ticket-changed', ticket: known(ticket, command) }
}
