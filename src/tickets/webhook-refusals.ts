import type { WebhookFault } from './signature.ts'

export type WebhookRefusal = WebhookFault | 'malformed-body' | 'invalid-request' | 'not-found' | 'method-not-allowed' | 'body-too-large'

/** What a receiver answers to what it does not take, as RFC 9457 problem details. */
export const webhookRefusals: Readonly<Record<WebhookRefusal, { readonly status: number; readonly title: string }>> = {
  'headers-missing': { status: 401, title: 'It lacks webhook-id, webhook-timestamp or webhook-signature' },
  'signature-malformed': { status: 401, title: 'No signature is of a version known here: v1 or v1sm3' },
  'timestamp-malformed': { status: 401, title: 'webhook-timestamp is no number of seconds since 1970' },
  'timestamp-too-old': { status: 401, title: 'It was signed more than 5 minutes ago, or the clocks differ' },
  'timestamp-too-new': { status: 401, title: 'It was signed more than 5 minutes ahead of the clock here' },
  'signature-mismatch': { status: 401, title: 'The signature fits none of the secrets: another secret, or something was changed on the way' },
  'malformed-body': { status: 400, title: 'The body is not JSON' },
  'invalid-request': { status: 400, title: 'The request is no proper HTTP' },
  'not-found': { status: 404, title: 'Webhooks are taken at another path' },
  'method-not-allowed': { status: 405, title: 'Webhooks are posted' },
  'body-too-large': { status: 413, title: 'The body is over 1 MiB' },
}
