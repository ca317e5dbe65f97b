import type { TicketEndpointConfig } from '../../config/schema.ts'
import type { Platform } from '../../domain/handover/handover.ts'
import { refused } from '../answers.ts'
import { type Entry, entryOf } from '../entry.ts'
import type { HttpSender } from '../http-sender.ts'
import { Mapping, noteOf, type Usual } from '../mapping.ts'
import type { Happened, SettingFault, Telling, TicketSystem, Told } from '../ticket-system.ts'
import { faultsOf } from './check.ts'
import { happenings } from './happenings.ts'
import { isUnknown, RequestTrackerRest } from './rest.ts'

/** Of the `initialdata` beside this file, and of RT's lifecycle `default`. */
const usual: Usual = {
  fields: { id: 'TandemID', call: 'CallID', callerNumber: '联系电话', callerName: '来电人', address: '事发地址', category: '事项类别', item: '事项细类', urgency: '紧急程度', mode: '办理方式' },
  states: { new: 'new', open: 'open', resolved: 'resolved', rejected: 'rejected' },
}

/** Request Tracker 5 by its REST 2: a ticket a hand-over, found by its id before it is made, and read back after each change. */
export class RequestTracker implements TicketSystem {
  readonly #rest: RequestTrackerRest
  readonly #platform: Platform
  readonly #queue: string
  readonly #user: string
  readonly #mapping: Mapping
  readonly #seen = new Set<number>()

  constructor({ platform, url, token = '', queue = '', user, fields, states }: TicketEndpointConfig, sender: HttpSender) {
    this.#rest = new RequestTrackerRest({ url, token, sender })
    this.#platform = platform
    this.#queue = queue
    this.#user = user
    this.#mapping = new Mapping({ fields, states }, usual)
  }

  async tell({ id: delivery, payload, links }: Telling, signal: AbortSignal): Promise<Told> {
    const entry = entryOf(payload, this.#platform)
    const known = await this.#find(entry, signal)
    const number = known ?? (await this.#create(entry, signal))
    if (known !== undefined) await this.#note(known, entry, delivery, links, signal)
    await this.#settle(number, entry, known !== undefined, signal)
    return { outcome: `ticket-${number}`, answer: '', ...(payload.type === 'call-back.requested' ? {} : { reference: String(number) }) }
  }

  happened(after: number | undefined, signal: AbortSignal): Promise<Happened> {
    return happenings({ rest: this.#rest, queue: this.#queue, mapping: this.#mapping, user: this.#user }, after, this.#seen, signal)
  }

  check(signal: AbortSignal): Promise<readonly SettingFault[]> {
    return faultsOf({ rest: this.#rest, queue: this.#queue, mapping: this.#mapping }, signal)
  }

  /** By its id; the sender's own, by its number there. */
  async #find({ key, reference }: Entry, signal: AbortSignal): Promise<number | undefined> {
    const found = await this.#rest.find(this.#queue, this.#mapping.idField, key, signal)
    if (found !== undefined || reference === undefined || !/^\d{1,9}$/u.test(reference)) return found
    const named = await this.#rest.ticket(Number(reference), signal).catch(unlessUnknown)
    // Not one that is somebody else's.
    return named?.queue === this.#queue && named.fields.get(this.#mapping.idField) === undefined ? named.id : undefined
  }

  #create(entry: Entry, signal: AbortSignal): Promise<number> {
    return this.#rest.create({ Queue: this.#queue, Subject: entry.subject, Content: entry.text, Status: this.#mapping.first(entry), CustomFields: Object.fromEntries(this.#mapping.fieldsOf(entry)) }, signal)
  }

  /** Once: its subject tells whether it is there. */
  async #note(number: number, entry: Entry, delivery: string, links: Telling['links'], signal: AbortSignal): Promise<void> {
    if (!(await this.#rest.hasNote(number, delivery, signal))) await this.#rest.comment(number, delivery, noteOf(entry, links), signal)
  }

  /** An unknown field, or a value that its list lacks, is dropped in silence, and a refused status is 200: so it is read back, and what is not so is said. */
  async #settle(number: number, entry: Entry, known: boolean, signal: AbortSignal): Promise<void> {
    const before = await this.#rest.ticket(number, signal)
    const [fields, Status] = [this.#mapping.otherwise(before.fields, entry, asKept), this.#mapping.after(before.status, entry, known)]
    if (fields.length === 0 && Status === undefined) return
    const said = await this.#rest.change(number, { ...(Status === undefined ? {} : { Status }), ...(fields.length > 0 ? { CustomFields: Object.fromEntries(fields) } : {}) }, signal)
    const after = await this.#rest.ticket(number, signal)
    const lost = this.#mapping.lost(after, entry, Status, asKept)
    if (lost !== undefined) throw refused(lost, said)
  }
}

/** RT leaves out a plus before a number. */
const asKept = (kept: string, value: string): boolean => kept === value || kept === value.replace(/^\+/u, '')

function unlessUnknown(error: unknown): undefined {
  if (!isUnknown(error)) throw error
}
