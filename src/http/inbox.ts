import type { Config } from '../config/schema.ts'
import { asked, type MessageAsks, type MessageFault } from '../dispatch/message.ts'
import type { Done, NotDone, TicketBook, Told } from '../dispatch/ticket-book.ts'
import { factVersion } from '../domain/facts.ts'
import type { MessageFact } from '../domain/service-facts.ts'
import { recordOfTicket } from '../domain/sharing/need-to-know.ts'
import type { IntakeFault } from '../domain/ticket/intake.ts'
import type { Ticket } from '../domain/ticket/ticket.ts'
import type { Journal, StoredAnswer } from '../journal/journal.ts'
import { messageAgeMs } from '../journal/rows.ts'
import type { Heard } from '../tickets/ticket-system.ts'
import { verifyWebhook, type WebhookFault } from '../tickets/signature.ts'

/** Refusals of an endpoint that are kept as facts each minute; of the others only how many there were: anybody can send. */
const refusalsAMinute = 30
const minuteMs = 60_000

export type InboxRefusal = WebhookFault | 'message-replayed' | 'malformed-body' | 'invalid-message' | 'endpoint-not-found' | 'not-durable' | NotDone['code']
export interface Refused {
  readonly refused: InboxRefusal
  /** What is wrong in it, and where. */
  readonly faults?: readonly MessageFault[]
}
/** `ticket`: the ticket that it was about. */
export type Taken = { readonly id: string; readonly ticket?: string } | Refused

interface Refusals {
  readonly since: number
  readonly kept: number
  readonly more: number
}

/** What other systems send us, signed as we sign what we send them. Each message is taken once, when it is on disk with what it does; each refusal is a fact. */
export class Inbox {
  readonly #endpoints: Config['tickets']['endpoints']
  readonly #journal: Journal
  readonly #tickets: TicketBook
  /** When each was taken, by endpoint and id; UTC ms. */
  readonly #taken: Map<string, number>
  readonly #refusals = new Map<string, Refusals>()
  /** Told of a message from a system that is asked what has happened. */
  onNudge: (endpoint: string) => void = () => undefined

  /** @param answers as the journal has them: those to messages say which were taken */
  constructor(endpoints: Config['tickets']['endpoints'], journal: Journal, tickets: TicketBook, answers: readonly StoredAnswer[]) {
    this.#endpoints = endpoints
    this.#journal = journal
    this.#tickets = tickets
    this.#taken = new Map(answers.flatMap(({ scope, key, at }) => (scope.startsWith(scopePrefix) ? [[`${scope} ${key}`, at] as const] : [])))
  }


  /** @param body the bytes received, before any parsing @param now UTC, ms */
  async take(endpoint: string, headers: Readonly<Record<string, string | string[] | undefined>>, body: Buffer, now: number): Promise<Taken> {
    const known = this.#endpoints.find(({ id }) => id === endpoint)
    // Of an address that is none nothing is kept.
    if (!known) return { refused: 'endpoint-not-found' }
    const verdict = verifyWebhook(headers, body, known.secrets, now)
    if (!verdict.ok) return this.#refuse(endpoint, headers['webhook-id'], verdict.code, now)
    const { id } = verdict
    if (this.#taken.has(`${scopePrefix}${endpoint} ${id}`)) return this.#refuse(endpoint, id, 'message-replayed', now)
    const message = parsed(body)
    if (message === undefined) return this.#refuse(endpoint, id, 'malformed-body', now)
    if (known.kind !== 'webhook') this.onNudge(endpoint)
    return this.#accept(known, id, message, body.toString(), now)
  }

  /** What people did in a ticket system that was asked. @returns false: it could not be written now */
  async heard(endpoint: string, id: string, message: object): Promise<Heard | false> {
    const known = this.#endpoints.find((one) => one.id === endpoint)
    if (!known || this.#taken.has(`${scopePrefix}${endpoint} ${id}`)) return true
    const taken = await this.#accept(known, id, message, JSON.stringify(message), Date.now())
    if (!('refused' in taken)) return true
    return taken.refused === 'not-durable' ? false : { refused: taken.refused }
  }

  /** The number that a ticket has in an endpoint's system. */
  referred(endpoint: string, ticket: string, reference: string): void {
    const platform = this.#endpoints.find(({ id }) => id === endpoint)?.platform
    // What could not be written now is told again with what the system is told next.
    if (platform) this.#tickets.refer(ticket, platform, endpoint, reference, iso(Date.now())).catch(() => undefined)
  }

  async #accept({ id: endpoint, platform }: Config['tickets']['endpoints'][number], id: string, message: unknown, text: string, now: number): Promise<Taken> {
    const scope = `${scopePrefix}${endpoint}`
    // Before it is on disk: the same one may come again meanwhile.
    this.#taken.set(`${scope} ${id}`, now)
    const asks = asked(message, { endpoint, platform }, iso(now))
    const received = { ...factOf('message-received', endpoint, now), id, message: text }
    const told = { via: endpoint, facts: [received], answer: () => ({ scope, key: id, request: '', status: 202, body: '', at: now }) }
    const work = this.#about(asks).then((about) => this.#do(asks, { ...told, facts: [{ ...received, ...about }] }, now))
    const done = await work.catch((error: unknown) => {
      // It is sent again, and was not taken.
      this.#taken.delete(`${scope} ${id}`)
      throw error
    })
    if ('refused' in done) {
      this.#taken.delete(`${scope} ${id}`)
      return this.#refuse(endpoint, id, done.refused, now, done.faults)
    }
    const { durable } = await done.committed
    if (!durable) {
      // It is sent again.
      this.#taken.delete(`${scope} ${id}`)
      return { refused: 'not-durable' }
    }
    this.#prune(now)
    return { id, ...(done.ticket ? { ticket: done.ticket.id } : {}) }
  }

  /** What it says of a citizen is forgotten, and hidden, with the record that it is about. */
  async #about(asks: MessageAsks): Promise<Pick<MessageFact, 'ticketId' | 'callId'>> {
    if (asks.kind === 'nothing' || asks.kind === 'malformed') return {}
    const { id, callId } = asks.kind === 'register' ? asks.push : asks.kind === 'take' ? asks.ticket : ((await this.#tickets.find(asks.id)) ?? { id: asks.id })
    return { ticketId: id, ...(callId === undefined ? {} : { callId }) }
  }

  async #do(asks: MessageAsks, told: Required<Omit<Told, 'mayKnow'>>, now: number): Promise<Refused | (Pick<Done, 'committed'> & { readonly ticket?: Ticket })> {
    const noted = () => ({ committed: this.#journal.append(told.facts, told.answer()) })
    switch (asks.kind) {
      case 'nothing':
        return noted()
      case 'malformed':
        return { refused: 'invalid-message', faults: asks.faults }
      case 'take':
        return this.#tickets.take(asks.ticket, iso(now), told)
      case 'register': {
        const done = await this.#tickets.register(asks.push, asks.at, told)
        return 'faults' in done ? { refused: 'intake-incomplete', faults: inIntake(done.faults) } : done
      }
      case 'mark':
      case 'lift': {
        const ticket = await this.#tickets.find(asks.id)
        if (!ticket) return { refused: 'ticket-not-found' }
        const [of, by] = [recordOfTicket(ticket), { ...asks.by, at: iso(now) }] as const
        const done = asks.kind === 'mark' ? this.#tickets.mark(of, [ticket.from, ticket.to], asks.stated, by, told) : this.#tickets.lift(of, asks.cause, by, told)
        return done ? { ...done, ticket } : { refused: 'ticket-not-yours' }
      }
      case 'carry-out': {
        const done = await this.#tickets.carryOut(asks.id, asks.command, iso(now), told)
        if (!('kind' in done)) return done
        return { refused: done.code, ...('faults' in done && done.faults ? { faults: inIntake(done.faults) } : {}) }
      }
    }
  }

  #refuse(endpoint: string, id: string | string[] | undefined, code: InboxRefusal, now: number, faults?: readonly MessageFault[]): Taken {
    const last = this.#refusals.get(endpoint)
    const current = last && now - last.since < minuteMs ? last : { since: now, kept: 0, more: last?.more ?? 0 }
    if (current.kept < refusalsAMinute) {
      const fact = { ...factOf('message-refused', endpoint, now), ...(typeof id === 'string' ? { id: id.slice(0, 100) } : {}), code, ...(current.more > 0 ? { more: current.more } : {}) }
      void this.#journal.append([fact])
      this.#refusals.set(endpoint, { ...current, kept: current.kept + 1, more: 0 })
    } else this.#refusals.set(endpoint, { ...current, more: current.more + 1 })
    return { refused: code, ...(faults ? { faults } : {}) }
  }

  /** Oldest first: a Map keeps the order of insertion. */
  #prune(now: number): void {
    for (const [name, at] of this.#taken) {
      if (now - at < messageAgeMs) return
      this.#taken.delete(name)
    }
  }
}

const scopePrefix = 'inbox '

const factOf = (type: MessageFact['type'], endpoint: string, now: number): MessageFact => ({ type, version: factVersion, at: iso(now), endpoint })

const iso = (now: number): string => new Date(now).toISOString()

const inIntake = (faults: readonly IntakeFault[]): readonly MessageFault[] => faults.map(({ field, reason }) => ({ path: `/data/ticket/intake/${field}`, reason }))

/** @returns undefined for what is no JSON */
function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    // JSON.parse throws nothing but this.
    return undefined
  }
}
