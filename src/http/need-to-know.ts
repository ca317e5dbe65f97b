import { type CallSummary, isOfCall } from '../domain/facts.ts'
import { callOfRecording } from '../domain/recording.ts'
import { type Marked, recordId } from '../domain/sharing/need-to-know.ts'
import type { Platform } from '../domain/handover/handover.ts'
import { type RecordRef, recordOfTicket } from '../domain/sharing/need-to-know.ts'
import { type Clearances, isCleared, type Withheld } from '../users/clearance.ts'
import type { Who } from '../users/roles.ts'
import type { HttpDeps } from './deps.ts'
import type { ProblemCode } from './problem.ts'

type Deps = Pick<HttpDeps, 'tickets' | 'journal' | 'deliveries' | 'ledger'> & {
  readonly calls: Pick<HttpDeps['calls'], 'get' | 'list' | 'handover'>
  readonly cleared: Clearances
}
/** Calls in which keys are remembered: many more than there are at a time. */
const mostPressed = 10_000

/** Parameters of addresses that name a record, or something of it. */
export type Names = { readonly [name in 'callId' | 'handoverId' | 'ticketId' | 'recordingId' | 'deliveryId' | 'record']?: string }

/** What a route answers that knows of no such thing. */
export function unknown({ callId, handoverId, ticketId, recordingId, deliveryId }: Names): ProblemCode {
  if (callId !== undefined) return 'call-not-found'
  if (handoverId !== undefined) return 'handover-not-found'
  if (ticketId !== undefined) return 'ticket-not-found'
  if (recordingId !== undefined) return 'recording-not-found'
  return deliveryId === undefined ? 'record-not-found' : 'delivery-not-found'
}

/** Who gets to know of need-to-know records (§7): for everybody else they are not there. */
export class NeedToKnow {
  readonly #deps: Deps
  /** Keys whose programs pressed a key in a call, for the seat that has it; by call. */
  readonly #pressed = new Map<string, Set<string>>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** @param who nobody when left out */
  hides(who: Who | undefined, record: string): boolean {
    const marked = this.#marked(record)
    return marked !== undefined && !this.#knows(who, marked)
  }

  /** All records that are hidden from somebody. */
  hiddenFrom(who: Who | undefined): readonly string[] {
    return this.#deps.tickets.markings.all().flatMap((marked) => (this.#knows(who, marked) ? [] : [recordId(marked.of)]))
  }

  withheldFrom(who: Who | undefined): Withheld {
    const handled = this.#deps.calls.list().flatMap((call) => (who && this.#handles(who, call) ? [call.id] : []))
    return { records: this.hiddenFrom(who), reasons: who ? this.#deps.cleared[who.role] : [], ...(who?.platform ? { platform: who.platform } : {}), handled }
  }

  /** Those that somebody knows of, the last marked first. */
  knownTo(who: Who | undefined): readonly Marked[] {
    return this.#deps.tickets.markings.all().filter((marked) => this.#knows(who, marked)).toReversed()
  }

  /** A program pressed a key in a call for the seat that has it: it may press the next one. */
  pressed({ kind, name }: Who, callId: string): void {
    if (kind !== 'key') return
    this.#pressed.set(callId, (this.#pressed.get(callId) ?? new Set()).add(name))
    const [oldest = ''] = this.#pressed.keys()
    if (this.#pressed.size > mostPressed) this.#pressed.delete(oldest)
  }

  /** The record that an address names, where any is marked. @throws SqlError when the journal cannot be read */
  async recordOf({ callId, handoverId, ticketId, recordingId, deliveryId, record }: Names): Promise<string | undefined> {
    if (this.#deps.tickets.markings.all().length === 0) return undefined
    if (callId !== undefined) return callId
    if (recordingId !== undefined) return callOfRecording(recordingId)
    const subject = handoverId ?? ticketId ?? record ?? (deliveryId === undefined ? undefined : (await this.#deps.deliveries.show(deliveryId))?.delivery.subject)
    if (subject === undefined || this.#marked(subject)) return subject
    return (await this.#found(subject))?.record
  }

  /** A record by its call's, ticket's or hand-over's id, and whose it is. @throws SqlError, LedgerError */
  async find(id: string): Promise<{ readonly of: RecordRef; readonly platforms: readonly Platform[] } | undefined> {
    const { calls, tickets, ledger } = this.#deps
    const known = this.#marked(id)
    if (known) return known
    const call = calls.get(id)
    if (call) return { of: { callId: id }, platforms: [call.platform, call.desk, ...tickets.platformsOf(id)] }
    const found = await this.#found(id)
    if (found) return found
    const [ticket] = (await ledger?.tickets({ ticket: id }, 1))?.items ?? []
    if (ticket) return { of: recordOfTicket(ticket), platforms: [ticket.from, ticket.to] }
    const [handed] = [...((await ledger?.handovers({ handover: id }, 1))?.items ?? []), ...((await ledger?.handovers({ call: id }, 1))?.items ?? [])]
    if (handed) return { of: { callId: handed.call.id }, platforms: [handed.handover.from, handed.handover.to] }
    const [old] = (await ledger?.calls({ call: id }, 1))?.items ?? []
    return old && { of: { callId: old.id }, platforms: [old.platform, old.desk] }
  }

  async #found(id: string): Promise<{ readonly record: string; readonly of: RecordRef; readonly platforms: readonly Platform[] } | undefined> {
    const { calls, tickets, journal } = this.#deps
    const live = calls.handover(id)
    if (live) return { record: live.callId, of: { callId: live.callId }, platforms: [live.from, live.to] }
    const ticket = await tickets.find(id)
    if (ticket) return { record: recordId(recordOfTicket(ticket)), of: recordOfTicket(ticket), platforms: [ticket.from, ticket.to] }
    const fact = (await journal.factsOfHandover(id))[0]?.fact
    return fact && isOfCall(fact) && 'handover' in fact ? { record: fact.call.id, of: { callId: fact.call.id }, platforms: [fact.handover.from, fact.handover.to] } : undefined
  }

  #marked(record: string): Marked | undefined {
    return this.#deps.tickets.markings.of(record)
  }

  #knows(who: Who | undefined, marked: Marked): boolean {
    if (isCleared(who, marked, this.#deps.cleared)) return true
    const call = this.#deps.calls.get(recordId(marked.of))
    return who !== undefined && call !== undefined && this.#handles(who, call)
  }

  /** As long as the call lasts. */
  #handles({ agent, kind, name }: Who, { id, state, agent: desk, parties }: CallSummary): boolean {
    if (state === 'ended') return false
    const inIt = agent !== undefined && (desk === agent || parties.some(({ endpoint }) => endpoint === agent))
    return inIt || (kind === 'key' && this.#pressed.get(id)?.has(name) === true)
  }
}
