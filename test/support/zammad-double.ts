/** Zammad's REST and generic CTI as they answer Tandem: app/controllers/{tickets,ticket_articles,integration/cti}_controller.rb, app/models/cti/log.rb. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Ticket {
  readonly id: number
  readonly number: string
  readonly group: string
  readonly created_at: string
  updated_at: string
  state: string
  readonly [name: string]: unknown
}

type Body = Readonly<Record<string, unknown>>

/** A call in its caller log. */
export interface CtiLog {
  readonly from: string
  readonly to: string
  readonly direction: string
  state: string
  comment: string | null
  user: string
}

export interface ZammadDouble {
  /** Without a path. */
  readonly url: string
  /** Of its generic CTI. */
  readonly cti: string
  /** By `callId`. */
  readonly calls: ReadonlyMap<string, CtiLog>
  /** Of the CTI, in order. */
  readonly events: readonly URLSearchParams[]
  /** Answers wait so long, ms. */
  delayMs: number
  /** Answers 503 as long as it is set. */
  away: boolean
  close(): Promise<void>
}

class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const groups = ['12345 工单', '110 警单', 'Users']
const states = ['new', 'open', 'pending reminder', 'closed', 'merged', 'pending close', 'rejected']
const attributes = ['tandem_ticket', 'tandem_call', 'tandem_mode', 'tandem_urgency', 'tandem_category', 'tandem_item', 'tandem_caller', 'tandem_caller_name', 'tandem_address']

/** @param tokens by login; in the order of their users’ ids, from 3 @param admins those who may look at attributes */
export async function startZammadDouble(tokens: Readonly<Record<string, string>>, admins: readonly string[] = []): Promise<ZammadDouble> {
  const logins = Object.keys(tokens)
  const idOf = (login: string): number => logins.indexOf(login) + 3
  const tickets = new Map<number, Ticket>()
  const articles: (Body & { readonly ticket_id: number })[] = []
  const history: (Body & { readonly o_id: number })[] = []
  const calls = new Map<string, CtiLog>()
  const events: URLSearchParams[] = []

  const ticketOf = (id: string): Ticket => {
    const ticket = tickets.get(Number(id))
    if (!ticket) throw new Refusal(404, `Couldn't find Ticket with 'id'=${id}`)
    return ticket
  }
  const stateOf = ({ state }: Body): string | undefined => {
    if (state === undefined) return undefined
    const found = states.find((one) => one === state)
    if (found === undefined) throw new Refusal(422, `No lookup value found for 'state': ${JSON.stringify(state)}`)
    return found
  }
  const write = (ticket: Ticket, login: string, article: Body): void => {
    if (typeof article['body'] !== 'string') throw new Refusal(422, 'Need at least article: { body: "some text" }')
    articles.push({ content_type: 'text/plain', internal: false, type: 'note', sender: 'Agent', ...article, id: articles.length + 1, ticket_id: ticket.id, created_by_id: idOf(login), created_by: login, created_at: now() })
    ticket.updated_at = now()
  }
  /** An attribute that it does not have is left out in silence. */
  const known = (body: Body): Body => Object.fromEntries(Object.entries(body).flatMap(([name, value]) => (attributes.includes(name) ? [[name, typeof value === 'string' ? value.trim() : value]] : [])))
  const asked = (ticket: Ticket): Body => ({ ...Object.fromEntries(attributes.map((name) => [name, null])), ...ticket })

  const routes: readonly (readonly [method: string, path: RegExp, answer: (of: { readonly login: string; readonly body: Body; readonly id: string }) => unknown])[] = [
    ['GET', /^\/users\/me$/u, ({ login }) => ({ id: idOf(login), login, groups: Object.fromEntries(groups.map((name) => [name, ['full']])) })],
    ['GET', /^\/groups$/u, () => groups.map((name, n) => ({ id: n + 1, name, active: true }))],
    ['GET', /^\/ticket_states$/u, () => states.map((name, n) => ({ id: n + 1, name, active: true }))],
    [
      'GET',
      /^\/object_manager_attributes$/u,
      ({ login }) => {
        if (!admins.includes(login)) throw new Refusal(403, 'Not authorized')
        return attributes.map((name) => ({ object: 'Ticket', name, active: true }))
      },
    ],
    ['GET', /^\/tickets$/u, () => [...tickets.values()].slice(0, 1).map(asked)],
    ['POST', /^\/tickets\/search$/u, ({ body }) => searched([...tickets.values()], body).map(asked)],
    [
      'POST',
      /^\/tickets$/u,
      ({ login, body }) => {
        if (!groups.includes(String(body['group']))) throw new Refusal(422, `No lookup value found for 'group': ${JSON.stringify(body['group'])}`)
        if (body['customer_id'] === undefined) throw new Refusal(422, "Attribute 'customer_id' required!")
        const id = tickets.size + 1
        const ticket: Ticket = { id, number: String(65000 + id), title: body['title'], group: String(body['group']), state: stateOf(body) ?? 'new', created_at: now(), updated_at: now(), ...known(body) }
        tickets.set(id, ticket)
        if (body['article']) write(ticket, login, body['article'] as Body)
        return asked(ticket)
      },
    ],
    ['GET', /^\/tickets\/(\d+)$/u, ({ id }) => asked(ticketOf(id))],
    [
      'PUT',
      /^\/tickets\/(\d+)$/u,
      ({ login, body, id }) => {
        const ticket = ticketOf(id)
        const state = stateOf(body)
        if (state !== undefined && state !== ticket.state) history.push({ id: history.length + 1, o_id: ticket.id, object: 'Ticket', type: 'updated', attribute: 'state', value_from: ticket.state, value_to: state, created_by_id: idOf(login), created_at: now() })
        Object.assign(ticket, known(body), { updated_at: now() }, state === undefined ? {} : { state })
        if (body['article']) write(ticket, login, body['article'] as Body)
        return asked(ticket)
      },
    ],
    ['GET', /^\/ticket_articles\/by_ticket\/(\d+)$/u, ({ id }) => articles.filter(({ ticket_id: of }) => of === ticketOf(id).id)],
    ['GET', /^\/ticket_history\/(\d+)$/u, ({ id }) => ({ history: history.filter(({ o_id: of }) => of === ticketOf(id).id), assets: { User: Object.fromEntries(logins.map((login) => [idOf(login), { login }])) } })],
  ]

  const told = (event: URLSearchParams): object => {
    events.push(event)
    const callId = event.get('callId') ?? event.get('call_id') ?? ''
    const [direction, user, cause] = [event.get('direction') ?? '', event.getAll('user[]').join(', '), event.get('cause')]
    if (direction !== 'in' && direction !== 'out') throw new Refusal(422, 'Invalid direction!')
    const log = calls.get(callId)
    const what = event.get('event') ?? ''
    if (what === 'newCall') {
      if (log) throw new Refusal(500, `call_id ${callId} already exists!`)
      calls.set(callId, { from: event.get('from') ?? '', to: event.get('to') ?? '', direction, state: 'newCall', comment: cause, user })
      return {}
    }
    if (what !== 'answer' && what !== 'hangup') throw new Refusal(422, `Unknown event ${JSON.stringify(what)}`)
    if (!log) throw new Refusal(500, `No such call_id ${callId}`)
    if (log.state !== 'hangup') Object.assign(log, { state: what, comment: cause, ...(user === '' ? {} : { user }) })
    return {}
  }

  const double = { delayMs: 0, away: false }
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => setTimeout(answered, double.delayMs, response, status, body)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const { pathname } = new URL(request.url ?? '', 'http://zammad')
      try {
        if (double.away) throw new Refusal(503, 'away')
        if (pathname.startsWith('/api/v1/cti/')) {
          if (!pathname.endsWith('/cti-token-1')) throw new Refusal(401, 'Invalid token, please contact your admin!')
          return answer(200, told(new URLSearchParams(text)))
        }
        const login = logins.find((one) => request.headers.authorization === `Token token=${tokens[one]}`)
        if (login === undefined) throw new Refusal(401, 'Authentication required')
        const path = pathname.replace('/api/v1', '')
        const [, pattern, route] = routes.find(([method, is]) => method === request.method && is.test(path)) ?? []
        if (!pattern || !route) throw new Refusal(404, `No route matches [${request.method}] ${pathname}`)
        return answer(request.method === 'POST' && path === '/tickets' ? 201 : 200, route({ login, body: text === '' ? {} : (JSON.parse(text) as Body), id: pattern.exec(path)?.[1] ?? '' }))
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return answer(error.status, { error: error.message })
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return Object.assign(double, { url, cti: `${url}/api/v1/cti/cti-token-1`, calls, events, close })
}

const answered = (response: ServerResponse, status: number, body: unknown) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

const now = (): string => new Date().toISOString()

function searched(all: readonly Ticket[], { condition, sort_by: by, order_by: order, per_page: most = 50, page = 1 }: Body): readonly Ticket[] {
  const found = all.filter((ticket) =>
    Object.entries(condition as Readonly<Record<string, { operator: string; value?: unknown }>>).every(([name, { operator, value }]) => {
      const has = ticket[name.replace(/^ticket\./u, '')]
      if (operator === 'is') return has === value
      if (operator === 'is set') return has !== undefined && has !== null && has !== ''
      if (operator === 'after (absolute)') return Date.parse(String(has)) > Date.parse(String(value))
      throw new Refusal(500, `Invalid operator '${operator}'`)
    }),
  )
  const sorted = found.toSorted((one, other) => (by === 'id' ? one.id - other.id : Date.parse(one.updated_at) - Date.parse(other.updated_at)))
  const inOrder = order === 'desc' ? sorted.toReversed() : sorted
  return inOrder.slice((Number(page) - 1) * Number(most), Number(page) * Number(most))
}
