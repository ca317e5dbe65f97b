import { type Fact, factVersion, type FileFact, isHandoverFact, type TicketFact } from '../domain/facts.ts'
import type { Platform } from '../domain/handover/handover.ts'
import { type DeadlineRules, dueEvents, duesOf, lapsedOf, lapsesAt, nextDue, withTold } from '../domain/ticket/deadlines.ts'
import type { IntakeFault } from '../domain/ticket/intake.ts'
import { withoutCitizen } from '../domain/ticket/erasure.ts'
import { carriedOut, type TicketFactType, type TicketOutcome } from '../domain/ticket/machine.ts'
import { alongside, type Push, pushed, recorded, ticketOfCall } from '../domain/ticket/registration.ts'
import { isSettled, type Ticket, type TicketCommand } from '../domain/ticket/ticket.ts'
import type { Commit, Journal, StoredAnswer } from '../journal/journal.ts'
import { type MarkingStated, type RecordRef, recordId, recordOfTicket } from '../domain/sharing/need-to-know.ts'
import { type By, Markings } from '../sharing/markings.ts'

/** What was asked of a ticket, and whether it is on disk. */
export type Done = { readonly ticket: Ticket; readonly changed: boolean; readonly committed: Promise<Commit> }
export type NotDone = Extract<TicketOutcome, { kind: 'refused' }> | { readonly kind: 'refused'; readonly code: 'ticket-not-found' }

/** Whether it was otherwise before, and whether it is on disk. */
export type Marked = Pick<Done, 'changed' | 'committed'>

/** With what it is written: the message that told it, and the answer to that. */
export interface Told {
  /** The ticket system, as in the configuration. */
  readonly via?: string
  readonly facts?: readonly Fact[]
  /** @param ticket as it stands then */
  readonly answer?: (ticket?: Ticket) => StoredAnswer
  /** Whoever registers it may know of its call: the receiver may from now on. */
  readonly mayKnow?: boolean
}

interface Kept {
  readonly ticket: Ticket
  readonly sequence: number
  /** When something was last done with it, UTC ms. */
  readonly touchedAt: number
  /** When there is something to be told of it, UTC ms. */
  readonly nextAt: number
}

/** What the configuration says of tickets. */
export interface TicketRules {
  readonly deadlines: DeadlineRules
  /** After how many returns it is told that a ticket goes back and forth. */
  readonly mostReturns: number
  /** Of which nobody has said anything for so long it lapses. */
  readonly lapseAfterDays: number
}

/** Settled tickets that stay in memory: whoever asks about one asks soon. */
const mostSettled = 1_000
/** Told of at once; each takes some 20 µs. */
const mostDues = 100
const committed: Promise<Commit> = Promise.resolve({ durable: true })

/** All tickets that are not settled, in memory, and what is done with them: one thing after the other, each a fact in the journal. */
export class TicketBook {
  readonly #journal: Journal
  readonly #rules: TicketRules
  /** Which records are need-to-know. */
  readonly markings: Markings
  readonly #open = new Map<string, Kept>()
  readonly #settled = new Map<string, Kept>()

  private constructor(journal: Journal, rules: TicketRules, markings: Markings) {
    this.#journal = journal
    this.#rules = rules
    this.markings = markings
  }

  /** @throws SqlError when the journal cannot be read */
  static async load(journal: Journal, rules: TicketRules): Promise<TicketBook> {
    const book = new TicketBook(journal, rules, await Markings.load(journal))
    for (const fact of await journal.openTickets()) book.#keep(fact)
    return book
  }

  /** Not settled. */
  get open(): readonly Ticket[] {
    return [...this.#open.values()].map(({ ticket }) => ticket)
  }

  /** @throws SqlError when the journal cannot be read */
  async find(id: string): Promise<Ticket | undefined> {
    return (await this.#kept(id))?.ticket
  }

  /** One that another system has registered; again, it is as it was. @param at UTC, ISO 8601 */
  async register(push: Push, at: string, told: Told = {}): Promise<Done | { readonly faults: readonly IntakeFault[] }> {
    await this.#kept(push.id)
    // Looked up once more: another may have registered it meanwhile.
    const known = this.#here(push.id)
    if (known) return { ticket: known.ticket, changed: false, committed: this.#noted(told, known.ticket) }
    const ticket = pushed(push, at)
    if (!('id' in ticket)) return { faults: ticket }
    return this.#begin(ticket, at, told, push.needToKnow)
  }

  /** The ticket of a call that another Tandem hands over; as `register`. */
  async take(ticket: Ticket, at: string, told: Told): Promise<Done> {
    await this.#kept(ticket.id)
    const known = this.#here(ticket.id)
    const { needToKnow, ...rest } = ticket
    return known ? { ticket: known.ticket, changed: false, committed: this.#noted(told, known.ticket) } : this.#begin(rest, at, told, needToKnow)
  }

  /** Between which platforms a call's tickets are, as far as they are in memory. */
  platformsOf(callId: string): readonly Platform[] {
    return [...this.#open.values(), ...this.#settled.values()].flatMap(({ ticket }) => (ticket.callId === callId ? [ticket.from, ticket.to] : []))
  }

  /** Marks a record as need-to-know, with its tickets. @param platforms whose it is @returns undefined: another platform has marked it otherwise */
  mark(of: RecordRef, platforms: readonly Platform[], stated: MarkingStated, by: By, told: Told = {}): Marked | undefined {
    if (this.markings.of(recordId(of))?.marking.reason !== stated.reason && !this.markings.mayChange(recordId(of), by.platform)) return undefined
    const fact = this.markings.mark(of, platforms, stated, by)
    return this.#marked(of, fact, 'ticket-marked', by, told)
  }

  /** As `mark`. */
  lift(of: RecordRef, cause: string, by: By, told: Told = {}): Marked | undefined {
    if (!this.markings.mayChange(recordId(of), by.platform)) return undefined
    return this.#marked(of, this.markings.lift(recordId(of), cause, by), 'ticket-lifted', by, told)
  }

  #marked(of: RecordRef, fact: Fact | undefined, type: 'ticket-marked' | 'ticket-lifted', by: By, told: Told): Marked {
    const ofRecord = [...this.#open.values(), ...this.#settled.values()].filter(({ ticket }) => recordId(recordOfTicket(ticket)) === recordId(of))
    if (!fact) return { changed: false, committed: this.#noted(told, ofRecord.at(-1)?.ticket) }
    const tickets = ofRecord.map(({ ticket }) => this.#fact(type, ticket, by.at, by, told))
    return { changed: true, committed: this.#journal.append([...(told.facts ?? []), fact, ...tickets], told.answer?.(tickets.at(-1)?.ticket)) }
  }

  /** @throws SqlError when the journal cannot be read */
  async carryOut(id: string, command: TicketCommand, now: string, told: Told = {}): Promise<Done | NotDone> {
    await this.#kept(id)
    // Looked up once more: others may have changed it meanwhile.
    const kept = this.#here(id)
    if (!kept) return { kind: 'refused', code: 'ticket-not-found' }
    const outcome = carriedOut(kept.ticket, command)
    if (outcome.kind === 'refused') return outcome
    if (outcome.kind === 'same') return { ticket: kept.ticket, changed: false, committed: this.#noted(told, kept.ticket) }
    const ticket = outcome.fact === 'ticket-resent' || outcome.fact === 'ticket-reopened' ? this.#withDues(outcome.ticket, now) : outcome.ticket
    const facts = [this.#fact(outcome.fact, ticket, now, command, { ...told, ...filledBy(command, kept.ticket) })]
    if (outcome.fact === 'ticket-returned' && ticket.returns === this.#rules.mostReturns) facts.push(this.#fact('ticket-bounced', ticket, now, byClock(ticket)))
    return { ticket, changed: true, committed: this.#journal.append([...(told.facts ?? []), ...facts], told.answer?.(ticket)) }
  }

  /** Tells what is due by now, of so many that no call waits. @param now UTC ms @returns whether there is more */
  tellDues(now: number): boolean {
    const at = new Date(now).toISOString()
    const all = [...this.#open.values()].filter(({ nextAt }) => nextAt <= now)
    const due = all.slice(0, mostDues)
    for (const { ticket, touchedAt } of due) {
      let told = ticket
      const facts = dueEvents(ticket, now).map((event) => {
        told = withTold(told, event)
        return this.#fact(event.told === 'overdue' ? 'ticket-overdue' : 'ticket-due-soon', told, at, byClock(told), { deadline: event.deadline })
      })
      const lapsed = lapsedOf(told, touchedAt, this.#rules.lapseAfterDays, now)
      if (lapsed) facts.push(this.#fact('ticket-lapsed', lapsed, at, byClock(lapsed)))
      if (facts.length > 0) void this.#journal.append(facts)
    }
    return all.length > due.length
  }

  /** Forgets the citizen in tickets of these records, or with this number: what is written from now on does not say it again. */
  erase(of: { readonly records: readonly string[]; readonly number?: string; /** Records that stay. */ readonly except?: readonly string[] }, by: string, at: string): readonly string[] {
    const concerns = (ticket: Ticket): boolean => {
      const record = recordId(recordOfTicket(ticket))
      return !of.except?.includes(record) && (of.records.includes(record) || (of.number !== undefined && ticket.intake['callerNumber'] === of.number))
    }
    const found = [...this.#open.values(), ...this.#settled.values()].filter(({ ticket }) => concerns(ticket))
    const records = new Set([...of.records.filter((record) => !of.except?.includes(record)), ...found.map(({ ticket }) => recordId(recordOfTicket(ticket)))])
    const markings = [...records].flatMap((record) => this.markings.erase(record, by, at) ?? [])
    const facts = [...markings, ...found.map(({ ticket }) => this.#fact('ticket-erased', withoutCitizen(ticket), at, { platform: ticket.to, by }))]
    if (facts.length > 0) void this.#journal.append(facts)
    return found.map(({ ticket }) => ticket.id)
  }

  /** Its number in the system of one of the platforms. */
  async refer(id: string, platform: Platform, endpoint: string, reference: string, now: string): Promise<void> {
    const done = await this.carryOut(id, { do: 'refer', platform, by: endpoint, at: now, reference }, now, { via: endpoint })
    if (!('kind' in done)) await done.committed
  }

  /** The journal, as calls and recordings write to it: what a hand-over, or a recording, does to its ticket is written with it. */
  get alongCalls(): Journal {
    const append: Journal['append'] = (facts, answer) => this.#journal.append(facts.flatMap((fact) => [...this.markings.alongside(fact), ...this.#alongside(fact)]), answer)
    return Object.assign(Object.create(this.#journal) as Journal, { append })
  }

  #alongside(fact: Fact): readonly TicketFact[] {
    try {
      return this.#follow(fact)
    } catch {
      // A call comes first: it has its fact, and its ticket is what the next one makes of it.
      return []
    }
  }

  #follow(fact: Fact): readonly TicketFact[] {
    if (fact.type === 'recording-finished') return this.#recorded(fact)
    if (!isHandoverFact(fact)) return []
    const { handover, call, at, type } = fact
    const who = { platform: handover.from, by: handover.agent }
    // One that is told again after a takeover is known already.
    if (type === 'handover-requested') return this.#here(handover.id) ? [] : [this.#fact('ticket-registered', this.#withDues(ticketOfCall(handover, call), at), at, who)]
    const kept = this.#open.get(handover.id)
    const next = kept && alongside(kept.ticket, fact)
    const accepted = { platform: handover.to, by: handover.target ?? handover.to }
    return next ? [this.#fact(next.fact, next.ticket, at, next.fact === 'ticket-accepted' ? accepted : who)] : []
  }

  /** A withdrawn one is nobody's business any more. */
  #recorded({ recording, at }: FileFact): readonly TicketFact[] {
    const ofCall = [...this.#open.values(), ...this.#settled.values()].map(({ ticket }) => ticket).filter(({ callId, state }) => callId === recording.callId && state !== 'withdrawn')
    return ofCall.map((ticket) => this.#fact('ticket-changed', recorded(ticket, recording), at, byClock(ticket)))
  }

  #withDues(ticket: Ticket, at: string): Ticket {
    const { due: _, ...rest } = ticket
    const due = duesOf(ticket, at, this.#rules.deadlines)
    return due ? { ...rest, due } : rest
  }

  #begin(registered: Ticket, at: string, told: Told, stated?: MarkingStated): Done {
    const of = recordOfTicket(registered)
    const by = { platform: registered.from, by: registered.by, at, ...(told.via === undefined ? {} : { via: told.via }) }
    const both = [registered.from, registered.to]
    const marked = stated && !this.markings.of(recordId(of)) ? this.markings.mark(of, both, stated, by) : told.mayKnow ? this.markings.widen(recordId(of), both, by) : undefined
    const ticket = this.#stamped(this.#withDues(registered, at))
    const fact = this.#fact('ticket-registered', ticket, at, { platform: ticket.from, by: ticket.by }, told)
    return { ticket, changed: true, committed: this.#journal.append([...(told.facts ?? []), ...(marked ? [marked] : []), fact], told.answer?.(ticket)) }
  }

  /** With the marking of its record. */
  #stamped(told: Ticket): Ticket {
    const { needToKnow: _, ...ticket } = told
    const known = this.markings.of(recordId(recordOfTicket(ticket)))
    return known ? { ...ticket, needToKnow: known.marking } : ticket
  }

  #fact(type: TicketFactType, told: Ticket, at: string, { platform, by }: Pick<TicketCommand, 'platform' | 'by'>, { via, deadline, filled }: Pick<TicketFact, 'via' | 'deadline' | 'filled'> = {}): TicketFact {
    const ticket = this.#stamped(told)
    const sequence = (this.#here(ticket.id)?.sequence ?? 0) + 1
    this.#keep({ ticket, sequence, at })
    return { type, version: factVersion, at, sequence, platform, by, ...(via === undefined ? {} : { via }), ...(deadline ? { deadline } : {}), ...(filled ? { filled } : {}), ticket }
  }

  /** A message that changes nothing is written all the same. */
  #noted({ facts = [], answer }: Told, ticket?: Ticket): Promise<Commit> {
    return facts.length > 0 ? this.#journal.append(facts, answer?.(ticket)) : committed
  }

  #here(id: string): Kept | undefined {
    return this.#open.get(id) ?? this.#settled.get(id)
  }

  async #kept(id: string): Promise<Pick<Kept, 'ticket' | 'sequence'> | undefined> {
    const here = this.#here(id)
    if (here) return here
    const last = await this.#journal.ticket(id)
    if (!last) return undefined
    // It may have come meanwhile.
    const now = this.#here(id)
    if (!now) this.#keep(last)
    return now ?? last
  }

  #keep({ ticket, sequence, at }: Pick<TicketFact, 'ticket' | 'sequence' | 'at'>): void {
    const touchedAt = Date.parse(at)
    this.#open.delete(ticket.id)
    if (!isSettled(ticket)) return void this.#open.set(ticket.id, { ticket, sequence, touchedAt, nextAt: Math.min(nextDue(ticket), lapsesAt(touchedAt, this.#rules.lapseAfterDays)) })
    this.#settled.set(ticket.id, { ticket, sequence, touchedAt, nextAt: Infinity })
    const [oldest] = this.#settled.keys()
    if (this.#settled.size > mostSettled && oldest !== undefined) this.#settled.delete(oldest)
  }
}

/** The fields that a command changes: the others may be changed by others meanwhile. */
const filledBy = (command: TicketCommand, { intake }: Ticket): Pick<TicketFact, 'filled'> =>
  command.do === 'complete' ? { filled: Object.fromEntries(Object.entries(command.intake).filter(([field, value]) => intake[field] !== value)) } : {}

/** Nobody did it: it is the receiver's turn, or was. */
const byClock = ({ to }: Ticket) => ({ platform: to, by: 'tandem' })
