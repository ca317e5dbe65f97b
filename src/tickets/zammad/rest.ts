/** Zammad's REST interface (docs.zammad.org/en/latest/api/intro.html; app/controllers of Zammad 6). */
import { parsed, textOf } from '../answers.ts'
import type { HttpSender } from '../http-sender.ts'
import { DeliveryError } from '../verdict.ts'

/** Of an answer at most so much is read, bytes. */
const answerLimit = 4_194_304

export interface RestOptions {
  /** Its address, without a path. */
  readonly url: string
  readonly token: string
  readonly sender: HttpSender
}

export interface ZammadTicket {
  readonly id: number
  /** As people see it. */
  readonly number: string
  readonly state: string
  readonly group: string
  /** UTC, ms. */
  readonly updatedAt: number
  /** Attributes that hold something, by name. */
  readonly fields: ReadonlyMap<string, string>
}

export interface ZammadArticle {
  readonly id: number
  readonly subject: string
  readonly body: string
  readonly contentType: string
  readonly internal: boolean
  /** A user's id. */
  readonly createdById: number
  /** Login. */
  readonly createdBy: string
  /** UTC, ISO 8601. */
  readonly createdAt: string
}

export interface ZammadChange {
  readonly id: number
  readonly state: string
  readonly createdById: number
  readonly createdBy: string
  readonly createdAt: string
}

type Json = Readonly<Record<string, unknown>>
/** As its overviews and triggers have them: attribute → operator and value. */
export type Condition = Readonly<Record<string, { readonly operator: string; readonly value?: unknown }>>

/** Every method throws DeliveryError, or `signal`'s reason when that was aborted. */
export class ZammadRest {
  readonly #options: RestOptions
  #me: Promise<number> | undefined

  constructor(options: RestOptions) {
    this.#options = options
  }

  /** By condition alone, which Zammad reads from its database: a query would be answered by the search index, which lags. */
  async search(condition: Condition, sorted: { readonly by: 'id' | 'updated_at'; readonly order: 'asc' | 'desc'; readonly most: number; readonly page?: number }, signal: AbortSignal): Promise<readonly ZammadTicket[]> {
    const { by, order, most, page = 1 } = sorted
    const found = await this.ask('POST', '/tickets/search', signal, { condition, sort_by: by, order_by: order, limit: most, per_page: most, page, expand: true })
    return (found as readonly Json[]).map(ticketOf)
  }

  async ticket(id: number, signal: AbortSignal): Promise<ZammadTicket> {
    return ticketOf((await this.ask('GET', `/tickets/${id}?expand=true`, signal)) as Json)
  }

  async create(ticket: Json, signal: AbortSignal): Promise<ZammadTicket> {
    return ticketOf((await this.ask('POST', '/tickets?expand=true', signal, ticket)) as Json)
  }

  async update(id: number, change: Json, signal: AbortSignal): Promise<void> {
    await this.ask('PUT', `/tickets/${id}`, signal, change)
  }

  /** The oldest first. */
  async articles(ticket: number, signal: AbortSignal): Promise<readonly ZammadArticle[]> {
    return ((await this.ask('GET', `/ticket_articles/by_ticket/${ticket}`, signal)) as readonly Json[]).map((article) => ({
      id: Number(article['id']),
      subject: textOf(article['subject']),
      body: textOf(article['body']),
      contentType: textOf(article['content_type']),
      internal: article['internal'] === true,
      createdById: Number(article['created_by_id']),
      createdBy: textOf(article['created_by']),
      createdAt: textOf(article['created_at']),
    }))
  }

  /** How its state was changed. */
  async changes(ticket: number, signal: AbortSignal): Promise<readonly ZammadChange[]> {
    const { history = [], assets = {} } = (await this.ask('GET', `/ticket_history/${ticket}`, signal)) as { readonly history?: readonly Json[]; readonly assets?: { readonly User?: Readonly<Record<string, { readonly login?: unknown }>> } }
    return history.flatMap(({ id, object, type, attribute, value_to: state, created_by_id: by, created_at: at }) =>
      object === 'Ticket' && type === 'updated' && attribute === 'state'
        ? [{ id: Number(id), state: textOf(state), createdById: Number(by), createdBy: textOf(assets.User?.[String(by)]?.login) || `user ${String(by)}`, createdAt: textOf(at) }]
        : [],
    )
  }

  /** The id of Tandem's own user. */
  me(signal: AbortSignal): Promise<number> {
    this.#me ??= this.ask('GET', '/users/me', signal).then(
      (user) => Number((user as Json)['id']),
      (error: unknown) => {
        this.#me = undefined
        throw error
      },
    )
    return this.#me
  }

  /** @param path below `/api/v1` */
  async ask(method: 'GET' | 'POST' | 'PUT', path: string, signal: AbortSignal, body?: object): Promise<unknown> {
    const { url, token, sender } = this.#options
    const headers = { authorization: `Token token=${token}`, accept: 'application/json', ...(body ? { 'content-type': 'application/json; charset=utf-8' } : {}) }
    const { answer } = await sender.send({ url: `${url.replace(/\/$/u, '')}/api/v1${path}`, method, headers, ...(body ? { body: JSON.stringify(body) } : {}), answerLimit }, signal)
    return parsed(answer)
  }
}

function ticketOf(ticket: Json): ZammadTicket {
  const { id, number, state, group, updated_at: updatedAt } = ticket
  const fields = Object.entries(ticket).flatMap(([name, value]) => (['string', 'number', 'boolean'].includes(typeof value) && value !== '' ? [[name, String(value)] as const] : []))
  return { id: Number(id), number: String(number), state: textOf(state), group: textOf(group), updatedAt: Date.parse(textOf(updatedAt)), fields: new Map(fields) }
}

/** There is none of that number, or none that Tandem may see. */
export const isUnknown = (error: unknown): boolean => error instanceof DeliveryError && /^http-40[34]$/u.test(error.code)
