/** Znuny's Generic Interface as it answers Tandem: Kernel/GenericInterface/Operation of Znuny 6.5, and what a running one was seen to say. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Article {
  readonly [name: string]: unknown
  readonly ArticleID: number
}

interface Ticket {
  readonly TicketID: number
  readonly TicketNumber: string
  readonly Title: string
  readonly Queue: string
  State: string
  readonly createdAt: number
  changedAt: number
  readonly CreateBy: number
  readonly fields: Map<string, string>
  readonly articles: Article[]
  readonly history: Readonly<Record<string, unknown>>[]
}

interface Request {
  readonly UserLogin?: string
  readonly Password?: string
  readonly SessionID?: string
  readonly TicketID?: number | string
  readonly Ticket?: Readonly<Record<string, string>>
  readonly Article?: Readonly<Record<string, unknown>>
  readonly DynamicField?: readonly { readonly Name: string; readonly Value: string }[]
  readonly Attachment?: readonly { readonly Content?: string }[]
  readonly [name: string]: unknown
}

export interface ZnunyDouble {
  /** Of the web service. */
  readonly url: string
  /** Answers wait so long, ms. */
  delayMs: number
  /** Answers 503 as long as it is set. */
  away: boolean
  close(): Promise<void>
}

class Objection extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

const queues = ['12345 工单', '110 警单', '他人队列']
/** In which the user may do nothing. */
const closedQueues = ['他人队列']
const states = ['new', 'open', 'closed successful', 'closed unsuccessful', 'merged', 'removed']
const lists: Readonly<Record<string, readonly string[]>> = { TandemMode: ['transfer', 'conference', 'push'], TandemUrgency: ['emergency', 'at-once', 'routine'] }
const fieldNames = ['TandemID', 'TandemCall', 'TandemMode', 'TandemUrgency', 'TandemCategory', 'TandemItem', 'TandemCaller', 'TandemCallerName', 'TandemAddress']

/** @param users their passwords by login; in the order of their ids, from 2 */
export async function startZnunyDouble(users: Readonly<Record<string, string>>): Promise<ZnunyDouble> {
  const logins = Object.keys(users)
  const idOf = (login: string): number => logins.indexOf(login) + 2
  const tickets = new Map<number, Ticket>()
  const sessions = new Map<string, string>()
  let articles = 0

  const authenticated = (operation: string, { UserLogin = '', Password, SessionID = '' }: Request): string => {
    const login = sessions.get(SessionID) ?? (users[UserLogin] !== undefined && users[UserLogin] === Password ? UserLogin : undefined)
    if (login === undefined) throw new Objection(`${operation}.AuthFail`, `${operation}: User could not be authenticated!`)
    return login
  }
  const ticketOf = (operation: string, id: number | string): Ticket => {
    const ticket = tickets.get(Number(id))
    if (!ticket || closedQueues.includes(ticket.Queue)) throw new Objection(`${operation}.AccessDenied`, `${operation}: User does not have access to the ticket!`)
    return ticket
  }
  const note = (ticket: Ticket, by: number, HistoryType: string, Name: string, ArticleID = 0): void => {
    ticket.changedAt = Date.now()
    ticket.history.push({ ArticleID, CreateBy: by, CreateTime: timeOf(Date.now()), HistoryType, Name, TicketID: String(ticket.TicketID) })
  }
  const write = (ticket: Ticket, login: string, article: Readonly<Record<string, unknown>>): number => {
    const ArticleID = ++articles
    const common = { ArticleID, TicketID: ticket.TicketID, CreateBy: idOf(login), CreateTime: timeOf(Date.now()), From: `"${login} Program" <${login}@city.example>` }
    ticket.articles.push({ IsVisibleForCustomer: 1, ...article, ...common })
    note(ticket, idOf(login), 'AddNote', '%%GenericInterface Note', ArticleID)
    return ArticleID
  }
  const fill = (ticket: Ticket, by: number, fields: Request['DynamicField']): void => {
    for (const { Name, Value } of fields ?? []) {
      note(ticket, by, 'TicketDynamicFieldUpdate', `%%FieldName%%${Name}%%Value%%${Value}%%OldValue%%${ticket.fields.get(Name) ?? ''}`)
      ticket.fields.set(Name, Value.trim())
    }
  }

  const operations: Readonly<Record<string, (request: Request, login: string) => object>> = {
    SessionCreate(_, login) {
      const SessionID = `session${sessions.size}`
      sessions.set(SessionID, login)
      return { SessionID }
    },
    SessionGet: (_, login) => ({ SessionData: [{ Key: 'UserID', Value: String(idOf(login)) }, { Key: 'UserLogin', Value: login }, { Key: 'UserType', Value: 'User' }] }),
    TicketCreate(request, login) {
      const { Ticket: { Title = '', Queue = '', State = '', CustomerUser = '' } = {} } = request
      if (!logins.includes(CustomerUser)) throw new Objection('TicketCreate.InvalidParameter', 'TicketCreate: Ticket->CustomerUser parameter is invalid!')
      if (!queues.includes(Queue)) throw new Objection('TicketCreate.InvalidParameter', 'TicketCreate: Ticket->QueueID or Ticket->Queue parameter is invalid!')
      examine('TicketCreate', request, State)
      if (closedQueues.includes(Queue)) throw new Objection('TicketCreate.AccessDenied', 'TicketCreate: Can not create tickets in the selected Queue!')
      examineRest('TicketCreate', request)
      const TicketID = tickets.size + 1
      const ticket: Ticket = { TicketID, TicketNumber: String(2026112810000000 + TicketID), Title, Queue, State, createdAt: Date.now(), changedAt: Date.now(), CreateBy: idOf(login), fields: new Map(), articles: [], history: [] }
      tickets.set(TicketID, ticket)
      note(ticket, idOf(login), 'NewTicket', `%%${ticket.TicketNumber}%%${Queue}%%3 normal%%${State}%%${TicketID}`)
      fill(ticket, idOf(login), request.DynamicField)
      return { TicketID: String(TicketID), TicketNumber: ticket.TicketNumber, ArticleID: write(ticket, login, request.Article ?? {}) }
    },
    TicketUpdate(request, login) {
      const ticket = ticketOf('TicketUpdate', request.TicketID ?? '')
      const { Ticket: { State } = {}, Article } = request
      if (State !== undefined) examine('TicketUpdate', request, State)
      examineRest('TicketUpdate', request)
      if (State !== undefined && State !== ticket.State) {
        note(ticket, idOf(login), 'StateUpdate', `%%${ticket.State}%%${State}%%`)
        ticket.State = State
      }
      const written = Article ? { ArticleID: write(ticket, login, Article) } : {}
      fill(ticket, idOf(login), request.DynamicField)
      return { ...written, TicketID: String(ticket.TicketID), TicketNumber: ticket.TicketNumber }
    },
    TicketGet: ({ TicketID }) => ({ Ticket: String(TicketID).split(',').map((id) => shown(ticketOf('TicketGet', id), logins)) }),
    TicketHistoryGet: ({ TicketID }) => ({ TicketHistory: String(TicketID).split(',').map((id) => ({ TicketID: id, History: ticketOf('TicketHistoryGet', id).history })) }),
    TicketSearch(request) {
      const { Queues, TicketNumber, TicketLastChangeTimeNewerMinutes: minutes, Limit } = request as { Queues?: string[]; TicketNumber?: string; TicketLastChangeTimeNewerMinutes?: number; Limit?: number }
      const wanted = Object.entries(request).flatMap(([name, value]) => (name.startsWith('DynamicField_') && fieldNames.includes(name.slice(13)) ? [[name.slice(13), value as { Equals?: string; Like?: string }] as const] : []))
      const found = [...tickets.values()].filter(
        (ticket) =>
          !closedQueues.includes(ticket.Queue) &&
          (Queues?.includes(ticket.Queue) ?? true) &&
          (TicketNumber ?? ticket.TicketNumber) === ticket.TicketNumber &&
          (minutes === undefined || ticket.changedAt > Date.now() - minutes * 60_000) &&
          wanted.every(([name, { Equals, Like }]) => (Equals === undefined ? Like === '*' && ticket.fields.has(name) : ticket.fields.get(name) === Equals)),
      )
      return found.length === 0 ? {} : { TicketID: found.slice(0, Limit).map(({ TicketID }) => String(TicketID)) }
    },
  }

  const double = { delayMs: 0, away: false }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const [, name = ''] = /^\/otrs\/nph-genericinterface\.pl\/Webservice\/Tandem\/(\w+)$/u.exec(request.url ?? '') ?? []
      const operation = request.method === 'POST' ? operations[name] : undefined
      const answer = (status: number, type: string, text: string) => setTimeout(() => response.writeHead(status, { 'content-type': type }).end(text), double.delayMs)
      if (double.away) return answer(503, 'text/plain', 'away')
      if (!operation) return answer(500, 'text/plain', `HTTP::REST Error while determine Operation for request URI '/${name}'.`)
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as Request
      try {
        return answer(200, 'application/json', JSON.stringify(operation(asked, authenticated(name, asked))))
      } catch (error) {
        if (!(error instanceof Objection)) throw error
        return answer(200, 'application/json', JSON.stringify({ Error: { ErrorCode: error.code, ErrorMessage: error.message } }))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return Object.assign(double, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/otrs/nph-genericinterface.pl/Webservice/Tandem`, close })
}

function examine(operation: string, _: Request, state: string): void {
  if (!states.includes(state)) throw new Objection(`${operation}.InvalidParameter`, `${operation}: Ticket->StateID or Ticket->State parameter is invalid!`)
}

function examineRest(operation: string, { DynamicField = [], Attachment = [] }: Request): void {
  for (const { Name, Value } of DynamicField) {
    if (!fieldNames.includes(Name)) throw new Objection(`${operation}.InvalidParameter`, `${operation}: DynamicField->Name parameter is invalid!`)
    if (Value !== '' && lists[Name]?.includes(Value) === false) throw new Objection(`${operation}.InvalidParameter`, `${operation}: DynamicField->Value parameter is invalid!`)
  }
  if (Attachment.some(({ Content }) => Content === undefined)) throw new Objection(`${operation}.MissingParameter`, `${operation}: Attachment->Content  parameter is missing!`)
}

function shown({ TicketID, TicketNumber, Title, Queue, State, CreateBy, fields, articles, createdAt, changedAt }: Ticket, logins: readonly string[]): object {
  return {
    TicketID,
    TicketNumber,
    Title,
    Queue,
    State,
    CreateBy,
    Age: Math.floor((Date.now() - createdAt) / 1_000),
    Created: timeOf(createdAt),
    Changed: timeOf(changedAt),
    Owner: logins[CreateBy - 2],
    OwnerID: CreateBy,
    Responsible: 'root@localhost',
    ResponsibleID: 1,
    DynamicField: fieldNames.map((Name) => ({ Name, Value: fields.get(Name) ?? null })),
    Article: articles,
  }
}

/** It is nine hours ahead of UTC, as one in another time zone may be. */
const timeOf = (ms: number): string => new Date(Math.floor(ms / 1_000) * 1_000 + 9 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
