import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GivenHttp, givenHttp, withKey } from '../support/given-http.ts'

type Ask = InjectOptions & { url: string }

let given: GivenHttp

async function begin(): Promise<void> {
  given = await givenHttp()
}
const end = () => given.close()

const press = (payload: InjectOptions['payload'], headers: Record<string, string> = {}): Ask => ({
  method: 'POST',
  url: '/v1/handovers',
  headers: { ...withKey, ...headers },
  ...(payload === undefined ? {} : { payload }),
})
const get = (url: string): Ask => ({ url, headers: withKey })
const json = { 'content-type': 'application/json' }
const done = async () => [(await given.journal.read(0, 1_000)).length, given.control.dialled.length, given.control.hungUp.length]

const whole = { mode: 'transfer', agent: '1001' }
const badBodies: [what: string, body: InjectOptions['payload'], path: string, reason: string][] = [
  ['an unknown field', { ...whole, colour: 'red' }, '/body/colour', 'unknown field'],
  ['an unknown field further in', { ...whole, matter: { list: 'a' } }, '/body/matter/list', 'unknown field'],
  ['a number for a text', { mode: 'transfer', agent: 1001 }, '/body/agent', 'must be string'],
  ['a text for an object', { ...whole, matter: 'noise' }, '/body/matter', 'must be object'],
  ['null', { ...whole, reason: null }, '/body/reason', 'must be string'],
  ['an empty text', { ...whole, reason: '' }, '/body/reason', 'must NOT have fewer than 1 characters'],
  ['a text that is too long', { ...whole, reason: '字'.repeat(501) }, '/body/reason', 'must NOT have more than 500 characters'],
  ['an unknown mode', { ...whole, mode: 'teleport' }, '/body/mode', 'must be one of transfer, conference'],
  ['a verified three-way call', { ...whole, mode: 'conference', verified: true }, '/body/verified', 'only a transfer can be verified'],
  ['a desk as a number', { ...whole, to: 110 }, '/body/to', 'must be one of 12345, 110'],
  ['no mode', { agent: '1001' }, '/body/mode', "must have required property 'mode'"],
  ['neither call nor agent', { mode: 'transfer' }, '/body/agent', "must have required property 'agent'"],
  ['a list', [whole], '/body', 'must be object'],
  ['no body', undefined, '/body', 'must be object'],
]

describe('a press that cannot be understood', () => {
  beforeAll(async () => {
    await begin()
    given.control.talk('1001')
  })
  afterAll(end)

  it.each(badBodies)('%s: 400 names the place, nothing is done', async (_what, body, path, reason) => {
    const before = await done()
    const answer = await given.http.inject(press(body))
    expect(answer.json()).toMatchObject({ code: 'invalid-request' })
    expect(answer.json<{ errors: unknown }>().errors).toContainEqual({ path, reason })
    expect(await done()).toEqual(before)
  })

  it.each([
    ['nothing, said to be JSON', '', json, 'malformed-body'],
    ['a prototype', '{"mode":"transfer","agent":"1001","__proto__":{}}', json, 'malformed-body'],
    ['plain text', JSON.stringify(whole), { 'content-type': 'text/plain' }, 'unsupported-media-type'],
    ['XML', '<mode>transfer</mode>', { 'content-type': 'application/xml' }, 'unsupported-media-type'],
    ['an empty Idempotency-Key', JSON.stringify(whole), { ...json, 'idempotency-key': '' }, 'invalid-request'],
    ['an Idempotency-Key without end', JSON.stringify(whole), { ...json, 'idempotency-key': 'k'.repeat(201) }, 'invalid-request'],
  ])('%s: refused, nothing is done', async (_what, body, headers, code) => {
    const before = await done()
    expect((await given.http.inject(press(body, headers))).json()).toMatchObject({ code })
    expect(await done()).toEqual(before)
  })

  it('names twenty places at most', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}`, 1]))
    const { errors } = (await given.http.inject(press({ ...whole, ...unknown }))).json<{ errors: unknown[] }>()
    expect(errors).toHaveLength(20)
  })
})

describe('other addresses and queries', () => {
  beforeAll(begin)
  afterAll(end)

  it.each([
    ['/v1/handovers?limit=0', '/querystring/limit'],
    ['/v1/handovers?limit=101', '/querystring/limit'],
    ['/v1/handovers?limit=5&limit=6', '/querystring/limit'],
    ['/v1/handovers?cursor=_1', '/querystring/cursor'],
    ['/v1/handovers?page=2', '/querystring/page'],
    ['/v1/handovers/ho-1?full=1', '/querystring/full'],
    ['/v1/calls?agent=1001', '/querystring/agent'],
    ['/v1/calls/call-1?x=1', '/querystring/x'],
    ['/v1/events?since=1', '/querystring/since'],
    ['/v1/health?x=1', '/querystring/x'],
  ])('%s: 400 names the place', async (url, path) => {
    const { code, errors } = (await given.http.inject(get(url))).json<{ code: string; errors: { path: string }[] }>()
    expect(code).toBe('invalid-request')
    expect(errors.map((error) => error.path)).toEqual([path])
  })

  it.each([
    [get('/v1/calls/%zz'), 'not-found'],
    [get(`/v1/calls/${'x'.repeat(101)}`), 'not-found'],
    [get('/v1/calls/call-1'), 'call-not-found'],
    [get('/v1/handovers/ho-1'), 'handover-not-found'],
    [{ ...get('/v1/calls'), method: 'DELETE' as const }, 'not-found'],
    [{ ...get('/v1/events'), method: 'HEAD' as const }, undefined],
  ])('%j: 404', async (request, code) => {
    const answer = await given.http.inject(request)
    expect(answer.statusCode).toBe(404)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.body === '' ? undefined : answer.json<{ code: string }>().code).toBe(code)
  })
})
