import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HandoverPayload } from '../../src/tickets/payload-schema.ts'

export interface Received {
  readonly id: string
  readonly at: number
  readonly headers: IncomingHttpHeaders
  readonly raw: Buffer
  readonly payload: HandoverPayload
}

export interface Receiver {
  readonly url: string
  /** In the order of arrival, refused ones included. */
  readonly received: Received[]
  /** Status for each; 204 unless set. Undefined: no answer at all. */
  answer: (received: Received) => number | { readonly status: number; readonly body: string } | undefined
  close(): Promise<void>
}

/** A ticket system that takes webhooks. */
export async function webhookReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks)
      const { headers } = request
      const payload = JSON.parse(raw.toString()) as HandoverPayload
      const one = { id: String(headers['webhook-id']), at: Date.now(), headers, raw, payload }
      received.push(one)
      const status = receiver.answer(one)
      if (typeof status === 'object') response.writeHead(status.status).end(status.body)
      else if (status !== undefined) response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answer: () => 204,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
  return receiver
}
