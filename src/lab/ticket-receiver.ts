import type { HandoverPayload } from '../tickets/payload-schema.ts'
import { startWebhookListener } from '../tickets/webhook-listener.ts'

export interface ReceivedTicket {
  /** `performance.now()` of its arrival. */
  readonly at: number
  readonly id: string
  /** `valid`: others are refused. */
  readonly signature: string
  /** Of a hand-over, mostly: other events have other data. */
  readonly payload: HandoverPayload
}

export interface TicketReceiver {
  readonly url: string
  /** In the order of arrival, repeated ones included; refused and failed ones are not. */
  readonly tickets: readonly ReceivedTicket[]
  /** Answers the next good ones with these statuses, then 204 again. */
  failNext(...statuses: readonly number[]): void
  of(callId: string): readonly ReceivedTicket[]
  stop(): Promise<void>
}

/** A ticket system on loopback that verifies what it gets, as Standard Webhooks asks. */
export async function startTicketReceiver(secret: string, port: number): Promise<TicketReceiver> {
  const tickets: ReceivedTicket[] = []
  const failures: number[] = []
  const { url, close } = await startWebhookListener({
    host: '127.0.0.1',
    port,
    path: '/tickets',
    secrets: [secret],
    answer: () => failures.shift() ?? 204,
    onRequest({ id = '', status, outcome }) {
      if (outcome.ok && status < 300) tickets.push({ at: performance.now(), id, signature: 'valid', payload: outcome.payload as HandoverPayload })
    },
  })
  return {
    url,
    tickets,
    failNext: (...statuses) => void failures.push(...statuses),
    of: (callId) => tickets.filter(({ payload }) => callOf(payload.data) === callId),
    stop: close,
  }
}

const callOf = ({ call, ticket }: Partial<HandoverPayload['data']>): string | undefined => call?.id ?? ticket?.callId
