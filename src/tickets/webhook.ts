import type { TicketEndpointConfig } from '../config/schema.ts'
import type { HttpAnswer, HttpSender } from './http-sender.ts'
import { signWebhook } from './signature.ts'
import type { TicketSystem } from './ticket-system.ts'
import { DeliveryError } from './verdict.ts'

/** Refusals of another Tandem's inbox that say that there is no more to tell. */
const heard: ReadonlySet<unknown> = new Set(['message-replayed', 'ticket-settled'])

/** The answer to an attempt before was lost; or what was done there meanwhile has settled it. */
function unlessHeard(error: unknown): HttpAnswer {
  if (error instanceof DeliveryError && error.code === 'http-409' && heard.has(codeIn(error.answer))) return { status: 409, answer: error.answer }
  throw error
}

function codeIn(answer: string): unknown {
  try {
    return (JSON.parse(answer) as { readonly code?: unknown } | null)?.code
  } catch {
    // It is no problem document.
    return undefined
  }
}

/** Any system that takes signed webhooks (Standard Webhooks 1.0), another Tandem too. */
export const webhook = ({ url, secrets, signature }: Pick<TicketEndpointConfig, 'url' | 'secrets' | 'signature'>, sender: HttpSender): TicketSystem => ({
  async tell({ id, payload, missed, links }, signal) {
    const body = Buffer.from(JSON.stringify({ ...payload, ...(missed.length > 0 ? { missed } : {}), ...(links.length > 0 ? { links } : {}) }))
    const headers = { ...signWebhook(id, body, secrets, Date.now(), signature), 'content-type': 'application/json; charset=utf-8' }
    const { status, answer } = await sender.send({ url, headers, body }, signal).catch(unlessHeard)
    return { outcome: `http-${status}`, answer }
  },
})
