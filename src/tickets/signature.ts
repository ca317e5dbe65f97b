import { createHmac, timingSafeEqual } from 'node:crypto'

/** Standard Webhooks (github.com/standard-webhooks, spec §Signature scheme), symmetric, `v1`. */
export interface WebhookHeaders {
  readonly 'webhook-id': string
  /** Seconds since 1970. */
  readonly 'webhook-timestamp': string
  readonly 'webhook-signature': string
}

export const webhookToleranceMs = 300_000

/**
 * A body that was changed and a secret that is not ours look alike: with a shared secret there is only one answer,
 * `signature-mismatch`, to both.
 */
export type WebhookFault =
  | 'headers-missing'
  | 'signature-malformed'
  | 'timestamp-malformed'
  | 'timestamp-too-old'
  | 'timestamp-too-new'
  | 'signature-mismatch'

export type WebhookVerification =
  | { readonly ok: true; readonly id: string; readonly timestamp: number }
  | { readonly ok: false; readonly code: WebhookFault }

const prefix = 'whsec_'

function mac(id: string, timestamp: string, body: Uint8Array, secret: string): Buffer {
  const key = Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, 'base64')
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}

/** One signature a secret, so that a secret can be replaced. @param now UTC, ms. */
export function signWebhook(id: string, body: Uint8Array, secrets: readonly string[], now: number): WebhookHeaders {
  const timestamp = String(Math.floor(now / 1_000))
  const signatures = secrets.map((secret) => `v1,${mac(id, timestamp, body, secret).toString('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

/**
 * @param headers names in lower case, as Node gives them
 * @param body the bytes received, before any parsing
 * @param now UTC, ms
 */
export function verifyWebhook(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Uint8Array,
  secrets: readonly string[],
  now: number,
): WebhookVerification {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headers[name])
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string' || !id) {
    return { ok: false, code: 'headers-missing' }
  }
  if (!/^[0-9]{1,12}$/.test(timestamp)) return { ok: false, code: 'timestamp-malformed' }
  const sentAt = Number(timestamp) * 1_000
  if (sentAt < now - webhookToleranceMs) return { ok: false, code: 'timestamp-too-old' }
  if (sentAt > now + webhookToleranceMs) return { ok: false, code: 'timestamp-too-new' }
  const given = signature.split(' ').flatMap((part) => (part.startsWith('v1,') ? [Buffer.from(part.slice(3), 'base64')] : []))
  if (given.length === 0) return { ok: false, code: 'signature-malformed' }
  const wanted = secrets.map((secret) => mac(id, timestamp, body, secret))
  const match = wanted.some((a) => given.some((b) => a.length === b.length && timingSafeEqual(a, b)))
  return match ? { ok: true, id, timestamp: sentAt } : { ok: false, code: 'signature-mismatch' }
}
