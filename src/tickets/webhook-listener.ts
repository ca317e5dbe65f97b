import Fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify'
import { verifyWebhook, type WebhookScheme } from './signature.ts'
import { type WebhookRefusal, webhookRefusals } from './webhook-refusals.ts'

/** One request, as it was answered. */
export interface HeardRequest {
  /** UTC, ms. */
  readonly at: number
  readonly method: string
  readonly path: string
  /** `webhook-id` as it came, signed or not. */
  readonly id?: string
  readonly status: number
  readonly outcome:
    | { readonly ok: true; readonly scheme: WebhookScheme; readonly payload: unknown }
    | { readonly ok: false; readonly code: WebhookRefusal }
}

export interface ListenerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly path: string
  readonly secrets: readonly string[]
  /** The status for a verified one. */
  readonly answer: () => number
  /** Told before the answer leaves. */
  readonly onRequest: (heard: HeardRequest) => void
}

const bodyLimit = 1_048_576

/** Receives webhooks and verifies them, in either scheme. @throws Error when it cannot listen there */
export async function startWebhookListener({ host, port, path, secrets, answer, onRequest }: ListenerOptions) {
  const tell = (request: FastifyRequest, status: number, outcome: HeardRequest['outcome']) => {
    const id = request.headers['webhook-id']
    onRequest({ at: Date.now(), method: request.method, path: pathOf(request), ...(typeof id === 'string' ? { id } : {}), status, outcome })
  }
  const refuse = (request: FastifyRequest, reply: FastifyReply, code: WebhookRefusal) => {
    const { status, title } = webhookRefusals[code]
    tell(request, status, { ok: false, code })
    const problem = { type: `urn:tandem:problem:${code}`, title, status, code }
    return reply.code(status).header('content-type', 'application/problem+json').send(JSON.stringify(problem))
  }
  const onError = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse(request, reply, 'body-too-large')
    if (error.statusCode !== undefined && error.statusCode < 500) return refuse(request, reply, 'invalid-request')
    throw error
  }
  const app = Fastify({ bodyLimit, exposeHeadRoutes: false, forceCloseConnections: true, frameworkErrors: (error, request, reply) => void onError(error, request, reply) })
  app.setErrorHandler<FastifyError>(onError)
  app.setNotFoundHandler((request, reply) => {
    if (pathOf(request) !== path) return refuse(request, reply, 'not-found')
    return refuse(request, reply.header('allow', 'POST'), 'method-not-allowed')
  })
  // Whatever it says to be: the signature is over the bytes.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.post(path, (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.of()
    const verdict = verifyWebhook(request.headers, body, secrets, Date.now())
    if (!verdict.ok) return refuse(request, reply, verdict.code)
    const payload = jsonOf(body)
    if (payload === undefined) return refuse(request, reply, 'malformed-body')
    const status = answer()
    tell(request, status, { ok: true, scheme: verdict.scheme, payload })
    return reply.code(status).send(status < 300 ? undefined : { reason: 'not taken' })
  })
  const address = await app.listen({ host, port })
  return { url: `${address}${path}`, close: () => app.close() }
}

const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0] ?? url

/** @returns undefined for what is no JSON */
function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown
  } catch {
    // JSON.parse throws nothing but this.
    return undefined
  }
}
