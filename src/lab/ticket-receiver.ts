import Fastify from 'fastify'
import { verifyWebhook } from '../tickets/signature.ts'
import type { HandoverPayload } from '../tickets/payload-schema.ts'

export interface ReceivedTicket {
  /** `performance.now()` of its arrival. */
  readonly at: number
  readonly id: string
  /** `valid`, or why the signature was refused. */
  readonly signature: string
  readonly payload: HandoverPayload
}

export interface TicketReceiver {
  readonly url: string
  /** In the order of arrival, repeated ones included; refused and failed ones are not. */
  readonly tickets: readonly ReceivedTicket[]
  /** Answers the next requests with these statuses, then 204 again. */
  failNext(...statuses: readonly number[]): void
  of(callId: string): readonly ReceivedTicket[]
  stop(): Promise<void>
}

/** A ticket system on loopback that verifies what it gets, as Standard Webhooks asks. */
export async function startTicketReceiver(secret: string, port: number): Promise<TicketReceiver> {
  const app = Fastify()
  const tickets: ReceivedTicket[] = []
  const failures: number[] = []
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.post('/tickets', async (request, reply) => {
    const at = performance.now()
    const status = failures.shift()
    if (status !== undefined) return reply.code(status).send({ reason: 'not taken' })
    const body = request.body as Buffer
    const verdict = verifyWebhook(request.headers, body, [secret], Date.now())
    if (!verdict.ok) return reply.code(401).send(verdict)
    tickets.push({ at, id: String(request.headers['webhook-id']), signature: 'valid', payload: JSON.parse(body.toString()) as HandoverPayload })
    return reply.code(204).send()
  })
  const url = await app.listen({ host: '127.0.0.1', port })
  return {
    url: `${url}/tickets`,
    tickets,
    failNext: (...statuses) => void failures.push(...statuses),
    of: (callId) => tickets.filter(({ payload }) => payload.data.call.id === callId),
    stop: () => app.close(),
  }
}
