import { createHash, createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { describe, expect, it, vi } from 'vitest'
import { signWebhook, webhookSchemes, verifyWebhook } from '../../src/tickets/signature.ts'

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`
/** `{}` under a new secret and this one. */
const signed = (by: string, at: number) => signWebhook('msg_1', Buffer.from('{}'), [newSecret(), by], at, 'hmac-sm3')
const bytes = (first: number, last: number) => Buffer.from(Array.from({ length: last - first + 1 }, (_, i) => first + i))

describe('Node’s SM3', () => {
  it.each([
    // GB/T 32905-2016, Appendix A.1 and A.2.
    ['abc', '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0'],
    ['abcd'.repeat(16), 'debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732'],
  ])('is that of the standard for %s', (text, digest) => {
    expect(createHash('sm3').update(text).digest('hex')).toBe(digest)
  })

  // GM/T 0042-2015, Appendix D.3; OpenSSL's evpmac_sm3.txt and Linux's crypto/testmgr.h have the same ones.
  it.each([
    [bytes(0x01, 0x20), 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'.repeat(2), 'ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a'],
    [bytes(0x01, 0x25), Buffer.alloc(50, 0xcd), '220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae'],
    [Buffer.alloc(32, 0x0b), 'Hi There', 'c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e'],
    [Buffer.from('Jefe'), 'what do ya want for nothing?', '2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882'],
  ])('makes the HMAC of the standard (%#)', (key, message, mac) => {
    expect(createHmac('sm3', key).update(message).digest('hex')).toBe(mac)
  })
})

describe('a webhook signed by HMAC-SM3', () => {
  const [ours, old, foreign] = [newSecret(), newSecret(), newSecret()]
  const text = JSON.stringify({ type: 'handover.requested', data: { name: '市民热线' } })
  const body = Buffer.from(text)
  const now = Date.now()
  const headers = { ...signWebhook('msg_1', body, [ours], now, 'hmac-sm3') }
  const verify = (given: Record<string, string>, secrets = [ours], raw = body) => verifyWebhook(given, raw, secrets, now)

  it('has the HMAC of id.timestamp.body, behind `v1sm3,`', () => {
    const key = Buffer.from(ours.slice('whsec_'.length), 'base64')
    const mac = createHmac('sm3', key).update(`msg_1.${Math.floor(now / 1_000)}.${text}`).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1sm3,${mac}`)
  })

  it('is verified, and told from the other scheme', () => {
    expect(verify(headers)).toMatchObject({ ok: true, scheme: 'hmac-sm3' })
    expect(verify({ ...signWebhook('msg_1', body, [ours], now) })).toMatchObject({ ok: true, scheme: 'hmac-sha256' })
  })

  it.each([
    ['the body was changed', 'signature-mismatch', () => verify(headers, [ours], Buffer.from(`${text} `))],
    ['the secret is not ours', 'signature-mismatch', () => verify(headers, [foreign])],
    ['it says to be HMAC-SHA256', 'signature-mismatch', () => verify({ ...headers, 'webhook-signature': headers['webhook-signature'].replace('v1sm3,', 'v1,') })],
    ['it says to be of a kind unknown here', 'signature-malformed', () => verify({ ...headers, 'webhook-signature': headers['webhook-signature'].replace('v1sm3,', 'v1sm4,') })],
    ['it is late', 'timestamp-too-old', () => verifyWebhook(headers, body, [ours], now + 302_000)],
  ])('is refused when %s: %s', (_, code, attempt) => {
    expect(attempt()).toEqual({ ok: false, code })
  })

  it('is verified by who has the old secret only, and by who has the new one only, while both sign', () => {
    const both = { ...signWebhook('msg_1', body, [ours, old], now, 'hmac-sm3') }
    for (const secret of [ours, old]) expect(verify(both, [secret])).toMatchObject({ ok: true })
    expect(verify(both, [foreign])).toEqual({ ok: false, code: 'signature-mismatch' })
  })

  it('is passed over by Standard Webhooks’ own library, which takes a signature of its own beside it', () => {
    const beside = { ...headers, 'webhook-signature': `${headers['webhook-signature']} ${new Webhook(ours).sign('msg_1', new Date(now), text)}` }
    expect(new Webhook(ours).verify(text, beside)).toEqual(JSON.parse(text))
    expect(() => new Webhook(ours).verify(text, headers)).toThrow(WebhookVerificationError)
    expect(() => new Webhook(ours).verify(text, headers)).toThrow('No matching signature found')
  })
})

describe.each(['README.md', 'README.zh-CN.md'])('%s', (name) => {
  const readme = readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

  it.each(webhookSchemes)('has the signature of its example by %s', (scheme) => {
    const secret = `whsec_${bytes(0x01, 0x20).toString('base64')}`
    const { 'webhook-signature': signature } = signWebhook('msg_1', Buffer.from('{"type":"handover.requested"}'), [secret], 1_798_761_600_000, scheme)
    expect(readme).toContain(`| \`${scheme}\` | \`${signature}\` |`)
  })

  it('shows a verifier that takes what is ours and refuses what is not', async () => {
    const [, code = ''] = /```js\n((?:(?!```)[^])*verifySm3[^]*?)```/.exec(readme) ?? []
    const secret = newSecret()
    vi.stubEnv('TANDEM_TICKET_SECRET', secret)
    const { verifySm3 } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { verifySm3: (headers: object, body: Buffer) => boolean }
    expect(verifySm3(signed(secret, Date.now()), Buffer.from('{}'))).toBe(true)
    expect(verifySm3(signed(secret, Date.now()), Buffer.from('[]'))).toBe(false)
    expect(verifySm3(signed(secret, Date.now() - 302_000), Buffer.from('{}'))).toBe(false)
    expect(verifySm3(signed(newSecret(), Date.now()), Buffer.from('{}'))).toBe(false)
    expect(verifySm3({}, Buffer.from('{}'))).toBe(false)
    vi.unstubAllEnvs()
  })
})
