/** Znuny's Generic Interface (Kernel/GenericInterface/Operation of Znuny 6.5), as the `webservice.yml` beside this file has it. */
import { parsed, refused, textOf } from '../answers.ts'
import type { HttpSender } from '../http-sender.ts'

/** Of an answer at most so much is read, bytes. */
const answerLimit = 4_194_304

export interface GenericInterfaceOptions {
  /** Of the web service. */
  readonly url: string
  readonly user: string
  readonly password: string
  readonly sender: HttpSender
}

export interface ZnunyArticle {
  readonly id: number
  readonly subject: string
  readonly body: string
  readonly contentType: string
  /** `"Name" <address>` */
  readonly from: string
  readonly visibleForCustomer: boolean
  /** A user's id. */
  readonly createBy: number
  /** `YYYY-MM-DD HH:MM:SS`, where Znuny is. */
  readonly createTime: string
}

export interface ZnunyTicket {
  readonly id: number
  /** As people see it. */
  readonly number: string
  readonly state: string
  /** Dynamic fields that hold something, by name. */
  readonly fields: ReadonlyMap<string, string>
  /** As `createTime` of an article. */
  readonly created: string
  /** s */
  readonly age: number
  /** Names by user id, as far as the ticket tells them. */
  readonly users: ReadonlyMap<number, string>
  /** The oldest first. */
  readonly articles: readonly ZnunyArticle[]
}

export interface ZnunyChange {
  readonly ticket: number
  readonly state: string
  readonly createBy: number
  readonly createTime: string
}

type Json = Readonly<Record<string, unknown>>

/** Every method throws DeliveryError, or `signal`'s reason when that was aborted; what Znuny refuses inside a 200 is one too. */
export class GenericInterface {
  readonly #options: GenericInterfaceOptions
  #me: Promise<number> | undefined

  constructor(options: GenericInterfaceOptions) {
    this.#options = options
  }

  /** @returns ids, as they are sorted */
  async search(criteria: Json, signal: AbortSignal): Promise<readonly number[]> {
    const { TicketID = [] } = await this.ask('TicketSearch', { SearchInArchive: 'AllTickets', ...criteria }, signal)
    return [TicketID].flat().map(Number)
  }

  async tickets(ids: readonly number[], signal: AbortSignal): Promise<readonly ZnunyTicket[]> {
    const { Ticket = [] } = await this.ask('TicketGet', { TicketID: ids.join(','), DynamicFields: 1, AllArticles: 1 }, signal)
    return (Ticket as readonly Json[]).map(ticketOf)
  }

  async create(ticket: Json, signal: AbortSignal): Promise<number> {
    const made = await this.ask('TicketCreate', ticket, signal)
    const id = Number(made['TicketID'])
    if (!Number.isInteger(id)) throw refused('not-created', made)
    return id
  }

  async update(id: number, change: Json, signal: AbortSignal): Promise<void> {
    await this.ask('TicketUpdate', { TicketID: id, ...change }, signal)
  }

  /** How their states were changed. */
  async changes(ids: readonly number[], signal: AbortSignal): Promise<readonly ZnunyChange[]> {
    const { TicketHistory = [] } = await this.ask('TicketHistoryGet', { TicketID: ids.join(',') }, signal)
    return (TicketHistory as readonly { readonly TicketID: unknown; readonly History: readonly Json[] }[]).flatMap(({ TicketID, History }) =>
      History.flatMap((line) => (line['HistoryType'] === 'StateUpdate' ? [{ ticket: Number(TicketID), state: String(line['Name']).split('%%')[2] ?? '', createBy: Number(line['CreateBy']), createTime: String(line['CreateTime']) }] : [])),
    )
  }

  /** The id of Tandem's own user. */
  me(signal: AbortSignal): Promise<number> {
    this.#me ??= this.#whoAmI(signal).catch((error: unknown) => {
      this.#me = undefined
      throw error
    })
    return this.#me
  }

  async #whoAmI(signal: AbortSignal): Promise<number> {
    const { SessionID } = await this.ask('SessionCreate', {}, signal)
    const { SessionData = [] } = await this.ask('SessionGet', { SessionID }, signal)
    const id = Number((SessionData as readonly { readonly Key: string; readonly Value: unknown }[]).find(({ Key }) => Key === 'UserID')?.Value)
    if (!Number.isInteger(id)) throw refused('no-user', SessionData)
    return id
  }

  async ask(operation: string, data: Json, signal: AbortSignal): Promise<Json> {
    const { url, user, password, sender } = this.#options
    const body = JSON.stringify({ ...data, UserLogin: user, Password: password })
    const { answer } = await sender.send({ url: `${url.replace(/\/$/u, '')}/${operation}`, headers: { accept: 'application/json', 'content-type': 'application/json; charset=utf-8' }, body, answerLimit }, signal)
    const json = parsed(answer) as Json
    const { Error: error } = json as { readonly Error?: { readonly ErrorCode?: unknown; readonly ErrorMessage?: unknown } }
    if (error) throw refused(String(error.ErrorCode), String(error.ErrorMessage))
    return json
  }
}

function ticketOf(ticket: Json): ZnunyTicket {
  const { TicketID, TicketNumber, State, Created, Age, Owner, OwnerID, Responsible, ResponsibleID, DynamicField = [], Article = [] } = ticket
  const articles = (Article as readonly Json[]).map(articleOf)
  const authors = articles.flatMap(({ createBy, from }) => [[createBy, /^"?([^"<]+?)"?\s*(?:<|$)/u.exec(from)?.[1] ?? from] as const])
  return {
    id: Number(TicketID),
    number: String(TicketNumber),
    state: String(State),
    fields: new Map((DynamicField as readonly { readonly Name: string; readonly Value: unknown }[]).flatMap(({ Name, Value }) => ([Value].flat().some((one) => one !== null && one !== '') ? [[Name, String([Value].flat()[0])] as const] : []))),
    created: String(Created),
    age: Number(Age),
    users: new Map([...authors, [Number(ResponsibleID), String(Responsible)], [Number(OwnerID), String(Owner)]]),
    articles,
  }
}

const articleOf = (article: Json): ZnunyArticle => ({
  id: Number(article['ArticleID']),
  subject: textOf(article['Subject']),
  body: textOf(article['Body']),
  contentType: textOf(article['ContentType']),
  from: textOf(article['From']),
  visibleForCustomer: Number(article['IsVisibleForCustomer']) === 1,
  createBy: Number(article['CreateBy']),
  createTime: textOf(article['CreateTime']),
})
