import { createHmac, getHashes, timingSafeEqual } from 'node:crypto'

/**
 * HMAC (RFC 2104) with SHA-256, or with SM3 (GB/T 32905-2016, formerly GM/T 0004-2012). The version before a signature says which:
 * `v1` is that of Standard Webhooks (github.com/standard-webhooks, spec §Signature scheme); `v1sm3` is ours, and one that does not
 * know it passes over it, as the specification asks.
 */
const schemes = {
  'hmac-sha256': { version: 'v1', hash: 'sha256' },
  'hmac-sm3': { version: 'v1sm3', hash: 'sm3' },
} as const
export type WebhookScheme = keyof typeof schemes
export const webhookSchemes = Object.keys(schemes) as WebhookScheme[]

/** Whether this build of Node has the scheme's hash: some OpenSSL builds lack SM3. */
export const canSign = (scheme: WebhookScheme, hashes: readonly string[] = getHashes()): boolean => hashes.includes(schemes[scheme].hash)

/** The headers of Standard Webhooks. */
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
  | { readonly ok: true; readonly id: string; readonly timestamp: number; readonly scheme: WebhookScheme }
  | { readonly ok: false; readonly code: WebhookFault }

const prefix = 'whsec_'

function mac(id: string, timestamp: string, body: Uint8Array, secret: string, scheme: WebhookScheme): Buffer {
  const key = Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, 'base64')
  return createHmac(schemes[scheme].hash, key).update(`${id}.${timestamp}.`).update(body).digest()
}

/**
 * One signature a secret, so that a secret can be replaced.
 * @param now UTC, ms
 * @throws Error (`ERR_CRYPTO_INVALID_DIGEST`) unless `canSign(scheme)`
 */
export function signWebhook(id: string, body: Uint8Array, secrets: readonly string[], now: number, scheme: WebhookScheme = 'hmac-sha256'): WebhookHeaders {
  const timestamp = String(Math.floor(now / 1_000))
  const signatures = secrets.map((secret) => `${schemes[scheme].version},${mac(id, timestamp, body, secret, scheme).toString('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

/**
 * Takes any scheme that this build of Node has.
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
  const given = webhookSchemes.filter((scheme) => canSign(scheme)).flatMap((scheme) => {
    const version = `${schemes[scheme].version},`
    const found = signature.split(' ').filter((part) => part.startsWith(version))
    return found.length === 0 ? [] : [{ scheme, macs: found.map((part) => Buffer.from(part.slice(version.length), 'base64')) }]
  })
  if (given.length === 0) return { ok: false, code: 'signature-malformed' }
  const match = given.find(({ scheme, macs }) => {
    const wanted = secrets.map((secret) => mac(id, timestamp, body, secret, scheme))
    return wanted.some((a) => macs.some((b) => a.length === b.length && timingSafeEqual(a, b)))
  })
  return match ? { ok: true, id, timestamp: sentAt, scheme: match.scheme } : { ok: false, code: 'signature-mismatch' }
}
