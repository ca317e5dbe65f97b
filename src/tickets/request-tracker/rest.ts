/** Request Tracker 5's REST 2 (docs.bestpractical.com/rt/5.0/RT/REST2.html). */
import { parsed, refused } from '../answers.ts'
import type { HttpSender } from '../http-sender.ts'
import { wordsOf } from '../deeds.ts'
import { DeliveryError } from '../verdict.ts'

/** Of a list at most so much is read, bytes. */
const answerLimit = 1_048_576
/** Of one question. */
const mostTransactions = 100

export interface RestOptions {
  /** Its address, without a path. */
  readonly url: string
  readonly token: string
  readonly sender: HttpSender
}

export interface RtTicket {
  readonly id: number
  readonly status: string
  readonly queue: string
  /** The first value of each, by name. */
  readonly fields: ReadonlyMap<string, string>
}

export interface RtTransaction {
  readonly id: number
  readonly ticket: number
  readonly type: string
  readonly field?: string
  readonly newValue?: string
  readonly creator: string
  /** UTC, ISO 8601. */
  readonly created: string
}

type Json = Readonly<Record<string, unknown>>

/** Every method throws DeliveryError, or `signal`'s reason when that was aborted. */
export class RequestTrackerRest {
  readonly #options: RestOptions

  constructor(options: RestOptions) {
    this.#options = options
  }

  /** @returns its number */
  async create(ticket: { readonly Queue: string; readonly Subject: string; readonly Content: string; readonly Status?: string; readonly CustomFields: Readonly<Record<string, string>> }, signal: AbortSignal): Promise<number> {
    const made = await this.#ask('POST', '/ticket', signal, { ...ticket, ContentType: 'text/plain' })
    const id = Number((made as Json)['id'])
    if (!Number.isInteger(id)) throw refused('not-created', made)
    return id
  }

  async ticket(id: number, signal: AbortSignal): Promise<RtTicket> {
    const found = (await this.#ask('GET', `/ticket/${id}?fields[Queue]=Name`, signal)) as Json
    const fields = (found['CustomFields'] ?? []) as readonly { readonly name: string; readonly values: readonly unknown[] }[]
    const { Name } = (found['Queue'] ?? {}) as { readonly Name?: string }
    // Of one that was merged into another RT answers with that other.
    return { id: Number(found['id'] ?? id), status: String(found['Status']), queue: Name ?? '', fields: new Map(fields.flatMap(({ name, values: [value] }) => (typeof value === 'string' ? [[name, value] as const] : []))) }
  }

  /** @param queue its name */
  async queue(queue: string, signal: AbortSignal): Promise<{ readonly fields: ReadonlySet<string>; readonly mayCreate: boolean }> {
    const { TicketCustomFields = [], _hyperlinks: links = [] } = (await this.#ask('GET', `/queue/${encodeURIComponent(queue)}`, signal)) as { readonly TicketCustomFields?: readonly { readonly name: string }[]; readonly _hyperlinks?: readonly { readonly ref?: string }[] }
    return { fields: new Set(TicketCustomFields.map(({ name }) => name)), mayCreate: links.some(({ ref }) => ref === 'create') }
  }

  /** The oldest in a queue whose custom field has this value. */
  async find(queue: string, field: string, value: string, signal: AbortSignal): Promise<number | undefined> {
    const query = `Queue = '${quoted(queue)}' AND CF.{${field}} = '${quoted(value)}'`
    const { items = [] } = (await this.#ask('GET', `/tickets?${asked({ query, orderby: 'id', order: 'ASC', per_page: '1' })}`, signal)) as { readonly items?: readonly Json[] }
    const [first] = items
    return first === undefined ? undefined : Number(first['id'])
  }

  /** Whether a comment or reply of this subject is there. */
  async hasNote(id: number, subject: string, signal: AbortSignal): Promise<boolean> {
    const { items = [] } = (await this.#ask('GET', `/ticket/${id}/attachments?${asked({ fields: 'Subject', orderby: 'id', order: 'DESC', per_page: '100' })}`, signal)) as { readonly items?: readonly Json[] }
    return items.some((item) => item['Subject'] === subject)
  }

  async comment(id: number, Subject: string, Content: string, signal: AbortSignal): Promise<void> {
    await this.#ask('POST', `/ticket/${id}/comment`, signal, { Subject, Content, ContentType: 'text/plain' })
  }

  /** Whether it has come to be so is read back by `ticket`: a refusal is 200 as well. @returns what it said */
  async change(id: number, change: { readonly Status?: string; readonly CustomFields?: Readonly<Record<string, string>> }, signal: AbortSignal): Promise<string> {
    return JSON.stringify(await this.#ask('PUT', `/ticket/${id}`, signal, change))
  }

  /** The id of the last transaction; 0: there is none. */
  async newest(signal: AbortSignal): Promise<number> {
    const query = asked({ query: `ObjectType = 'RT::Ticket' AND id > 0`, orderby: 'id', order: 'DESC', per_page: '1' })
    const { items = [] } = (await this.#ask('GET', `/transactions?${query}`, signal)) as { readonly items?: readonly Json[] }
    return Number(items[0]?.['id'] ?? 0)
  }

  /**
   * Replies and changes of status of a queue's tickets, in their order: those after the transaction `after`, at least as far as one after `past`, if there is any.
   * A hundred are asked for at a time, fewer where they are long.
   */
  async transactions(queue: string, { after, past }: { readonly after: number; readonly past: number }, signal: AbortSignal): Promise<{ readonly transactions: readonly RtTransaction[]; readonly more: boolean }> {
    let most = mostTransactions
    let transactions: readonly RtTransaction[] = []
    for (let page = 1; ; ) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one page after the other
        const { items, more } = await this.#page(queue, after, { page, most }, signal)
        transactions = [...transactions, ...items.map(transactionOf)]
        // What Tandem may not see RT leaves out: a page may be short, or empty, and not the last.
        if (!more || (transactions.at(-1)?.id ?? 0) > past) return { transactions, more }
        page += 1
      } catch (error) {
        if (!isCutOff(error) || most === 1) throw error
        most = Math.max(1, Math.floor(most / 5))
        page = 1
        transactions = []
      }
    }
  }

  async #page(queue: string, after: number, { page, most }: { readonly page: number; readonly most: number }, signal: AbortSignal): Promise<{ readonly items: readonly Json[]; readonly more: boolean }> {
    const query = asked({
      query: `TicketQueue = '${quoted(queue)}' AND id > ${after} AND (Type = 'Correspond' OR Type = 'Status')`,
      fields: 'Type,Field,NewValue,Creator,Created,ObjectId',
      orderby: 'id',
      order: 'ASC',
      per_page: String(most),
      page: String(page),
    })
    const { items = [], next_page: next } = (await this.#ask('GET', `/transactions?${query}`, signal)) as { readonly items?: readonly Json[]; readonly next_page?: unknown }
    return { items, more: next !== undefined && next !== null }
  }

  /** What was written with a transaction, as plain text. Files that came with it are not fetched. */
  async textOf(transaction: number, signal: AbortSignal): Promise<string | undefined> {
    const { items = [] } = (await this.#ask('GET', `/transaction/${transaction}/attachments?${asked({ fields: 'ContentType,Filename', per_page: '20' })}`, signal)) as { readonly items?: readonly Json[] }
    const written = items.filter((item) => item['Filename'] === undefined || item['Filename'] === null || item['Filename'] === '')
    const found = ['text/plain', 'text/html'].map((type) => written.find((item) => String(item['ContentType']).startsWith(type))).find((item) => item !== undefined)
    if (!found) return undefined
    const { Content } = (await this.#ask('GET', `/attachment/${String(found['id'])}`, signal)) as Json
    const text = typeof Content === 'string' ? Buffer.from(Content, 'base64').toString() : ''
    return wordsOf({ body: text, contentType: String(found['ContentType']) })
  }

  async #ask(method: 'GET' | 'POST' | 'PUT', path: string, signal: AbortSignal, body?: object): Promise<unknown> {
    const { url, token, sender } = this.#options
    const headers = { authorization: `token ${token}`, accept: 'application/json', ...(body ? { 'content-type': 'application/json; charset=utf-8' } : {}) }
    const { answer } = await sender.send({ url: `${url.replace(/\/$/u, '')}/REST/2.0${path}`, method, headers, ...(body ? { body: JSON.stringify(body) } : {}), answerLimit }, signal)
    return parsed(answer)
  }
}

function transactionOf(item: Json): RtTransaction {
  return {
    id: Number(item['id']),
    ticket: Number(item['ObjectId']),
    type: String(item['Type']),
    ...(typeof item['Field'] === 'string' && item['Field'] !== '' ? { field: item['Field'] } : {}),
    ...(typeof item['NewValue'] === 'string' && item['NewValue'] !== '' ? { newValue: item['NewValue'] } : {}),
    creator: String(idOf(item['Creator'])),
    created: String(item['Created']),
  }
}

/** There is none of that number, or none that Tandem may see. */
export const isUnknown = (error: unknown): boolean => error instanceof DeliveryError && /^http-40[034]$/u.test(error.code)

/** More was answered than is read. */
export const isCutOff = (error: unknown): boolean => error instanceof DeliveryError && error.code === 'no-json'

const asked = (query: Readonly<Record<string, string>>): string => new URLSearchParams(query).toString()

/** In a query (TicketSQL). */
const quoted = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")

const idOf = (value: unknown): unknown => (typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : value)
