import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import { needed, neededBy } from '../../src/http/permissions.ts'
import { AccountStore } from '../../src/users/account-store.ts'
import { Accounts } from '../../src/users/accounts.ts'
import type { Role } from '../../src/users/roles.ts'
import { type GivenHttp, givenHttp, keys, newJournalPath, withArchiveKey, withKey } from '../support/given-http.ts'

let given: GivenHttp
let path: string

beforeEach(async () => {
  path = newJournalPath()
  given = await givenHttp({ path })
})
afterEach(async () => {
  await given.close()
  rmSync(dirname(path), { recursive: true })
})

const password = 'a long enough one'
const fromOurs = { 'sec-fetch-site': 'same-origin' }
const ask = (method: string, url: string, headers: Record<string, string>, payload?: object) =>
  given.http.inject({ method: method as 'GET', url, headers, ...(payload ? { payload } : {}) })
const asAdmin = (method: string, url: string, payload?: object) => ask(method, url, withArchiveKey, payload)
const numbers = async (headers: Record<string, string>) => (await ask('GET', '/v1/calls', headers)).json<{ items: { caller: { number: string } }[] }>().items.map(({ caller }) => caller.number)
const facts = async () => (await given.journal.read(0, 1_000)).map(({ fact }) => fact)

async function user(name: string, role: Role, agent?: string): Promise<void> {
  const { statusCode } = await asAdmin('PUT', `/v1/users/${name}`, { role, password, ...(agent ? { agent } : {}) })
  expect(statusCode).toBe(200)
}

/** @returns the headers of a browser in which he has signed in */
async function signedIn(name: string, role: Role, agent?: string): Promise<Record<string, string>> {
  await user(name, role, agent)
  const answer = await ask('POST', '/v1/sessions', {}, { name, password })
  expect(answer.statusCode).toBe(201)
  const [{ value } = { value: '' }] = answer.cookies
  return { cookie: `tandem=${value}`, ...fromOurs }
}

describe('a user', () => {
  it('signs in, is told what he may, signs out', async () => {
    await user('li', 'supervisor')
    const answer = await ask('POST', '/v1/sessions', {}, { name: 'li', password })
    expect(answer.cookies).toMatchObject([{ name: 'tandem', httpOnly: true, sameSite: 'Strict', path: '/' }])
    const headers = { cookie: `tandem=${answer.cookies[0]?.value}`, ...fromOurs }
    expect((await ask('GET', '/v1/sessions/current', headers)).json()).toMatchObject({ name: 'li', role: 'supervisor', permissions: expect.arrayContaining(['recordings']) })
    expect((await ask('DELETE', '/v1/sessions/current', headers)).statusCode).toBe(204)
    expect((await ask('GET', '/v1/sessions/current', headers)).json()).toMatchObject({ code: 'unauthorized' })
    expect(await facts()).toMatchObject([{ type: 'user-changed', user: 'li', role: 'supervisor', by: 'archive' }, { type: 'signed-in', user: 'li', by: '127.0.0.1' }])
    expect(JSON.stringify(await facts())).not.toContain('argon2')
  })

  it('stays signed in over a restart, and is out when he is removed or has another password', async () => {
    const [li, wang] = [await signedIn('li', 'auditor'), await signedIn('wang', 'auditor')]
    await given.close()
    given = await givenHttp({ path })
    expect((await ask('GET', '/v1/sessions/current', li)).json()).toMatchObject({ name: 'li' })
    expect((await asAdmin('DELETE', '/v1/users/li')).statusCode).toBe(204)
    expect((await ask('GET', '/v1/sessions/current', li)).statusCode).toBe(401)
    expect((await ask('PUT', '/v1/sessions/current/password', wang, { old: 'not this one', password: 'another long one' })).json()).toMatchObject({ code: 'sign-in-refused' })
    expect((await ask('PUT', '/v1/sessions/current/password', wang, { old: password, password: 'another long one' })).statusCode).toBe(204)
    expect((await ask('GET', '/v1/sessions/current', wang)).statusCode).toBe(401)
    expect((await ask('POST', '/v1/sessions', {}, { name: 'wang', password: 'another long one' })).statusCode).toBe(201)
  })

  it('who guesses is slowed down, whoever he says he is', async () => {
    await user('li', 'agent', '1001')
    const guess = (name: string) => ask('POST', '/v1/sessions', {}, { name, password: 'a guess' })
    const answers = []
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let n = 0; n < 5; n++) answers.push((await guess(`name${n}`)).statusCode)
    expect(answers).toEqual(Array(5).fill(401))
    const slowed = await ask('POST', '/v1/sessions', {}, { name: 'li', password })
    expect(slowed.json()).toMatchObject({ code: 'too-many-attempts' })
    expect(Number(slowed.headers['retry-after'])).toBeGreaterThan(0)
    await eventually(async () => (await ask('POST', '/v1/sessions', {}, { name: 'li', password })).statusCode, (status) => status === 201)
  })

  it('changes something from our own pages only', async () => {
    const { cookie = '' } = await signedIn('li', 'supervisor')
    const press = (headers: Record<string, string>) => ask('POST', '/v1/handovers', { cookie, host: 'tandem.example', ...headers }, { mode: 'transfer', agent: '1001' })
    for (const headers of [{}, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }, { origin: 'null' }] as Record<string, string>[]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await press(headers)).json()).toMatchObject({ code: 'unauthorized' })
    }
    for (const headers of [fromOurs, { origin: 'https://tandem.example' }] as Record<string, string>[]) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect((await press(headers)).json()).toMatchObject({ code: 'agent-not-in-call' })
    }
  })

  it('who is the only one does not remove himself', async () => {
    const admin = await signedIn('admin', 'administrator')
    expect((await ask('DELETE', '/v1/users/admin', admin)).json()).toMatchObject({ code: 'forbidden' })
  })
})

describe('an agent', () => {
  it('acts for his own seat and in his own calls', async () => {
    given.control.talk('1001')
    const { call } = given.control.talk('1002')
    const li = await signedIn('li', 'agent', '1001')
    const press = (payload: object) => ask('POST', '/v1/handovers', li, { mode: 'transfer', ...payload })
    expect((await press({ agent: '1002' })).json()).toMatchObject({ code: 'forbidden' })
    expect((await press({ call })).json()).toMatchObject({ code: 'not-your-call' })
    expect((await ask('POST', `/v1/calls/${call}/parties`, li, { destination: '2003' })).json()).toMatchObject({ code: 'forbidden' })
    expect((await ask('PUT', '/v1/agents/1002/state', li, { state: 'paused' })).json()).toMatchObject({ code: 'forbidden' })
    expect((await ask('PUT', '/v1/agents/1001/state', li, { state: 'paused' })).statusCode).toBe(200)
    const { handover } = (await press({ agent: '1001' })).json<{ handover: { id: string } }>()
    expect(handover).toMatchObject({ agent: '1001' })
    const other = await signedIn('wang', 'agent', '1003')
    expect((await ask('POST', `/v1/handovers/${handover.id}/cancel`, other, {})).json()).toMatchObject({ code: 'forbidden' })
    expect((await ask('POST', `/v1/handovers/${handover.id}/cancel`, li, {})).statusCode).toBe(200)
  })

  it('sees citizens of the own desk whole, of the other’s masked', async () => {
    given.control.talk('1001')
    const [whole = ''] = await numbers(withKey)
    expect(whole).toMatch(/^[0-9]{11}$/)
    expect(await numbers(await signedIn('hotline', 'agent', '1001'))).toEqual([whole])
    expect(await numbers(await signedIn('police', 'agent', '2001'))).toEqual([`${whole.slice(0, 3)}****${whole.slice(-4)}`])
    expect(await numbers(await signedIn('checks', 'auditor'))).toEqual([`${whole.slice(0, 3)}****${whole.slice(-4)}`])
    expect(await numbers(await signedIn('boss', 'supervisor'))).toEqual([whole])
  })
})

describe('a key', () => {
  it('is made, told once, does what its role and scopes say, and ends', async () => {
    const made = async (payload: object) => (await asAdmin('POST', '/v1/keys', payload)).json<{ key: string }>().key
    const [all, narrow, past] = [await made({ name: 'tickets-a', role: 'system' }), await made({ name: 'narrow', role: 'system', scopes: ['deliveries:read'] }), await made({ name: 'past', role: 'system', expiresAt: '2026-01-01T00:00:00Z' })]
    const calls = async (key: string) => (await ask('GET', '/v1/calls', { authorization: `Bearer ${key}` })).statusCode
    expect([await calls(all), await calls(narrow), await calls(past)]).toEqual([200, 403, 401])
    expect((await ask('GET', '/v1/deliveries', { authorization: `Bearer ${narrow}` })).statusCode).toBe(200)
    expect((await asAdmin('GET', '/v1/keys')).body).not.toContain(all)
    await given.close()
    given = await givenHttp({ path })
    expect(await calls(all)).toBe(200)
    expect((await asAdmin('DELETE', '/v1/keys/tickets-a')).statusCode).toBe(204)
    expect(await calls(all)).toBe(401)
    const told = JSON.stringify(await facts())
    for (const secret of [all, createHash('sha256').update(all).digest('hex')]) expect(told).not.toContain(secret)
    expect((await facts()).map((fact) => [fact.type, 'revoked' in fact])).toEqual([['key-changed', false], ['key-changed', false], ['key-changed', false], ['key-changed', true]])
  })
})

describe('looking at what is kept of a citizen', () => {
  it('is a fact for each person and record, and says who, not more; systems are not people', async () => {
    const { call } = given.control.talk('1001')
    const li = await signedIn('li', 'auditor')
    for (const headers of [li, li, withKey]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await ask('GET', `/v1/calls/${call}`, headers)).statusCode).toBe(200)
    }
    await ask('GET', '/v1/calls', li)
    const looks = (await eventually(facts, (all) => all.some(({ type }) => type === 'record-viewed'))).filter(({ type }) => type === 'record-viewed')
    expect(looks).toMatchObject([{ by: 'li', role: 'auditor', route: 'GET /v1/calls/:callId', of: `callId=${call}` }])
  })
})

it('who signed in and who looked is heard by administrators and auditors alone', async () => {
  const address = await given.http.listen({ host: '127.0.0.1', port: 0 })
  const people = { boss: await signedIn('boss', 'supervisor'), checks: await signedIn('checks', 'auditor') }
  const heard = async (headers: Record<string, string>) => {
    const answer = await fetch(`${address}/v1/events`, { headers: { ...headers, 'last-event-id': '0' }, signal: AbortSignal.timeout(5_000) })
    let text = ''
    for await (const chunk of answer.body ?? []) {
      text += new TextDecoder().decode(chunk)
      if (text.includes('event: call-answered')) break
    }
    return [...new Set([...text.matchAll(/^event: (.*)$/gm)].map(([, type]) => type))]
  }
  given.control.talk('1001')
  expect(await heard(people.boss)).toEqual(['call-arrived', 'call-answered'])
  expect(await heard(people.checks)).toEqual(['user-changed', 'signed-in', 'call-arrived', 'call-answered'])
})

it('every route says what it needs, and without it is refused', async () => {
  const { paths } = (await ask('GET', '/openapi.json', withKey)).json<{ paths: Record<string, Record<string, object>> }>()
  const routes = Object.entries(paths).flatMap(([url, operations]) => Object.keys(operations).map((method) => [method.toUpperCase(), url.replace(/\{(\w+)\}/g, ':$1')] as const))
  expect(routes.filter(([method, url]) => !neededBy(method, url))).toEqual([])
  expect(Object.keys(needed).filter((name) => !['GET /openapi.json', 'GET /docs/*'].includes(name)).toSorted()).toEqual(routes.map((route) => route.join(' ')).toSorted())
  const { key } = (await asAdmin('POST', '/v1/keys', { name: 'nothing', role: 'system', scopes: [] })).json<{ key: string }>()
  for (const [method, url] of routes) {
    const need = neededBy(method, url)?.may
    if (need === 'anybody' || need === 'nobody') continue
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const answer = await ask(method, url.replace(/:\w+/g, 'x'), { authorization: `Bearer ${key}` })
    expect([method, url, answer.json()]).toMatchObject([method, url, { code: 'forbidden', detail: expect.stringContaining(String(need)) }])
  }
})

it('the configuration may have a key’s hash instead of the key', async () => {
  const sha256 = createHash('sha256').update(keys.desk).digest('hex')
  const config = { agents: [], http: { apiKeys: [{ name: 'hashed', key: `sha256:${sha256}`, role: 'auditor' as const }] } }
  const accounts = await Accounts.load({ config, store: new AccountStore(given.journal.tables), journal: given.journal })
  expect(accounts.ofKey(keys.desk)).toMatchObject({ name: 'hashed', role: 'auditor' })
  expect(accounts.ofKey(`sha256:${sha256}`)).toBeUndefined()
})

it('where the API is reached by TLS alone, the cookie is too', async () => {
  await user('li', 'auditor')
  await given.close()
  given = await givenHttp({ path, secure: true })
  expect((await ask('POST', '/v1/sessions', {}, { name: 'li', password })).cookies).toMatchObject([{ name: 'tandem', secure: true }])
})

it('the hash of a key opens nothing', async () => {
  expect((await ask('GET', '/v1/calls', { authorization: `Bearer sha256:${createHash('sha256').update(keys.desk).digest('hex')}` })).statusCode).toBe(401)
})
