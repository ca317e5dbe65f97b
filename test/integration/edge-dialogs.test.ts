import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { CallSummary, Party } from '../../src/domain/facts.ts'
import type { Handover, HandoverState } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { stopAll } from '../../src/lab/process.ts'
import { headerOf, methodOf, type SipText, statusOf } from '../support/drachtio/sip-text.ts'
import { type GivenEdge, givenEdge } from '../support/given-edge.ts'
import { type AgentDialog, obliging, sdp, type SipAgent } from '../support/sip-agent.ts'

/** What happens in a call that goes through the edge; Tandem’s answers are this test’s own. */
let edge: GivenEdge
let exchange: SipAgent
beforeAll(async () => {
  edge = await givenEdge('edge-dialogs')
  exchange = edge.gateways[0] as SipAgent
}, 60_000)
afterAll(stopAll)
beforeEach(() => {
  for (const agent of [edge.asterisk, ...edge.gateways]) {
    agent.answering = obliging
    agent.received.length = 0
  }
  edge.tandem.requests.length = 0
  edge.tandem.answer = () => ({ status: 404, body: { code: 'call-not-found' } })
})

interface Talk {
  /** Asterisk’s end, and the exchange’s. */
  readonly near: AgentDialog
  readonly far: AgentDialog
  readonly invite: SipText
  readonly answer: SipText
}

async function givenTalk(callId?: string, headers: Readonly<Record<string, string>> = {}): Promise<Talk> {
  const invite = edge.asterisk.send('INVITE', `sip:110@${edge.uri};trunk=police`, edge.address, { ...(callId === undefined ? {} : { 'X-Tandem-Call-Id': callId }), 'Content-Type': 'application/sdp', ...headers }, sdp('127.0.0.1', 4_100))
  const answer = await edge.asterisk.untilFinal(invite)
  expect(answer.start).toBe('SIP/2.0 200 OK')
  const near = edge.asterisk.accept(invite, answer)
  await eventually(() => exchange.requests('ACK').length, (count) => count > 0)
  return { near, far: exchange.dialogOf(exchange.requests('INVITE').at(-1) as SipText), invite, answer }
}
const end = async ({ near }: Talk) => {
  await edge.asterisk.untilFinal(edge.asterisk.sendIn(near, 'BYE'))
  await exchange.untilRequest('BYE')
}

it.each([['Asterisk', 'the exchange'], ['the exchange', 'Asterisk']])('%s holds: the re-INVITE reaches %s, and its answer comes back', async (who) => {
  const talk = await givenTalk()
  const [from, dialog, to] = who === 'Asterisk' ? ([edge.asterisk, talk.near, exchange] as const) : ([exchange, talk.far, edge.asterisk] as const)
  to.received.length = 0
  const held = from.sendIn(dialog, 'INVITE', { 'Content-Type': 'application/sdp' }, sdp(from.host, 4_100, 'sendonly', 2))
  to.answering = (request, agent, at) => agent.respond(request, at, '200 OK', {}, methodOf(request) === 'INVITE' ? sdp(to.host, 4_000, 'recvonly', 2) : '')
  const answer = await from.untilFinal(held)
  expect(answer.body).toBe(sdp(to.host, 4_000, 'recvonly', 2))
  expect((await to.untilRequest('INVITE')).body).toBe(sdp(from.host, 4_100, 'sendonly', 2))
  from.accept(held, answer)
  await to.untilRequest('ACK')
  await end(talk)
})

it('a re-INVITE that is refused leaves the call as it was', async () => {
  const talk = await givenTalk()
  exchange.answering = (request, agent, from) => (methodOf(request) === 'INVITE' ? agent.respond(request, from, '488 Not Acceptable Here') : obliging(request, agent, from))
  const asked = edge.asterisk.sendIn(talk.near, 'INVITE', { 'Content-Type': 'application/sdp' }, sdp('127.0.0.1', 4_100, 'inactive', 2))
  expect((await edge.asterisk.untilFinal(asked)).start).toMatch(/^SIP\/2\.0 488 /)
  await end(talk)
})

it.each([['INFO', { 'Content-Type': 'application/dtmf-relay' }, 'Signal=5\r\nDuration=160\r\n'], ['UPDATE', { 'Session-Expires': '180;refresher=uac', Supported: 'timer' }, ''], ['MESSAGE', { 'Content-Type': 'text/plain' }, '您好']] as const)('%s goes through both ways, with what it says', async (method, headers, body) => {
  const talk = await givenTalk()
  for (const [from, dialog, to] of [[edge.asterisk, talk.near, exchange], [exchange, talk.far, edge.asterisk]] as const) {
    const sent = from.sendIn(dialog, method, headers, body)
    expect((await from.untilFinal(sent)).start).toBe('SIP/2.0 200 OK')
    const at = await to.untilRequest(method)
    expect(at.body).toBe(body)
    for (const [name, value] of Object.entries(headers)) expect(headerOf(at, name)).toBe(value)
  }
  await end(talk)
})

it('session timers are agreed between the two ends, not with the edge', async () => {
  exchange.answering = (request, agent, from) => agent.respond(request, from, '200 OK', methodOf(request) === 'INVITE' ? { 'Session-Expires': '180;refresher=uac', Require: 'timer' } : {}, methodOf(request) === 'INVITE' ? sdp(agent.host, 4_000) : '')
  const talk = await givenTalk(undefined, { 'Session-Expires': '180', 'Min-SE': '90', Supported: 'timer, 100rel' })
  const at = exchange.requests('INVITE')[0] as SipText
  expect([headerOf(at, 'Session-Expires'), headerOf(at, 'Min-SE'), headerOf(at, 'Supported')]).toEqual(['180', '90', 'timer'])
  expect(headerOf(talk.answer, 'Session-Expires')).toMatch(/^180;\s*refresher=uac/)
  await end(talk)
})

it('one side hangs up: the other is told, with the reason', async () => {
  const talk = await givenTalk()
  const bye = exchange.sendIn(talk.far, 'BYE', { Reason: 'Q.850;cause=16;text="Normal"' })
  expect((await exchange.untilFinal(bye)).start).toBe('SIP/2.0 200 OK')
  expect(headerOf(await edge.asterisk.untilRequest('BYE'), 'Reason')).toContain('cause=16')
})

it('a call whose offer comes in the answer: the two agree all the same', async () => {
  const invite = edge.asterisk.send('INVITE', `sip:110@${edge.uri};trunk=police`, edge.address)
  const answer = await edge.asterisk.untilFinal(invite)
  expect(answer.body).toBe(sdp('127.0.0.11', 4_000))
  const near = edge.asterisk.accept(invite, answer, sdp('127.0.0.1', 4_100))
  const ack = await exchange.untilRequest('ACK')
  expect(ack.body).toBe(sdp('127.0.0.1', 4_100))
  await edge.asterisk.untilFinal(edge.asterisk.sendIn(near, 'BYE'))
  await exchange.untilRequest('BYE')
})

const callId = 'call-01a21d59-33b0-7270-a1ae-c91228388407'
const handover = (state: HandoverState, failure?: Handover['failure']): Pick<Handover, 'id' | 'state' | 'failure'> => ({ id: 'ho-1', state, ...(failure ? { failure } : {}) })
const sipfrags = () => exchange.requests('NOTIFY').map(({ body }) => body.trim())
const refer = (talk: Talk, to: string, headers: Readonly<Record<string, string>> = {}) => exchange.sendIn(talk.far, 'REFER', { 'Refer-To': to, ...headers })

it('a REFER of the exchange to the hotline’s number is a hand-over, and it is told what becomes of it', async () => {
  const talk = await givenTalk(callId)
  let state: HandoverState = 'requested'
  edge.tandem.answer = ({ method }) => (method === 'POST' ? { status: 201, body: { handover: handover('requested') } } : { status: 200, body: { handover: handover(state) } })
  const sent = refer(talk, '<sip:12345@anywhere>')
  expect((await exchange.untilFinal(sent)).start).toBe('SIP/2.0 202 Accepted')
  await eventually(sipfrags, (told) => told.includes('SIP/2.0 100 Trying'))
  state = 'ringing'
  await eventually(sipfrags, (told) => told.includes('SIP/2.0 180 Ringing'))
  state = 'answered'
  await eventually(sipfrags, (told) => told.includes('SIP/2.0 200 OK'))
  const [post] = edge.tandem.requests
  expect(post).toMatchObject({ method: 'POST', path: '/v1/handovers', body: { call: callId, agent: 'police', to: '12345', mode: 'transfer' } })
  expect(post?.key).toMatch(/^[0-9a-f]{64}$/)
  const last = exchange.requests('NOTIFY').at(-1) as SipText
  expect(headerOf(last, 'Subscription-State')).toMatch(/^terminated/)
  expect(headerOf(last, 'Event')).toMatch(/^refer/)
  expect(edge.asterisk.requests('REFER')).toHaveLength(0)
  await end(talk)
})

it('a hand-over that fails is told as a call that fails', async () => {
  const talk = await givenTalk(callId)
  edge.tandem.answer = () => ({ status: 201, body: { handover: handover('failed', { reason: 'busy' }) } })
  await exchange.untilFinal(refer(talk, '<sip:+8651312345@anywhere>'))
  expect(await eventually(sipfrags, ({ length }) => length > 1)).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 486 Busy Here'])
  await end(talk)
})

it.each([
  ['a further party', '<sip:051388880000@x>', `/v1/calls/${callId}/parties`, { destination: 'interpreter' }],
  ['the hotline into a three-way call', '<sip:12345@x;method=INVITE>', '/v1/handovers', { call: callId, agent: 'police', to: '12345', mode: 'conference' }],
])('a REFER to the focus adds %s', async (_what, to, path, body) => {
  const talk = await givenTalk(callId)
  edge.tandem.answer = () => ({ status: 201, body: { handover: handover('answered') } })
  await exchange.untilFinal(refer(talk, to))
  await eventually(sipfrags, (told) => told.includes('SIP/2.0 200 OK'))
  expect(edge.tandem.requests[0]).toMatchObject({ method: 'POST', path, body })
  await end(talk)
})

const party = (id: string, role: Party['role'], endpoint?: string): Party => ({ id, role, ...(endpoint === undefined ? {} : { endpoint }), state: 'talking' })
const parties = [party('caller', 'caller'), party(`${callId}-1`, 'desk', 'police'), party(`${callId}-2`, 'guest', 'interpreter')]
const shown = (now: readonly Party[], state = 'talking') => ({ id: callId, state, caller: { number: '13800001234', name: '张 <三>' }, parties: now }) as unknown as CallSummary

it('a REFER to the focus with method=BYE drops a party', async () => {
  const talk = await givenTalk(callId)
  edge.tandem.answer = () => ({ status: 200, body: { call: shown(parties) } })
  await exchange.untilFinal(refer(talk, '<sip:interpreter@x;method=BYE>'))
  await eventually(sipfrags, (told) => told.includes('SIP/2.0 200 OK'))
  expect(edge.tandem.requests.at(-1)).toMatchObject({ method: 'POST', path: `/v1/calls/${callId}/parties/${callId}-2/drop`, body: { agent: 'police' } })
  await end(talk)
})

it.each([
  ['a number that is nobody’s', '<sip:999999@x>', 404],
  ['an attended transfer', '<sip:12345@x?Replaces=a%3Bto-tag%3Db>', 501],
  ['no address', 'nonsense', 400],
])('a REFER to %s is refused, and the call goes on', async (_what, to, status) => {
  const talk = await givenTalk(callId)
  expect(statusOf(await exchange.untilFinal(refer(talk, to)))).toBe(status)
  expect(edge.tandem.requests).toHaveLength(0)
  await end(talk)
})

it('Tandem refuses, or is away: the exchange is told', async () => {
  const talk = await givenTalk(callId)
  edge.tandem.answer = () => ({ status: 409, body: { code: 'not-your-call' } })
  await exchange.untilFinal(refer(talk, '<sip:12345@x>'))
  expect(await eventually(sipfrags, ({ length }) => length > 1)).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 403 Forbidden'])
  await end(talk)
})

it('who is in the call: the exchange subscribes, sees it change, and is told of its end', async () => {
  const talk = await givenTalk(callId)
  let now = shown(parties.slice(0, 2))
  edge.tandem.answer = () => ({ status: 200, body: { call: now } })
  const focus = `sip:${callId}@${edge.uri}`
  expect(headerOf(exchange.requests('INVITE')[0] as SipText, 'Contact')).toContain(`<${focus}>;isfocus`)
  const subscribe = exchange.send('SUBSCRIBE', focus, edge.address, { Event: 'conference', Expires: '600', Accept: 'application/conference-info+xml' })
  const accepted = await exchange.untilFinal(subscribe)
  expect(accepted.start).toMatch(/^SIP\/2\.0 20[02] /)
  const first = await exchange.untilRequest('NOTIFY')
  expect(first.body).toContain('version="0"')
  expect(first.body).toContain('<user-count>2</user-count>')
  expect(first.body).toContain('张 &lt;三&gt;')
  expect(headerOf(first, 'Subscription-State')).toMatch(/^active/)
  now = shown(parties)
  const second = await exchange.untilRequest('NOTIFY', 2)
  expect(second.body).toContain('version="1"')
  expect(second.body).toContain(`entity="sip:${callId}-2@`)
  now = shown([], 'ended')
  expect(headerOf(await exchange.untilRequest('NOTIFY', 3), 'Subscription-State')).toMatch(/^terminated/)
  await end(talk)
})

it('nobody sees a call in which he has no part, nor another package', async () => {
  const talk = await givenTalk(callId)
  const ask = async (agent: SipAgent, id: string, event: string) => statusOf(await agent.untilFinal(agent.send('SUBSCRIBE', `sip:${id}@${edge.uri}`, edge.address, { Event: event })))
  expect(await ask(exchange, 'call-of-somebody-else', 'conference')).toBe(404)
  expect(await ask(edge.stranger, callId, 'conference')).toBe(403)
  expect(await ask(exchange, callId, 'presence')).toBe(489)
  await end(talk)
})
