import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { labSecrets, webhookSecret } from '../../src/lab/secrets.ts'

let dir = ''
let file = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lab-secrets-'))
  file = join(dir, 'secrets.json')
})
afterEach(() => rmSync(dir, { recursive: true }))

test('secrets are made once, differ from each other and stay when more are wanted', () => {
  const first = labSecrets(['ari', 'ami'], file)
  expect(first['ari']).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(first['ari']).not.toBe(first['ami'])
  expect(labSecrets(['ami', 'api', 'ari'], file)).toMatchObject(first)
})

test('only the owner may read them', () => {
  labSecrets(['ari'], file)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a webhook secret is what Standard Webhooks takes', () => {
  const secret = webhookSecret('tickets', file)
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(webhookSecret('tickets', file)).toBe(secret)
  const now = new Date()
  const signature = new Webhook(secret).sign('msg_1', now, '{}')
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(Math.floor(now.getTime() / 1000)), 'webhook-signature': signature }
  expect(new Webhook(secret).verify('{}', headers)).toEqual({})
})

test('a damaged file is an error that says what is to be done', () => {
  writeFileSync(file, '{"ari":')
  expect(() => labSecrets(['ari'], file)).toThrow(/damaged\. Remove it/)
})
