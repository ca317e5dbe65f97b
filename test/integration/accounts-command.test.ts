import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GivenHttp, givenHttp, keys } from '../support/given-http.ts'

let given: GivenHttp
let address: string

beforeAll(async () => {
  given = await givenHttp()
  address = await given.http.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => given.close())

const signIn = (password: string) => fetch(`${address}/v1/sessions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'li', password }) })

async function tandem(args: readonly string[], input = '', key = keys.archive): Promise<{ readonly code: unknown; readonly out: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/cli/tandem.ts'), ...args], { env: { ...process.env, TANDEM: address, TANDEM_API_KEY: key } })
  child.stdin.end(input)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number]>])
  return { code, out: out + err }
}

it('tandem user adds, lists and removes; the password comes from standard input', async () => {
  expect(await tandem(['user', 'add', 'li', '--role', 'agent', '--agent', '1001'], 'a long enough one\n')).toEqual({ code: 0, out: 'done\n' })
  expect(await tandem(['user', 'list'])).toEqual({ code: 0, out: '{"name":"li","role":"agent","agent":"1001"}\n' })
  expect((await signIn('a long enough one')).status).toBe(201)
  expect(await tandem(['user', 'password', 'li'], 'quite another one\n')).toMatchObject({ code: 0 })
  expect([(await signIn('a long enough one')).status, (await signIn('quite another one')).status]).toEqual([401, 201])
  expect(await tandem(['user', 'remove', 'li'])).toMatchObject({ code: 0 })
  expect(await tandem(['user', 'list'])).toEqual({ code: 0, out: '' })
})

it('tandem key prints a new key once; it works until it is removed', async () => {
  const { code, out } = await tandem(['key', 'add', 'reader', '--role', 'system', '--scope', 'deliveries:read'])
  expect(code).toBe(0)
  const asked = () => fetch(`${address}/v1/deliveries`, { headers: { authorization: `Bearer ${out.trim()}` } })
  expect((await asked()).status).toBe(200)
  expect(await tandem(['key', 'list'])).toEqual({ code: 0, out: '{"name":"reader","role":"system","scopes":["deliveries:read"]}\n' })
  expect(await tandem(['key', 'remove', 'reader'])).toMatchObject({ code: 0 })
  expect((await asked()).status).toBe(401)
})

it('says what is wrong: too short a password, no right to it, nothing asked', async () => {
  expect(await tandem(['user', 'add', 'li', '--role', 'agent'], 'short\n')).toMatchObject({ code: 1, out: expect.stringContaining('/body/password') })
  expect(await tandem(['user', 'list'], '', keys.desk)).toMatchObject({ code: 1, out: expect.stringContaining('accounts') })
  expect(await tandem(['user', 'add', 'li'])).toMatchObject({ code: 2, out: expect.stringContaining('--role is missing') })
  expect(await tandem(['user'])).toMatchObject({ code: 2, out: expect.stringContaining('tandem key list') })
})
