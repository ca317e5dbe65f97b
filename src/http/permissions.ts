/** What each route needs, in one place: a route that is not here is refused. */
import type { Permission } from '../users/roles.ts'

export interface Needed {
  /** `anybody`: whoever is signed in; `nobody`: also who is not. */
  readonly may: Permission | 'anybody' | 'nobody'
  /** It shows what is kept of a citizen: who looked is a fact. */
  readonly viewed?: true
}

export const needed: Readonly<Record<string, Needed>> = {
  'GET /v1/health': { may: 'anybody' },
  'GET /openapi.json': { may: 'anybody' },
  'GET /docs/*': { may: 'anybody' },
  'POST /v1/sessions': { may: 'nobody' },
  // It is signed.
  'POST /v1/inbox/:endpoint': { may: 'nobody' },
  'GET /v1/sessions/current': { may: 'anybody' },
  'DELETE /v1/sessions/current': { may: 'anybody' },
  'PUT /v1/sessions/current/password': { may: 'anybody' },
  'GET /v1/users': { may: 'accounts' },
  'PUT /v1/users/:user': { may: 'accounts' },
  'DELETE /v1/users/:user': { may: 'accounts' },
  'GET /v1/keys': { may: 'accounts' },
  'POST /v1/keys': { may: 'accounts' },
  'DELETE /v1/keys/:key': { may: 'accounts' },
  'GET /v1/agents': { may: 'calls:read' },
  'PUT /v1/agents/:agent/state': { may: 'agents:state' },
  'GET /v1/calls': { may: 'calls:read' },
  'GET /v1/calls/:callId': { may: 'calls:read', viewed: true },
  'POST /v1/calls': { may: 'calls:command' },
  'POST /v1/calls/:callId/parties': { may: 'calls:command' },
  'PATCH /v1/calls/:callId/parties/:party': { may: 'calls:command' },
  'POST /v1/calls/:callId/parties/:party/drop': { may: 'calls:command' },
  'PATCH /v1/calls/:callId/recording': { may: 'calls:command' },
  'POST /v1/handovers': { may: 'calls:command' },
  'GET /v1/handovers': { may: 'calls:read' },
  'GET /v1/handovers/:handoverId': { may: 'calls:read', viewed: true },
  'PATCH /v1/handovers/:handoverId': { may: 'calls:command' },
  'POST /v1/handovers/:handoverId/cancel': { may: 'calls:command' },
  'POST /v1/handovers/:handoverId/confirm': { may: 'calls:command' },
  'POST /v1/handovers/:handoverId/outcome': { may: 'calls:command' },
  'GET /v1/intake/:platform': { may: 'tickets:read' },
  'GET /v1/tickets': { may: 'tickets:read', viewed: true },
  'GET /v1/tickets/:ticketId': { may: 'tickets:read', viewed: true },
  'POST /v1/tickets': { may: 'tickets:command' },
  'POST /v1/tickets/:ticketId/accept': { may: 'tickets:command' },
  'POST /v1/tickets/:ticketId/return': { may: 'tickets:command' },
  'POST /v1/tickets/:ticketId/reports': { may: 'tickets:command' },
  'POST /v1/tickets/:ticketId/resend': { may: 'tickets:command' },
  'POST /v1/tickets/:ticketId/confer': { may: 'tickets:command' },
  'POST /v1/tickets/:ticketId/close': { may: 'tickets:command' },
  'POST /v1/tickets/:ticketId/reopen': { may: 'tickets:command' },
  'POST /v1/tickets/:ticketId/withdraw': { may: 'tickets:command' },
  'POST /v1/tickets/:ticketId/intake': { may: 'tickets:command' },
  'GET /v1/need-to-know': { may: 'tickets:read', viewed: true },
  'PUT /v1/need-to-know/:record': { may: 'need-to-know:mark' },
  'POST /v1/need-to-know/:record/lift': { may: 'need-to-know:lift' },
  'POST /v1/tickets/:ticketId/attachments': { may: 'tickets:command' },
  'GET /v1/tickets/:ticketId/attachments/:attachmentId': { may: 'tickets:read', viewed: true },
  // The link is signed.
  'GET /v1/links/attachments/:attachmentId': { may: 'nobody' },
  'GET /v1/events': { may: 'calls:read' },
  'GET /v1/calls/:callId/recordings': { may: 'recordings' },
  // The fetch is a fact of its own.
  'GET /v1/recordings/:recordingId/file': { may: 'recordings' },
  // The link is signed.
  'GET /v1/links/recordings/:recordingId': { may: 'nobody' },
  'GET /v1/links/handovers/:handoverId': { may: 'nobody', viewed: true },
  'GET /v1/deliveries': { may: 'deliveries:read' },
  'GET /v1/deliveries/:deliveryId': { may: 'deliveries:read' },
  'POST /v1/deliveries/:deliveryId/replay': { may: 'deliveries:replay' },
  'POST /v1/deliveries/replay': { may: 'deliveries:replay' },
  'GET /v1/ledger/handovers': { may: 'ledger:read', viewed: true },
  'GET /v1/ledger/calls': { may: 'ledger:read', viewed: true },
  'GET /v1/ledger/tickets': { may: 'ledger:read', viewed: true },
  'GET /v1/ledger/events': { may: 'ledger:read', viewed: true },
  'GET /v1/ledger/checkpoints': { may: 'ledger:read' },
  'GET /v1/ledger/export': { may: 'ledger:export' },
  'POST /v1/ledger/erasures': { may: 'ledger:erase' },
  'GET /v1/catalogue': { may: 'calls:read' },
  'GET /v1/catalogue/versions': { may: 'calls:read' },
  'PUT /v1/catalogue/matters/:matter': { may: 'catalogue' },
  'DELETE /v1/catalogue/matters/:matter': { may: 'catalogue' },
  'POST /v1/catalogue/imports': { may: 'catalogue' },
  'GET /v1/knowledge': { may: 'calls:read' },
  'PUT /v1/knowledge/:entry': { may: 'catalogue' },
  'DELETE /v1/knowledge/:entry': { may: 'catalogue' },
  'POST /v1/recommendations': { may: 'calls:read' },
  'POST /v1/recommendations/choices': { may: 'calls:command' },
  'GET /v1/recommendations/choices': { may: 'catalogue' },
  'DELETE /v1/recommendations/choices': { may: 'catalogue' },
  'POST /v1/decisions': { may: 'calls:read' },
  'POST /v1/calls/:callId/decisions': { may: 'calls:command' },
  'GET /v1/nuisance-callers': { may: 'ledger:read', viewed: true },
  'DELETE /v1/nuisance-callers/:number': { may: 'catalogue' },
  'GET /v1/ledger/overrides': { may: 'ledger:read' },
  // The URL is signed.
  'GET /v1/phones/:agent/keys/:key': { may: 'nobody' },
  'GET /v1/phones/:agent': { may: 'accounts' },
  'POST /v1/phones/:agent/revocations': { may: 'accounts' },
  'POST /v1/test-calls': { may: 'test-calls' },
  'GET /v1/test-calls': { may: 'calls:read' },
}

/** @param method of HTTP; HEAD is a GET whose answer is not sent @param url as the route is declared */
export function neededBy(method: string, url: string): Needed | undefined {
  const asked = method === 'HEAD' ? 'GET' : method
  return needed[`${asked} ${url}`] ?? (asked === 'GET' && (url === '/docs' || url.startsWith('/docs/')) ? needed['GET /docs/*'] : undefined)
}
