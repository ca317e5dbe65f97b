import { randomBytes } from 'node:crypto'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { signWebhook, verifyWebhook } from '../../src/tickets/signature.ts'

const secret = () => `whsec_${randomBytes(32).toString('base64')}`
const [ours, old, foreign] = [secret(), secret(), secret()]
const text = JSON.stringify({ type: 'handover.requested', data: { name: '市民热线' } })
const body = Buffer.from(text)
const now = Date.now()
const plain = (headers: object) => ({ ...headers }) as Record<string, string>

const signed = (at = now) => ({
  'webhook-id': 'msg_2',
  'webhook-timestamp': String(Math.floor(at / 1_000)),
  'webhook-signature': new Webhook(ours).sign('msg_2', new Date(at), text),
})
const verify = (headers: Record<string, string>, bytes = body, secrets = [old, ours]) => verifyWebhook(headers, bytes, secrets, now)

describe('what we sign', () => {
  it('is accepted by Standard Webhooks’ own library, under either secret while one is replaced', () => {
    const headers = plain(signWebhook('msg_1', body, [ours, old], now))
    for (const key of [ours, old]) expect(verify(headers, body, [key])).toMatchObject({ ok: true })
    expect(verify(headers, body, [foreign])).toEqual({ ok: false, code: 'signature-mismatch' })
    for (const key of [ours, old]) expect(new Webhook(key).verify(text, headers)).toEqual(JSON.parse(text))
    expect(() => new Webhook(foreign).verify(text, headers)).toThrow(WebhookVerificationError)
    expect(() => new Webhook(ours).verify(`${text} `, headers)).toThrow(WebhookVerificationError)
  })
})

describe('what the library signs', () => {
  it('is accepted by us', () => {
    expect(verify(signed())).toEqual({ ok: true, id: 'msg_2', timestamp: Math.floor(now / 1_000) * 1_000, scheme: 'hmac-sha256' })
    expect(verify(signed(now - 299_000)).ok).toBe(true)
  })

  it.each([
    ['unsigned', 'headers-missing', () => verify({})],
    ['without its signature', 'headers-missing', () => verify({ ...signed(), 'webhook-signature': undefined as never })],
    ['with a signature of another kind', 'signature-malformed', () => verify({ ...signed(), 'webhook-signature': 'v2,abcd' })],
    ['late', 'timestamp-too-old', () => verify(signed(now - 302_000))],
    ['early', 'timestamp-too-new', () => verify(signed(now + 302_000))],
    ['with no time', 'timestamp-malformed', () => verify({ ...signed(), 'webhook-timestamp': 'today' })],
    ['with another time', 'signature-mismatch', () => verify({ ...signed(), 'webhook-timestamp': String(Math.floor(now / 1_000) - 9) })],
    ['with another id', 'signature-mismatch', () => verify({ ...signed(), 'webhook-id': 'msg_3' })],
    ['with a changed body', 'signature-mismatch', () => verify(signed(), Buffer.from(`${text} `))],
    ['under a secret that is not ours', 'signature-mismatch', () => verify(signed(), body, [foreign])],
    ['with a short signature', 'signature-mismatch', () => verify({ ...signed(), 'webhook-signature': 'v1,abcd' })],
  ])('is refused when %s: %s', (_, code, attempt) => {
    expect(attempt()).toEqual({ ok: false, code })
  })
})
