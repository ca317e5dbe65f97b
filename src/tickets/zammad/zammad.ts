import type { TicketEndpointConfig } from '../../config/schema.ts'
import type { Platform } from '../../domain/handover/handover.ts'
import { refused } from '../answers.ts'
import { type Entry, entryOf } from '../entry.ts'
import type { HttpSender } from '../http-sender.ts'
import { Mapping, noteOf, type Usual } from '../mapping.ts'
import type { Happened, SettingFault, Telling, TicketSystem, Told } from '../ticket-system.ts'
import { faultsOf } from './check.ts'
import { happenings } from './happenings.ts'
import { type Condition, ZammadRest, type ZammadTicket } from './rest.ts'

/** Of the `setup.rb` beside this file; Zammad itself has no status for what is returned. */
const usual: Usual = {
  fields: { id: 'tandem_ticket', call: 'tandem_call', mode: 'tandem_mode', urgency: 'tandem_urgency', category: 'tandem_category', item: 'tandem_item', callerNumber: 'tandem_caller', callerName: 'tandem_caller_name', address: 'tandem_address' },
  states: { new: 'new', open: 'open', resolved: 'closed', rejected: 'rejected' },
}

/** Zammad 6 by its REST: a ticket a hand-over, found by its id before it is made, and read back after each change. */
export class Zammad implements TicketSystem {
  readonly #rest: ZammadRest
  readonly #platform: Platform
  readonly #group: string
  readonly #mapping: Mapping
  readonly #seen = new Map<string, number>()

  constructor({ platform, url, token = '', queue = '', fields, states }: TicketEndpointConfig, sender: HttpSender) {
    this.#rest = new ZammadRest({ url, token, sender })
    this.#platform = platform
    this.#group = queue
    this.#mapping = new Mapping({ fields, states }, usual)
  }

  async tell({ id: delivery, payload, links }: Telling, signal: AbortSignal): Promise<Told> {
    const entry = entryOf(payload, this.#platform)
    const known = await this.#find(entry, signal)
    const ticket = known ?? (await this.#create(entry, signal))
    const note = known && !(await this.#rest.articles(known.id, signal)).some(({ subject }) => subject === delivery) ? { article: article(delivery, noteOf(entry, links)) } : {}
    const [fields, state] = [this.#mapping.otherwise(ticket.fields, entry, asKept), this.#mapping.after(ticket.state, entry, known !== undefined)]
    const change = { ...note, ...Object.fromEntries(fields), ...(state === undefined ? {} : { state }) }
    if (Object.keys(change).length > 0) {
      await this.#rest.update(ticket.id, change, signal)
      const after = await this.#rest.ticket(ticket.id, signal)
      const lost = this.#mapping.lost({ fields: after.fields, status: after.state }, entry, state, asKept)
      if (lost !== undefined) throw refused(lost, '')
    }
    return { outcome: `ticket-${ticket.number}`, answer: '', ...(payload.type === 'call-back.requested' ? {} : { reference: ticket.number }) }
  }

  happened(after: number | undefined, signal: AbortSignal): Promise<Happened> {
    return happenings({ rest: this.#rest, group: this.#group, mapping: this.#mapping, seen: this.#seen }, after, signal)
  }

  check(signal: AbortSignal): Promise<readonly SettingFault[]> {
    return faultsOf({ rest: this.#rest, group: this.#group, mapping: this.#mapping }, signal)
  }

  /** By its id; the sender's own, by its number there. A condition that Zammad cannot read it leaves out: so what it finds is looked at. */
  async #find({ key, reference }: Entry, signal: AbortSignal): Promise<ZammadTicket | undefined> {
    const { idField } = this.#mapping
    const first = async (condition: Condition, is: (ticket: ZammadTicket) => boolean): Promise<ZammadTicket | undefined> =>
      (await this.#rest.search(condition, { by: 'id', order: 'asc', most: 10 }, signal)).find((ticket) => ticket.group === this.#group && is(ticket))
    const found = await first({ [`ticket.${idField}`]: { operator: 'is', value: key } }, ({ fields }) => fields.get(idField) === key)
    if (found || reference === undefined) return found
    // Not one that is somebody else's.
    return first({ 'ticket.number': { operator: 'is', value: reference } }, ({ number, fields }) => number === reference && !fields.has(idField))
  }

  async #create(entry: Entry, signal: AbortSignal): Promise<ZammadTicket> {
    const me = await this.#rest.me(signal)
    return this.#rest.create({ title: entry.subject, group: this.#group, customer_id: me, state: this.#mapping.first(entry), article: article(entry.subject, entry.text), ...Object.fromEntries(this.#mapping.fieldsOf(entry)) }, signal)
  }
}

/** For the staff alone. */
const article = (subject: string, body: string): object => ({ subject, body, type: 'note', internal: true, content_type: 'text/plain' })

/** Zammad leaves out blanks at both ends. */
const asKept = (kept: string, value: string): boolean => kept.trim() === value.trim()
