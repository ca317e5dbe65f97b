import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import { projectDir } from '../../src/lab/paths.ts'
import { signWebhook, type WebhookScheme } from '../../src/tickets/signature.ts'

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`
const [secret, old, foreign] = [newSecret(), newSecret(), newSecret()]
const payload = {
  type: 'handover.requested',
  timestamp: '2026-11-27T02:00:00.000Z',
  data: {
    handover: { id: 'h1', from: '12345', to: '110', state: 'requested', matter: { category: '治安', item: '噪音\u009b31m' }, reason: '正在发生' },
    call: { id: 'c1' },
    sequence: 2,
  },
}
const text = JSON.stringify(payload)

let dir = ''
const started: ChildProcess[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'webhook-listen-'))
})
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  rmSync(dir, { recursive: true })
})

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [join(projectDir, 'src/cli/tandem.mjs'), 'webhook', 'listen', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  })
  started.push(child)
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()))
  return { child, output, exited: once(child, 'close').then(([code]) => code as number | null) }
}

/** With both secrets, from a file. */
async function listen(...args: readonly string[]) {
  const file = join(dir, 'secrets')
  writeFileSync(file, `# new, old\n${secret}\n\n${old}\n`, { mode: 0o600 })
  const program = run(['--secret-file', file, ...args])
  const url = await eventually(() => /http:[^\s"]+/.exec(program.output.out)?.[0], (found) => found !== undefined, 20_000)
  const lines = () => program.output.out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  const stop = async () => {
    program.child.kill('SIGINT')
    return program.exited
  }
  return { ...program, url: String(url), lines, stop }
}

const signed = (by = secret, scheme?: WebhookScheme, at = Date.now(), id = 'msg_1', body = text) => ({ ...signWebhook(id, Buffer.from(body), [by], at, scheme) })

async function post(url: string, headers: object, body: string = text) {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
  const answer = await response.text()
  return { status: response.status, type: response.headers.get('content-type')?.split(';')[0], problem: answer === '' ? undefined : (JSON.parse(answer) as Record<string, unknown>) }
}

describe('tandem webhook listen', () => {
  it('takes what is good, in either scheme and under either secret, and says when an id is repeated', async () => {
    const { url, lines, stop, output } = await listen('--json')
    const library = { 'webhook-id': 'msg_3', 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)), 'webhook-signature': new Webhook(secret).sign('msg_3', new Date(), text) }
    const good = signed()
    for (const headers of [good, signed(old, 'hmac-sm3', Date.now(), 'msg_2'), library, good]) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      expect((await post(url, headers)).status).toBe(204)
    }
    expect(await stop(), output.err).toBe(0)
    const [first, ...rest] = lines()
    expect(first).toEqual({ kind: 'listening', url })
    const common = { kind: 'request', method: 'POST', path: '/', status: 204, verified: true, type: 'handover.requested', handover: 'h1', subject: 'h1', payload }
    expect(rest).toMatchObject([
      { ...common, id: 'msg_1', scheme: 'hmac-sha256', duplicate: false, times: 1 },
      { ...common, id: 'msg_2', scheme: 'hmac-sm3', duplicate: false },
      { ...common, id: 'msg_3', scheme: 'hmac-sha256', duplicate: false },
      { ...common, id: 'msg_1', duplicate: true, times: 2 },
      { kind: 'summary', requests: 4, verified: 4, duplicates: 1, refused: 0 },
    ])
  })

  it('refuses what is not, each with its own code, as a problem and in its output', async () => {
    const { url, lines, stop, output } = await listen('--json')
    const large = 'x'.repeat(1_048_577)
    const cases: readonly [status: number, code: string, headers: object, body?: string, at?: string][] = [
      [401, 'signature-mismatch', signed(), `${text} `],
      [401, 'signature-mismatch', signed(foreign)],
      [401, 'signature-mismatch', signed(foreign, 'hmac-sm3')],
      [401, 'timestamp-too-old', signed(secret, 'hmac-sm3', Date.now() - 302_000)],
      [401, 'timestamp-too-new', signed(secret, 'hmac-sha256', Date.now() + 303_000)],
      [401, 'timestamp-malformed', { ...signed(), 'webhook-timestamp': 'today' }],
      [401, 'headers-missing', {}],
      [401, 'signature-malformed', { ...signed(), 'webhook-signature': 'v2,abcd' }],
      [400, 'malformed-body', signed(secret, 'hmac-sha256', Date.now(), 'msg_5', '{"type":'), '{"type":'],
      [413, 'body-too-large', signed(secret, 'hmac-sha256', Date.now(), 'msg_6', large), large],
      [404, 'not-found', signed(), text, 'tickets'],
    ]
    for (const [status, code, headers, body, at = ''] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      const answer = await post(`${url}${at}`, headers, body)
      expect(answer).toMatchObject({ status, type: 'application/problem+json', problem: { type: `urn:tandem:problem:${code}`, status, code } })
    }
    const got = await fetch(url)
    expect([got.status, got.headers.get('allow'), ((await got.json()) as { code: string }).code]).toEqual([405, 'POST', 'method-not-allowed'])
    expect(await stop(), output.err).toBe(0)
    const refused = lines().slice(1, -1)
    expect(refused.map(({ status, code }) => [status, code])).toEqual([...cases.map(([status, code]) => [status, code]), [405, 'method-not-allowed']])
    expect(refused.every(({ verified, payload: shown }) => verified === false && shown === undefined)).toBe(true)
    expect(lines().at(-1)).toEqual({ kind: 'summary', requests: 12, verified: 0, duplicates: 0, refused: 12 })
  })

  it('tells people what came in a block each, and ends in order at Ctrl-C with a summary', async () => {
    const { url, stop, output } = await listen('--status', '503')
    expect(await post(url, signed())).toMatchObject({ status: 503, problem: { reason: 'not taken' } })
    expect((await post(url, signed())).status).toBe(503)
    expect((await post(url, signed(foreign))).status).toBe(401)
    expect(await stop(), output.err).toBe(0)
    const [head = '', first = '', second = '', third = '', summary = ''] = output.out.split('\n\n')
    expect(head).toBe(`Listening at ${url} (2 secrets; answers 503; Ctrl-C ends it)`)
    expect(first).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}handover\.requested\n/)
    for (const row of ['webhook-id  msg_1', 'verified    hmac-sha256', 'answered    503', 'hand-over   h1, 12345 to 110, requested', 'subject     治安 / 噪音\u{fffd}31m / 正在发生']) {
      expect(first).toContain(`\n  ${row}`)
    }
    expect(first).not.toContain('duplicate')
    expect(second).toContain('\n  duplicate   time 2 with this webhook-id')
    expect(third).toMatch(/REFUSED: signature-mismatch\n {2}request {5}POST \//)
    expect(summary).toBe('3 requests: 2 verified (1 repeated), 1 refused\n')
    expect(output.err).toBe('')
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })

  it.each([
    ['the environment', [], { TANDEM_WEBHOOK_SECRET: `${foreign} ${secret}` }],
    ['the command line', ['--secret', foreign, '--secret', secret], { TANDEM_WEBHOOK_SECRET: old }],
  ])('takes secrets from %s', async (_, args, env) => {
    const { child, output, exited } = run(args, env)
    const url = await eventually(() => /http:[^\s"]+/.exec(output.out)?.[0], (found) => found !== undefined, 20_000)
    expect((await post(String(url), signed())).status).toBe(204)
    expect((await post(String(url), signed(old))).status).toBe(401)
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  })

  it.each([
    ['without a secret', [], {}, /a secret is needed/],
    ['with a secret that is none, which is not shown', ['--secret', secret, '--secret', 'whsec_hidden'], {}, /^tandem: secret 2 of --secret is none(?!.*hidden)/],
    ['with a file that is not there', ['--secret-file', '/nowhere/secrets'], {}, /--secret-file cannot be read: ENOENT/],
    ['with a status that is none', ['--secret', secret, '--status', '99'], {}, /--status must be a whole number from 200 to 599/],
    ['with a port that is none', ['--secret', secret, '--port', '8o80'], {}, /--port must be/],
    ['at an address that is not here', ['--secret', secret, '--host', '192.0.2.1'], {}, /cannot listen at 192\.0\.2\.1, port 0: .*EADDRNOTAVAIL/],
    ['with an option that is unknown', ['--secrets', secret], {}, /Unknown option '--secrets'/],
  ])('is refused %s', async (_, args, env, reason) => {
    const { output, exited } = run(args, env)
    expect(await exited).toBe(2)
    expect(output.err).toMatch(reason)
    expect(output.err).not.toContain('    at ')
    expect(output.out).toBe('')
  })
})
