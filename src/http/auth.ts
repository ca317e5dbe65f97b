import cookie from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Accounts } from '../users/accounts.ts'
import { masked } from '../users/masking.ts'
import { sightOf, type Who } from '../users/roles.ts'
import { type Names, type NeedToKnow, unknown } from './need-to-know.ts'
import { neededBy } from './permissions.ts'
import { problem, sendProblem } from './problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the API key or the user that the request came with. */
    user: string
    who: Who | undefined
    /** Of a need-to-know record that the address names: which. */
    record: string | undefined
    /** Whether whoever asks may know of a record (§7). */
    mayKnow: (record: string) => boolean
  }
}

/** Whether an agent is in a call, or in the call of a hand-over. What is not known is for the route to say. */
export type TakesPart = (agent: string, of: { readonly callId: string | undefined; readonly handoverId: string | undefined }) => boolean

export const sessionCookie = 'tandem'
const bearer = 'Bearer realm="tandem"'
const basic = 'Basic realm="tandem", charset="UTF-8"'
const safe = new Set(['GET', 'HEAD'])

/**
 * Every route needs a key or a session. A key: `Authorization: Bearer <key>` (RFC 6750), or, to read with a browser, HTTP Basic with the
 * key as password (RFC 7617) on GET only, since a browser would add it to any site's request by itself. A session: the cookie
 * (RFC 6265) of whoever has signed in; what changes something is taken from our own pages only.
 */
export async function requireAccount(app: FastifyInstance, accounts: Accounts, takesPart: TakesPart, needToKnow: NeedToKnow): Promise<void> {
  await app.register(cookie)
  app.decorateRequest('user', '')
  app.decorateRequest('who', undefined)
  app.decorateRequest('record', undefined)
  app.decorateRequest('mayKnow', () => false)
  app.addHook('onRequest', async (request, reply) => {
    const need = neededBy(request.method, request.routeOptions.url ?? '')
    if (need?.may === 'nobody') return
    const who = whoAsks(request, accounts)
    if (!who) {
      reply.header('www-authenticate', request.method === 'GET' ? `${bearer}, ${basic}` : bearer)
      return sendProblem(reply, problem('unauthorized'))
    }
    request.user = who.name
    request.who = who
    request.mayKnow = (record) => !needToKnow.hides(who, record)
    // An address that leads nowhere is told so by its own answer.
    if (request.is404) return
    if (!need) return refused(reply, 'nobody may do this')
    if (need.may !== 'anybody' && !who.permissions.has(need.may)) return refused(reply, `it needs the permission ${need.may}`)
  })
  app.addHook('preHandler', async (request, reply) => {
    const { who } = request
    if (who) {
      const names = request.params as Names
      request.record = await needToKnow.recordOf(names)
      // As for an id that nobody has.
      if (request.record !== undefined && !request.mayKnow(request.record)) return sendProblem(reply, problem(unknown(names)))
    }
    const body = request.body as { agent?: unknown; needToKnow?: unknown } | undefined
    if (who && body?.needToKnow !== undefined && !who.permissions.has('need-to-know:mark')) return refused(reply, 'to state `needToKnow` it needs the permission need-to-know:mark')
    if (who?.role !== 'agent' || safe.has(request.method)) return
    const { agent = body?.agent } = request.params as { agent?: unknown }
    if (agent !== undefined && agent !== who.agent) return refused(reply, `an agent acts for his own seat, ${who.agent ?? 'and has none'}`)
    const { callId, handoverId } = request.params as { callId?: string; handoverId?: string }
    if ((callId !== undefined || handoverId !== undefined) && !takesPart(who.agent ?? '', { callId, handoverId })) return refused(reply, 'an agent acts in his own calls')
    // Whoever has the call may press its key: the seat says who that is.
    if (request.routeOptions.url === '/v1/handovers' && body) body.agent = who.agent
  })
  app.addHook('preSerialization', async ({ who }, _reply, payload: unknown) => (who ? masked(payload, sightOf(who)) : payload))
}

export const refused = (reply: FastifyReply, detail: string): Promise<FastifyReply> => sendProblem(reply, problem('forbidden', { detail }))

function whoAsks(request: FastifyRequest, accounts: Accounts): Who | undefined {
  const key = keyOf(request)
  if (key !== undefined) return accounts.ofKey(key)
  const token = request.cookies[sessionCookie]
  return token !== undefined && (safe.has(request.method) || fromOurPages(request)) ? accounts.ofSession(token) : undefined
}

/** As browsers say themselves: `Sec-Fetch-Site` (W3C Fetch Metadata), or, older ones, `Origin` (RFC 6454). */
function fromOurPages({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  return headers.origin !== undefined && URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host
}

function keyOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization === undefined) return undefined
  const [scheme, value = ''] = authorization.split(' ')
  if (scheme?.toLowerCase() === 'bearer') return value
  if (scheme?.toLowerCase() !== 'basic' || request.method !== 'GET') return ''
  const text = Buffer.from(value, 'base64').toString('utf8')
  return text.slice(text.indexOf(':') + 1)
}
