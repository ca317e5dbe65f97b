import type { Ticket } from '../../src/domain/ticket/ticket.ts'
import { signWebhook } from '../../src/tickets/signature.ts'
import { type GivenHttp, webhookSecret, withKey } from './given-http.ts'
import { incident } from './intake.ts'

/** What people and the police's ticket system do with tickets over HTTP. @param given as it is at each request: it may be started again */
export function ticketDesk(given: () => GivenHttp) {
  let messages = 0
  const post = async (url: string, payload: object, headers: object = {}) => given().http.inject({ method: 'POST', url, headers: { ...withKey, ...headers }, payload })
  const get = async (url: string) => given().http.inject({ url, headers: withKey })
  return {
    post,
    get,
    shown: async (id: string) => (await get(`/v1/tickets/${id}`)).json<{ ticket: Ticket }>().ticket,
    pushed: async (more: object = {}) => (await post('/v1/tickets', { from: '12345', intake: incident, matter: { category: '社会治安类', item: '殴打伤害事故' }, urgency: 'at-once', ...more })).json<{ ticket: Ticket }>().ticket,
    facts: async () => (await given().journal.read(0, 1_000)).map(({ fact }) => fact),
    /** As the police's ticket system says it, signed. */
    says: async (type: string, data: object) => {
      const payload = JSON.stringify({ type, data })
      return given().http.inject({ method: 'POST', url: '/v1/inbox/tickets-110', headers: { 'content-type': 'application/json', ...signWebhook(`msg_${++messages}`, Buffer.from(payload), [webhookSecret], Date.now()) }, payload })
    },
  }
}
