import type { TicketEndpointConfig } from '../../config/schema.ts'
import type { Platform } from '../../domain/handover/handover.ts'
import { refused } from '../answers.ts'
import { type Entry, entryOf } from '../entry.ts'
import type { HttpSender } from '../http-sender.ts'
import { type Fields, Mapping, noteOf, type Usual } from '../mapping.ts'
import type { Happened, SettingFault, Telling, TicketSystem, Told } from '../ticket-system.ts'
import { faultsOf } from './check.ts'
import { GenericInterface, type ZnunyTicket } from './generic-interface.ts'
import { happenings } from './happenings.ts'

/** Of the `setup.pl` beside this file, and what Znuny has by itself. */
const usual: Usual = {
  fields: { id: 'TandemID', call: 'TandemCall', mode: 'TandemMode', urgency: 'TandemUrgency', category: 'TandemCategory', item: 'TandemItem', callerNumber: 'TandemCaller', callerName: 'TandemCallerName', address: 'TandemAddress' },
  states: { new: 'new', open: 'open', resolved: 'closed successful', rejected: 'closed unsuccessful' },
}
/** `3 normal`, whatever it is called. */
const priority = 3

/** Znuny 6.5 and 7 by the Generic Interface: a ticket a hand-over, found by its id before it is made, and read back after each change. */
export class Znuny implements TicketSystem {
  readonly #znuny: GenericInterface
  readonly #platform: Platform
  readonly #queue: string
  readonly #user: string
  readonly #mapping: Mapping
  /** What was taken, and when that happened; UTC ms. */
  readonly #seen = new Map<string, number>()

  constructor({ platform, url, token = '', queue = '', user, fields, states }: TicketEndpointConfig, sender: HttpSender) {
    this.#znuny = new GenericInterface({ url, user, password: token, sender })
    this.#platform = platform
    this.#queue = queue
    this.#user = user
    this.#mapping = new Mapping({ fields, states }, usual)
  }

  async tell({ id: delivery, payload, links }: Telling, signal: AbortSignal): Promise<Told> {
    const entry = entryOf(payload, this.#platform)
    const known = await this.#find(entry, signal)
    const ticket = known ?? (await this.#read(await this.#create(entry, signal), signal))
    const note = known && !known.articles.some(({ subject }) => subject === delivery) ? noteOf(entry, links) : undefined
    const [fields, State] = [this.#mapping.otherwise(ticket.fields, entry, asKept), this.#mapping.after(ticket.state, entry, known !== undefined)]
    if (note !== undefined || fields.length > 0 || State !== undefined) {
      const Article = note === undefined ? {} : { Article: article(delivery, note) }
      await this.#znuny.update(ticket.id, { ...(State === undefined ? {} : { Ticket: { State } }), ...Article, ...dynamic(fields) }, signal)
      const after = await this.#read(ticket.id, signal)
      const lost = this.#mapping.lost({ fields: after.fields, status: after.state }, entry, State, asKept)
      if (lost !== undefined) throw refused(lost, '')
    }
    return { outcome: `ticket-${ticket.number}`, answer: '', ...(payload.type === 'call-back.requested' ? {} : { reference: ticket.number }) }
  }

  happened(after: number | undefined, signal: AbortSignal): Promise<Happened> {
    return happenings({ znuny: this.#znuny, queue: this.#queue, mapping: this.#mapping, seen: this.#seen }, after, signal)
  }

  check(signal: AbortSignal): Promise<readonly SettingFault[]> {
    return faultsOf({ znuny: this.#znuny, mapping: this.#mapping, probe: (State) => this.#draft('-', 'probe', State) }, signal)
  }

  /** By its id; the sender's own, by its number there. */
  async #find({ key, reference }: Entry, signal: AbortSignal): Promise<ZnunyTicket | undefined> {
    const one = { Queues: [this.#queue], SortBy: 'TicketNumber', OrderBy: 'Up', Limit: 1 }
    const [found] = await this.#znuny.search({ ...one, [`DynamicField_${this.#mapping.idField}`]: { Equals: key } }, signal)
    if (found !== undefined || reference === undefined || !/^\d{1,50}$/u.test(reference)) return found === undefined ? undefined : this.#read(found, signal)
    const [named] = await this.#znuny.search({ ...one, TicketNumber: reference }, signal)
    const ticket = named === undefined ? undefined : await this.#read(named, signal)
    // Not one that is somebody else's.
    return ticket?.fields.has(this.#mapping.idField) ? undefined : ticket
  }

  async #read(id: number, signal: AbortSignal): Promise<ZnunyTicket> {
    const [ticket] = await this.#znuny.tickets([id], signal)
    if (!ticket) throw refused('ticket-lost', '')
    return ticket
  }

  #create(entry: Entry, signal: AbortSignal): Promise<number> {
    return this.#znuny.create({ ...this.#draft(entry.subject, entry.text, this.#mapping.first(entry)), ...dynamic(this.#mapping.fieldsOf(entry)) }, signal)
  }

  #draft(Title: string, text: string, State: string): { readonly Ticket: object; readonly Article: object } {
    return { Ticket: { Title, Queue: this.#queue, State, PriorityID: priority, CustomerUser: this.#user }, Article: article(Title, text) }
  }
}

/** For the staff alone. */
const article = (Subject: string, Body: string): object => ({ CommunicationChannel: 'Internal', SenderType: 'agent', IsVisibleForCustomer: 0, Subject, Body, ContentType: 'text/plain; charset=utf8' })

const dynamic = (fields: Fields): object => (fields.length === 0 ? {} : { DynamicField: fields.map(([Name, Value]) => ({ Name, Value })) })

/** Znuny leaves out blanks at both ends. */
const asKept = (kept: string, value: string): boolean => kept === value.trim()
