import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { InjectOptions } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { recordingName } from '../../src/domain/recording.ts'
import { type ProblemCode, problems } from '../../src/http/problem.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { LedgerAccess } from '../../src/ledger/access.ts'
import { type GivenHttp, givenHttp, withArchiveKey, withKey } from '../support/given-http.ts'
import { fileFact, recordedCall } from '../support/journal-facts.ts'

type Ask = InjectOptions & { url: string }

let given: GivenHttp
let broken = false

async function begin(): Promise<void> {
  broken = false
  given = await givenHttp({
    deliveries: [{ id: 'msg_1', endpoint: 'tickets-110', subject: 'ho_1', event: 'handover.requested', state: 'pending', attempts: 2, updatedAt: '2026-11-23T08:00:01.000Z' }],
    wrap: (file) => ({ ...file, handovers: (...args) => (broken ? Promise.reject(new Error('secret of the disk')) : file.handovers(...args)) }),
  })
}
const end = () => given.close()

const press = (payload: InjectOptions['payload'], headers: Record<string, string> = {}): Ask => ({
  method: 'POST',
  url: '/v1/handovers',
  headers: { ...withKey, ...headers },
  ...(payload === undefined ? {} : { payload }),
})
const cancel = (id: string): Ask => ({ method: 'POST', url: `/v1/handovers/${id}/cancel`, headers: withKey })
const post = (url: string, payload: object): Ask => ({ method: 'POST', url, headers: withKey, payload })
const patch = (call: string, party: string, payload: object): Ask => ({ method: 'PATCH', url: `/v1/calls/${call}/parties/${party}`, headers: withKey, payload })
const get = (url: string): Ask => ({ url, headers: withKey })
const json = { 'content-type': 'application/json' }

async function pressed(): Promise<string> {
  given.control.talk('1001')
  return (await given.http.inject(press({ mode: 'transfer', agent: '1001' }))).json<{ handover: { id: string } }>().handover.id
}

/** A three-way call. @returns the hand-over's id */
async function conferring(): Promise<string> {
  given.control.talk('1001')
  const { handover } = (await given.http.inject(press({ mode: 'conference', agent: '1001' }))).json<{ handover: { id: string } }>()
  given.control.answer('2001')
  await eventually(() => given.calls.list()[0]?.state, (state) => state === 'conferring')
  return handover.id
}

/** The agent talks without us, and that cannot be changed. */
function ownTalk(because: 'adoption-not-allowed' | 'adoption-failed'): Ask {
  given.control.ownTalks.set('1003', because)
  return press({ mode: 'transfer', agent: '1003' })
}

/** Brings about what each problem needs, and gives the request that then meets it. */
const ways: Record<ProblemCode, () => Ask | Promise<Ask>> = {
  'invalid-request': () => press({ mode: 'transfer' }),
  'malformed-body': () => press('{"mode":', json),
  unauthorized: () => ({ ...press({ mode: 'transfer', agent: '1001' }), headers: {} }),
  'not-found': () => get('/v2/calls'),
  'call-not-found': () => press({ mode: 'transfer', call: 'call-of-nobody' }),
  'handover-not-found': () => cancel('ho-of-nobody'),
  'ledger-not-configured': () => get('/v1/ledger/handovers'),
  'ledger-away': async () => {
    await end()
    given = await givenHttp({ ledger: new LedgerAccess({ url: 'postgres://127.0.0.1:1/tandem', checkpointMs: 1_000, checkpointFile: '', keyFile: '' }) })
    return get('/v1/ledger/handovers')
  },
  'unsupported-media-type': () => press('mode=transfer&agent=1001', { 'content-type': 'application/x-www-form-urlencoded' }),
  'body-too-large': () => press({ mode: 'transfer', agent: '1001', reason: 'x'.repeat(70_000) }),
  'not-your-call': () => press({ mode: 'transfer', call: given.control.talk('1001').call, agent: '1002' }),
  'agent-not-in-call': () => press({ mode: 'transfer', agent: '1003' }),
  'adoption-not-allowed': () => ownTalk('adoption-not-allowed'),
  'adoption-failed': () => ownTalk('adoption-failed'),
  'call-not-answered': () => {
    given.control.arrive()
    return press({ mode: 'transfer', call: given.control.legTo('1001').callId })
  },
  'call-ended': () => {
    const { call, caller } = given.control.talk('1001')
    given.control.callerLeaves(caller)
    return press({ mode: 'transfer', call })
  },
  'same-desk': () => press({ mode: 'transfer', call: given.control.talk('1001').call, to: '12345' }),
  'handover-too-late': async () => {
    const id = await pressed()
    given.control.joining = new Promise(() => {})
    given.control.answer('2001')
    return cancel(id)
  },
  'handover-settled': async () => {
    const id = await pressed()
    for (const endpoint of ['2001', '2002', '2003']) given.control.busy(endpoint)
    return cancel(id)
  },
  'handover-not-verified': async () => post(`/v1/handovers/${await conferring()}/confirm`, {}),
  'not-a-conference': async () => post(`/v1/handovers/${await pressed()}/outcome`, { outcome: 'kept' }),
  'call-not-recorded': () => ({ ...post(`/v1/calls/${given.control.talk('1001').call}/recording`, { paused: true }), method: 'PATCH' }),
  forbidden: () => get(`/v1/recordings/${recordedCall}/file`),
  'sign-in-refused': () => post('/v1/sessions', { name: 'nobody', password: 'whatever it is' }),
  'too-many-attempts': async () => {
    for (let n = 0; n < 5; n++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await given.http.inject(post('/v1/sessions', { name: 'nobody', password: 'whatever it is' }))
    }
    return post('/v1/sessions', { name: 'nobody', password: 'whatever it is' })
  },
  'account-not-found': () => ({ method: 'DELETE', url: '/v1/users/nobody', headers: withArchiveKey }),
  'account-exists': () => ({ ...post('/v1/keys', { name: 'desk', role: 'system' }), headers: withArchiveKey }),
  'recording-not-found': () => ({ ...get(`/v1/recordings/${recordedCall}/file`), headers: withArchiveKey }),
  'recording-not-finished': async () => {
    await given.journal.append([fileFact('recording-fetched', { state: 'recording' })])
    return { ...get(`/v1/recordings/${recordedCall}/file`), headers: withArchiveKey }
  },
  'delivery-not-found': () => post('/v1/deliveries/msg_unknown/replay', {}),
  'delivery-pending': () => post('/v1/deliveries/msg_1/replay', {}),
  'endpoint-not-found': () => post('/v1/deliveries/replay', { endpoint: 'nowhere' }),
  'range-not-satisfiable': async () => {
    const file = join(given.directory, `${recordingName(recordedCall)}.wav`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'sound')
    await given.journal.append([fileFact('recording-finished', { sha256: 'a'.repeat(64) })])
    return { ...get(`/v1/recordings/${recordedCall}/file`), headers: { ...withArchiveKey, range: 'bytes=9-' } }
  },
  'party-not-found': () => patch(given.control.talk('1001').call, 'somebody', { held: true }),
  'party-not-joined': async () => {
    await pressed()
    return patch(given.control.legTo('2001').callId, given.control.legTo('2001').leg, { held: true })
  },
  'party-already-in': () => post(`/v1/calls/${given.control.talk('1001').call}/parties`, { destination: '1001' }),
  'cannot-whisper': () => patch(given.control.talk('1001').call, 'caller', { whisperTo: 'somebody' }),
  'last-party': () => {
    const { callId, leg } = (given.control.talk('1001'), given.control.legTo('1001'))
    return post(`/v1/calls/${callId}/parties/${leg}/drop`, { agent: '1001' })
  },
  'destination-not-found': () => post(`/v1/calls/${given.control.talk('1001').call}/parties`, { destination: '911' }),
  'outbound-not-configured': () => post('/v1/calls', { agent: '1001', number: '13800001234' }),
  'destination-busy': () => {
    given.control.talk('1001')
    return post(`/v1/calls/${given.control.talk('1002').call}/parties`, { destination: '1001' })
  },
  'test-call-not-configured': () => post('/v1/test-calls', { platform: '12345' }),
  'test-call-running': () => {
    void given.calls.testCalls.make('110', 'desk')
    return post('/v1/test-calls', { platform: '110' })
  },
  'idempotency-key-reused': async () => {
    const { call } = given.control.talk('1001')
    const key = { 'idempotency-key': 'k1' }
    await given.http.inject(press({ mode: 'transfer', agent: '1001' }, key))
    return press({ mode: 'transfer', call }, key)
  },
  'too-many-readers': async () => {
    const live = () => given.http.inject({ ...get('/v1/events'), payloadAsStream: true })
    await Promise.all(Array.from({ length: 100 }, live))
    return get('/v1/events')
  },
  'asterisk-away': () => {
    given.control.talk('1001')
    given.control.up = false
    return press({ mode: 'transfer', agent: '1001' })
  },
  'internal-error': () => {
    broken = true
    return get('/v1/handovers')
  },
}

/** What has been done so far: facts recorded, legs dialled, legs ended. */
/** That somebody was refused to sign in is all that is kept of a refusal. */
const done = async () => [(await given.journal.read(0, 1_000)).filter(({ fact }) => fact.type !== 'sign-in-refused').length, given.control.dialled.length, given.control.hungUp.length]

interface Document {
  paths: Record<string, Record<string, { responses: Record<string, { description: string; content: Record<string, unknown> }> }>>
}

describe('every problem', () => {
  beforeEach(begin)
  afterEach(end)

  it.each(Object.keys(problems) as ProblemCode[])('%s: answered as RFC 9457 says and as the OpenAPI document says, with nothing done', async (code) => {
    const request = await ways[code]()
    const before = await done()
    const answer = await given.http.inject(request)
    expect(answer.json()).toMatchObject({ code, type: `urn:tandem:problem:${code}`, ...problems[code] })
    expect(answer.statusCode).toBe(problems[code].status)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(await done()).toEqual(before)
    if (code === 'not-found') return
    const { paths } = (await given.http.inject(get('/openapi.json'))).json<Document>()
    const route = request.url.replace(/\/ho-[^/]+/, '/{handoverId}').replace(/\/deliveries\/msg_[^/]+/, '/deliveries/{deliveryId}').replace(/\/calls\/call-[^/]+/, '/calls/{callId}').replace(/\/parties\/[^/]+/, '/parties/{party}').replace(/\/recordings\/call-[^/]+/, '/recordings/{recordingId}').replace(/\/users\/[^/]+/, '/users/{user}')
    const documented = paths[route]?.[(request.method ?? 'GET').toLowerCase()]?.responses[problems[code].status]
    expect(documented?.description).toContain(`\`${code}\``)
    expect(documented?.content).toHaveProperty(['application/problem+json'])
  })

  it('tells nothing of ours when it was not expected, but the log', async () => {
    broken = true
    const answer = await given.http.inject(get('/v1/handovers'))
    expect(answer.body).not.toContain('secret of the disk')
    expect(given.warnings.join('')).toContain('secret of the disk')
  })
})

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
