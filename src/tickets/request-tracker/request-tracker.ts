import type { TicketEndpointConfig } from '../../config/schema.ts'
import type { Platform } from '../../domain/handover/handover.ts'
import { type Entry, entryOf, type Phase } from '../entry.ts'
import type { HttpSender } from '../http-sender.ts'
import type { Happened, Telling, TicketSystem, Told } from '../ticket-system.ts'
import { DeliveryError } from '../verdict.ts'
import { happenings } from './happenings.ts'
import { refused, RequestTrackerRest, type RtTicket } from './rest.ts'

/** Custom fields of the `initialdata` beside this file, by what they hold. */
const idField = 'TandemID'
const usualFields: Readonly<Record<string, string>> = { id: idField, call: 'CallID', callerNumber: '联系电话', callerName: '来电人', address: '事发地址', category: '事项类别', item: '事项细类', urgency: '紧急程度', mode: '办理方式' }

/** Of RT's lifecycle `default`. */
const statusOf: Readonly<Record<Phase, string>> = { new: 'new', open: 'open', resolved: 'resolved', rejected: 'rejected' }

/** Request Tracker 5 by its REST 2: a ticket a hand-over, found by its id before it is made, and read back after each change. */
export class RequestTracker implements TicketSystem {
  readonly #rest: RequestTrackerRest
  readonly #platform: Platform
  readonly #queue: string
  readonly #user: string
  /** Custom field → what it holds. */
  readonly #fields: readonly (readonly [field: string, name: string])[]
  readonly #idField: string
  readonly #seen = new Set<number>()

  constructor({ platform, url, token = '', queue = '', user, fields = usualFields }: TicketEndpointConfig, sender: HttpSender) {
    this.#rest = new RequestTrackerRest({ url, token, sender })
    this.#platform = platform
    this.#queue = queue
    this.#user = user
    this.#fields = Object.entries(fields).map(([name, field]) => [field, name])
    this.#idField = fields['id'] ?? idField
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
    return happenings({ rest: this.#rest, queue: this.#queue, idField: this.#idField, user: this.#user }, after, this.#seen, signal)
  }

  /** By its id; the sender's own, by its number there. */
  async #find({ key, reference }: Entry, signal: AbortSignal): Promise<number | undefined> {
    const found = await this.#rest.find(this.#queue, this.#idField, key, signal)
    if (found !== undefined || reference === undefined || !/^\d{1,9}$/u.test(reference)) return found
    const named = await this.#rest.ticket(Number(reference), signal).catch(unlessUnknown)
    // Not one that is somebody else's.
    return named?.queue === this.#queue && named.fields.get(this.#idField) === undefined ? named.id : undefined
  }

  #create(entry: Entry, signal: AbortSignal): Promise<number> {
    return this.#rest.create({ Queue: this.#queue, Subject: entry.subject, Content: entry.text, Status: statusOf[entry.phase === 'new' ? 'new' : 'open'], CustomFields: Object.fromEntries(this.#fieldsOf(entry)) }, signal)
  }

  /** Once: its subject tells whether it is there. */
  async #note(number: number, { note, changed, text }: Entry, delivery: string, links: Telling['links'], signal: AbortSignal): Promise<void> {
    if (await this.#rest.hasNote(number, delivery, signal)) return
    const recordings = links.map(({ url, expiresAt }) => `录音（${expiresAt} 前有效）：${url}`)
    await this.#rest.comment(number, delivery, [note, ...(changed ? [text] : []), ...recordings].join('\n\n'), signal)
  }

  /** An unknown field, or a value that its list lacks, is dropped in silence, and a refused status is 200: so it is read back, and what is not so is said. */
  async #settle(number: number, entry: Entry, known: boolean, signal: AbortSignal): Promise<void> {
    const before = await this.#rest.ticket(number, signal)
    const [fields, Status] = [this.#otherwise(before, entry), statusAfter(before, entry, known)]
    if (fields.length === 0 && Status === undefined) return
    const said = await this.#rest.change(number, { ...(Status === undefined ? {} : { Status }), ...(fields.length > 0 ? { CustomFields: Object.fromEntries(fields) } : {}) }, signal)
    const after = await this.#rest.ticket(number, signal)
    const [still] = this.#otherwise(after, entry)
    if (still) throw refused(`field-lost-${still[0]}`, said)
    if (Status !== undefined && after.status !== Status) throw refused(`status-${Status}-refused`, said)
  }

  #fieldsOf({ fields }: Entry): readonly (readonly [field: string, value: string])[] {
    return this.#fields.flatMap(([field, name]) => (fields[name] === undefined ? [] : [[field, fields[name]] as const]))
  }

  #otherwise(now: RtTicket, entry: Entry): readonly (readonly [field: string, value: string])[] {
    // RT leaves out a plus before a number.
    return this.#fieldsOf(entry).filter(([field, value]) => ![value, value.replace(/^\+/u, '')].includes(now.fields.get(field) ?? ''))
  }
}

/** There is none of that number, or none that Tandem may see. */
function unlessUnknown(error: unknown): undefined {
  if (!(error instanceof DeliveryError) || !/^http-40[034]$/u.test(error.code)) throw error
}

/** To which it is to be changed; undefined: it is as it should be. `new` is how one begins, and not gone back to. */
function statusAfter({ status }: RtTicket, { phase }: Entry, known: boolean): string | undefined {
  const wanted = phase && !(phase === 'new' && known) ? statusOf[phase] : undefined
  return wanted === status ? undefined : wanted
}
