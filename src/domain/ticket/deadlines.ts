/** By when the receiver is to accept a ticket, to report on it for the first time, and to be done. Pure. */
import type { Platform } from '../handover/handover.ts'
import { afterWorking, type Calendar } from './calendar.ts'
import { isSettled, mostSteps, type Ticket } from './ticket.ts'

export const deadlineNames = ['accept', 'feedback', 'finish'] as const
export type DeadlineName = (typeof deadlineNames)[number]

/** Minutes from when it was sent, for the tickets that fit; the first rule that fits holds. */
export interface DeadlineRule extends Readonly<Partial<Record<DeadlineName, number>>> {
  readonly to?: Platform
  readonly urgency?: Ticket['urgency']
  readonly category?: string
  readonly item?: string
  /** `always`: by the clock; `working`: working hours alone. */
  readonly count: 'always' | 'working'
}

export interface DeadlineRules {
  readonly rules: readonly DeadlineRule[]
  readonly calendar: Calendar
  /** Share of the time after which it is told that little is left. */
  readonly warnAfter: number
}

/** One deadline of a ticket; times are UTC, ISO 8601. */
export interface Due {
  readonly at: string
  /** When it is told that little is left. */
  readonly warnAt: string
  /** What was told of it. */
  readonly told?: 'soon' | 'overdue'
}
export type Dues = Readonly<Partial<Record<DeadlineName, Due>>>

/** @param sentAt UTC, ISO 8601 @returns none where no rule fits */
export function duesOf(ticket: Pick<Ticket, 'to' | 'urgency' | 'matter'>, sentAt: string, { rules, calendar, warnAfter }: DeadlineRules): Dues | undefined {
  const rule = rules.find((one) => fits(one, ticket))
  if (!rule) return undefined
  const from = Date.parse(sentAt)
  const after = (minutes: number): string => new Date(rule.count === 'working' ? afterWorking(from, minutes, calendar) : from + minutes * 60_000).toISOString()
  const dues = deadlineNames.flatMap((name) => (rule[name] === undefined ? [] : [[name, { at: after(rule[name]), warnAt: after(rule[name] * warnAfter) }] as const]))
  return Object.fromEntries(dues)
}

const fits = ({ to, urgency, category, item }: DeadlineRule, ticket: Pick<Ticket, 'to' | 'urgency' | 'matter'>): boolean =>
  (to === undefined || to === ticket.to) &&
  (urgency === undefined || urgency === ticket.urgency) &&
  (category === undefined || category === ticket.matter?.category) &&
  (item === undefined || item === ticket.matter?.item)

/** Whether what a deadline is about has been done, or is no more expected. */
export function isMet(name: DeadlineName, ticket: Pick<Ticket, 'state' | 'steps'>): boolean {
  if (isSettled(ticket) || ticket.state === 'returned') return true
  switch (name) {
    case 'accept':
      return ticket.state !== 'sent'
    case 'feedback':
      return ticket.state !== 'sent' && ticket.state !== 'accepted'
    case 'finish':
      return ticket.state === 'resolved' || ticket.state === 'reported-back'
  }
}

export interface DueEvent {
  readonly deadline: DeadlineName
  readonly told: NonNullable<Due['told']>
}

/** What is to be told of a ticket's deadlines by now, the first due first. @param now UTC ms */
export function dueEvents(ticket: Ticket, now: number): readonly DueEvent[] {
  return open(ticket).flatMap(([deadline, { at, warnAt, told }]): readonly DueEvent[] => {
    if (told !== 'overdue' && now >= Date.parse(at)) return [{ deadline, told: 'overdue' }]
    return told === undefined && now >= Date.parse(warnAt) ? [{ deadline, told: 'soon' }] : []
  })
}

/** When there is next something to be told, UTC ms; Infinity: nothing. */
export const nextDue = (ticket: Ticket): number =>
  Math.min(...open(ticket).map(([, { at, warnAt, told }]) => (told === 'overdue' ? Infinity : Date.parse(told === 'soon' ? at : warnAt))), Infinity)

/** The ticket with that told. */
export function withTold(ticket: Ticket, { deadline, told }: DueEvent): Ticket {
  const due = ticket.due?.[deadline]
  return due ? { ...ticket, due: { ...ticket.due, [deadline]: { ...due, told } } } : ticket
}

const dayMs = 86_400_000

/** When a ticket lapses of which nobody says anything any more, UTC ms. @param touchedAt when something was last done with it, by our own clock */
export const lapsesAt = (touchedAt: number, days: number): number => touchedAt + days * dayMs

/** The ticket, lapsed; undefined when it is not. @param now UTC ms */
export function lapsedOf(ticket: Ticket, touchedAt: number, days: number, now: number): Ticket | undefined {
  if (now < lapsesAt(touchedAt, days)) return undefined
  const step = { step: 'lapsed', at: new Date(now).toISOString(), by: 'tandem', platform: ticket.to, text: `${days} 天没有反馈，自动归档` } as const
  return { ...ticket, state: 'lapsed', steps: [...ticket.steps, step].slice(-mostSteps) }
}

/** A deadline has run out, and what it is about has not been done yet. */
export const isOverdue = (ticket: Ticket): boolean => open(ticket).some(([, { told }]) => told === 'overdue')

const open = (ticket: Ticket): readonly (readonly [DeadlineName, Due])[] => deadlineNames.flatMap((name) => (ticket.due?.[name] && !isMet(name, ticket) ? [[name, ticket.due[name]] as const] : []))
