import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config/schema.ts'
import { problem, sendProblem } from './problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the API key that the request came with. */
    user: string
  }
}

const bearer = 'Bearer realm="tandem"'
const basic = 'Basic realm="tandem", charset="UTF-8"'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * Every route needs a key: `Authorization: Bearer <key>` (RFC 6750), or, to read with a browser, HTTP Basic with the
 * key as password (RFC 7617) on GET only, since a browser would add it to any site's request by itself.
 */
export function requireKey(app: FastifyInstance, keys: Config['http']['apiKeys']): void {
  const known = keys.map(({ name, key }) => ({ name, digest: digest(key) }))
  app.decorateRequest('user', '')
  app.addHook('onRequest', async (request, reply) => {
    const presented = keyOf(request)
    const hashed = presented === undefined ? undefined : digest(presented)
    const found = hashed && known.find((key) => timingSafeEqual(key.digest, hashed))
    if (!found) {
      reply.header('www-authenticate', request.method === 'GET' ? `${bearer}, ${basic}` : bearer)
      return sendProblem(reply, problem('unauthorized'))
    }
    request.user = found.name
    return undefined
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
