import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { InjectOptions } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { recordingName } from '../../src/domain/recording.ts'
import { type ProblemCode, problems } from '../../src/http/problem.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { LedgerAccess } from '../../src/ledger/access.ts'
import { signWebhook } from '../../src/tickets/signature.ts'
import { incident } from '../support/intake.ts'
import { type GivenHttp, givenHttp, webhookSecret, withArchiveKey, withKey } from '../support/given-http.ts'
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
/** From a ticket system, with what makes it whole but for these headers. */
const message = (headers: object): Ask => ({
  method: 'POST',
  url: '/v1/inbox/tickets-110',
  payload: '{}',
  headers: Object.keys(headers).length === 0 ? json : { ...json, ...signWebhook('msg_a', Buffer.from('{}'), [webhookSecret], Date.now()), ...headers },
})

/** Pushed from 12345 to 110, and these things done with it. */
async function pushed(...done: readonly (readonly [what: string, body: object])[]): Promise<string> {
  const { ticket } = (await given.http.inject(post('/v1/tickets', { from: '12345', intake: incident }))).json<{ ticket: { id: string } }>()
  for (const [what, body] of done) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect((await given.http.inject(post(`/v1/tickets/${ticket.id}/${what}`, body))).statusCode).toBe(200)
  }
  return ticket.id
}

const attach = (ticket: string, payload: string): Ask => ({ method: 'POST', url: `/v1/tickets/${ticket}/attachments?name=note.txt&platform=12345`, headers: { ...withKey, 'content-type': 'text/plain' }, payload })

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
  'matter-not-found': () => ({ method: 'DELETE', url: '/v1/catalogue/matters/9-99', headers: withKey }),
  'knowledge-not-found': () => ({ method: 'DELETE', url: '/v1/knowledge/k-nothing', headers: withKey }),
  'version-not-found': () => get('/v1/catalogue?version=99'),
  'catalogue-stale': () => ({ method: 'PUT', url: '/v1/catalogue/matters/L1-01', headers: withKey, payload: { list: 1, category: '社会治安类', item: '黄赌毒黑', scope: '新', expected: 7 } }),
  'reason-missing': () => press({ mode: 'transfer', call: given.control.talk('2001', '110').call, facts: { responsibility: '110' } }),
  'caller-not-marked': () => ({ method: 'DELETE', url: '/v1/nuisance-callers/13800001234', headers: withKey }),
  'learning-off': async () => {
    await end()
    given = await givenHttp({ learning: false })
    return post('/v1/recommendations/choices', { text: '路灯不亮', matter: 'L2-02' })
  },
  'recommender-away': () => post('/v1/recommendations', { text: '路灯不亮', at: '12345' }),
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
  'headers-missing': () => message({}),
  'signature-malformed': () => message({ 'webhook-signature': 'v9,abc' }),
  'timestamp-malformed': () => message({ 'webhook-timestamp': 'now' }),
  'timestamp-too-old': () => message(signWebhook('msg_a', Buffer.from('{}'), [webhookSecret], Date.now() - 301_000)),
  'timestamp-too-new': () => message(signWebhook('msg_a', Buffer.from('{}'), [webhookSecret], Date.now() + 302_000)),
  'signature-mismatch': () => message(signWebhook('msg_a', Buffer.from('{"other":1}'), [webhookSecret], Date.now())),
  'message-replayed': async () => {
    const signed = message(signWebhook('msg_b', Buffer.from('{}'), [webhookSecret], Date.now()))
    await given.http.inject(signed)
    return signed
  },
  'not-durable': async () => {
    await end()
    given = await givenHttp({ wrap: (file) => ({ ...file, append: async () => ({ durable: false, reason: 'full' }) }) })
    return message(signWebhook('msg_c', Buffer.from('{}'), [webhookSecret], Date.now()))
  },
  'account-not-found': () => ({ method: 'DELETE', url: '/v1/users/nobody', headers: withArchiveKey }),
  'account-exists': () => ({ ...post('/v1/keys', { name: 'desk', role: 'system' }), headers: withArchiveKey }),
  'recording-not-found': () => ({ ...get(`/v1/recordings/${recordedCall}/file`), headers: withArchiveKey }),
  'recording-not-finished': async () => {
    await given.journal.append([fileFact('recording-fetched', { state: 'recording' })])
    return { ...get(`/v1/recordings/${recordedCall}/file`), headers: withArchiveKey }
  },
  'too-many-attachments': async () => {
    const id = await pushed()
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let n = 0; n < 20; n++) await given.http.inject(attach(id, `file ${n}`))
    return attach(id, 'one more')
  },
  'attachment-empty': async () => attach(await pushed(), ''),
  'attachment-not-found': async () => get(`/v1/tickets/${await pushed()}/attachments/att-none`),
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
  'ticket-not-found': () => get('/v1/tickets/ho-of-nobody'),
  'record-not-found': () => ({ ...get('/v1/need-to-know/ho-of-nobody'), method: 'PUT', payload: { reason: 'secret', cause: '涉密线索', platform: '12345' } }),
  'marking-not-yours': () => ({ ...get(`/v1/need-to-know/${given.control.talk('1001').call}`), method: 'PUT', payload: { reason: 'secret', cause: '涉密线索', platform: '110' } }),
  'ticket-not-yours': async () => post(`/v1/tickets/${await pushed()}/accept`, { platform: '12345' }),
  'ticket-accepted': async () => post(`/v1/tickets/${await pushed(['accept', { platform: '110' }])}/withdraw`, { platform: '12345', text: '误推' }),
  'ticket-returned': async () => post(`/v1/tickets/${await pushed(['return', { platform: '110', cause: 'not-ours', text: '不归我们' }])}/accept`, { platform: '110' }),
  'ticket-not-returned': async () => post(`/v1/tickets/${await pushed()}/resend`, { platform: '12345' }),
  'ticket-not-resolved': async () => post(`/v1/tickets/${await pushed(['accept', { platform: '110' }])}/close`, { platform: '12345' }),
  'ticket-settled': async () => post(`/v1/tickets/${await pushed(['withdraw', { platform: '12345', text: '误推' }])}/accept`, { platform: '110' }),
  'intake-incomplete': () => post('/v1/tickets', { from: '12345', intake: { content: '有人打架' } }),
  'invalid-message': () => {
    const payload = '{"type":"ticket.accepted","data":{}}'
    return { ...message(signWebhook('msg_d', Buffer.from(payload), [webhookSecret], Date.now())), payload }
  },
  'link-refused': () => get(`/v1/links/recordings/${recordedCall}?until=9999999999&signature=forged`),
  'internal-error': () => {
    broken = true
    return get('/v1/handovers')
  },
}

/** What has been done so far: facts recorded, legs dialled, legs ended. */
/** That somebody or something was refused is all that is kept of a refusal. */
const done = async () => [(await given.journal.read(0, 1_000)).filter(({ fact }) => !['sign-in-refused', 'message-refused'].includes(fact.type)).length, given.control.dialled.length, given.control.hungUp.length]

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
    const documented = paths[routeOf(request.url, paths)]?.[(request.method ?? 'GET').toLowerCase()]?.responses[problems[code].status]
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

/** The document's path for a URL: the one with the fewest parameters that fits. */
function routeOf(url: string, paths: Document['paths']): string {
  const [path = ''] = url.split('?')
  const fit = Object.keys(paths).filter((route) => new RegExp(`^${route.replaceAll(/\{[^}]+\}/gu, '[^/]+')}$`, 'u').test(path))
  return fit.toSorted((one, other) => one.split('{').length - other.split('{').length)[0] ?? ''
}
