import type { TicketEndpointConfig } from '../config/schema.ts'
import type { HttpSender } from './http-sender.ts'
import { signWebhook } from './signature.ts'
import type { TicketSystem } from './ticket-system.ts'

/** Any system that takes signed webhooks (Standard Webhooks 1.0), another Tandem too. */
export const webhook = ({ url, secrets, signature }: Pick<TicketEndpointConfig, 'url' | 'secrets' | 'signature'>, sender: HttpSender): TicketSystem => ({
  async tell({ id, payload, missed, links }, signal) {
    const body = Buffer.from(JSON.stringify({ ...payload, ...(missed.length > 0 ? { missed } : {}), ...(links.length > 0 ? { links } : {}) }))
    const headers = { ...signWebhook(id, body, secrets, Date.now(), signature), 'content-type': 'application/json; charset=utf-8' }
    const { status, answer } = await sender.send({ url, headers, body }, signal)
    return { outcome: `http-${status}`, answer }
  },
})
