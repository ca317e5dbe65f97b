import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config/schema.ts'
import { problem, sendProblem } from './problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the API key that the request came with. */
    user: string
    /** That key may have recordings. */
    recordings: boolean
  }
}

const bearer = 'Bearer realm="tandem"'
const basic = 'Basic realm="tandem", charset="UTF-8"'

/**
 * Every route needs a key: `Authorization: Bearer <key>` (RFC 6750), or, to read with a browser, HTTP Basic with the
 * key as password (RFC 7617) on GET only, since a browser would add it to any site's request by itself.
 */
export function requireKey(app: FastifyInstance, keys: Config['http']['apiKeys']): void {
  const known = keys.map(({ name, key, recordings }) => ({ name, recordings, key: Buffer.from(key) }))
  app.decorateRequest('user', '')
  app.decorateRequest('recordings', false)
  app.addHook('onRequest', (request, reply, done) => {
    const presented = Buffer.from(keyOf(request) ?? '')
    const found = known.find(({ key }) => key.length === presented.length && timingSafeEqual(key, presented))
    if (!found) {
      reply.header('www-authenticate', request.method === 'GET' ? `${bearer}, ${basic}` : bearer)
      void sendProblem(reply, problem('unauthorized'))
      return
    }
    request.user = found.name
    request.recordings = found.recordings
    done()
  })
}

function keyOf(request: FastifyRequest): string | undefined {
  const [scheme, value] = (request.headers.authorization ?? '').split(' ')
  if (value === undefined) return undefined
  if (scheme?.toLowerCase() === 'bearer') return value
  if (scheme?.toLowerCase() !== 'basic' || request.method !== 'GET') return undefined
  const text = Buffer.from(value, 'base64').toString('utf8')
  return text.slice(text.indexOf(':') + 1)
}
