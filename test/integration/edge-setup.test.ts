import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { encodeCarried, decodeCarried, fromUserToUser, userToUser } from '../../src/domain/edge/carried.ts'
import { partsOf, pidfLo, positionOf, withLocation } from '../../src/domain/edge/location.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { stopAll } from '../../src/lab/process.ts'
import { headerOf, methodOf, type SipText, statusOf, uriIn } from '../support/drachtio/sip-text.ts'
import { type GivenEdge, givenEdge } from '../support/given-edge.ts'
import { obliging, refusing, sdp } from '../support/sip-agent.ts'

/** Calls through the edge: which gateway gets them, what they carry, and who may call at all. */
let edge: GivenEdge
beforeAll(async () => {
  edge = await givenEdge('edge-setup', { carries: ['user-to-user', 'call-info', 'geolocation', 'history-info', 'diversion'] }, (index) => (index === 0 ? { channels: 3 } : {}))
}, 60_000)
afterAll(stopAll)
beforeEach(async () => {
  for (const agent of [edge.asterisk, ...edge.gateways]) {
    agent.answering = obliging
    agent.received.length = 0
  }
  // Whatever the test before made of it: both are known to be there again.
  await eventually(() => edge.gateways.every((gateway) => gateway.requests('OPTIONS').length > 1), Boolean)
})

const gateway = (index: number) => {
  const found = edge.gateways[index]
  if (!found) throw new Error('there are two')
  return found
}
const call = (headers: Readonly<Record<string, string>> = {}, number = '110') =>
  edge.asterisk.send('INVITE', `sip:${number}@${edge.uri};trunk=police`, edge.address, { From: '"张三" <sip:13800001234@127.0.0.1>;tag=a', ...headers, 'Content-Type': 'application/sdp' }, sdp('127.0.0.1', 4_100))
const hangUp = async (invite: SipText, answer: SipText) => edge.asterisk.untilFinal(edge.asterisk.sendIn(edge.asterisk.accept(invite, answer), 'BYE'))
const invitesAt = (index: number) => gateway(index).requests('INVITE')
const startOf = async (invite: SipText, timeoutMs?: number) => (await edge.asterisk.untilFinal(invite, timeoutMs)).start

it('the first gateway gets the call, with the caller’s sound description as it is, and the answer comes back', async () => {
  const invite = call()
  const answer = await edge.asterisk.untilFinal(invite)
  expect(answer.start).toBe('SIP/2.0 200 OK')
  expect(answer.body).toBe(sdp('127.0.0.11', 4_000))
  const [at] = invitesAt(0)
  expect(at?.start).toBe(`INVITE sip:110@127.0.0.11:${gateway(0).port} SIP/2.0`)
  expect(partsOf(headerOf(at as SipText, 'Content-Type'), at?.body ?? '').sdp).toBe(sdp('127.0.0.1', 4_100))
  expect(invitesAt(1)).toHaveLength(0)
  expect((await hangUp(invite, answer)).start).toBe('SIP/2.0 200 OK')
  await gateway(0).untilRequest('BYE')
})

it.each(['503 Service Unavailable', '500 Server Internal Error'])('%s: the next gateway gets it', async (status) => {
  gateway(0).answering = refusing(status)
  const invite = call()
  const answer = await edge.asterisk.untilFinal(invite)
  expect(answer.start).toBe('SIP/2.0 200 OK')
  expect([invitesAt(0).length, invitesAt(1).length]).toEqual([1, 1])
  await hangUp(invite, answer)
})

it('silence: the next gateway gets it, and the first one is left', async () => {
  gateway(0).answering = () => undefined
  const startedAt = performance.now()
  const invite = call()
  const answer = await edge.asterisk.untilFinal(invite)
  expect(answer.start).toBe('SIP/2.0 200 OK')
  expect(performance.now() - startedAt).toBeGreaterThan(350)
  expect(performance.now() - startedAt).toBeLessThan(1_500)
  await hangUp(invite, answer)
})

it('a gateway that was left and answers late is hung up at once: nobody talks to nobody', async () => {
  gateway(0).answering = () => undefined
  const invite = call()
  const answer = await edge.asterisk.untilFinal(invite)
  const late = invitesAt(0)[0] as SipText
  const from = gateway(0).received.find(({ message }) => message === late)?.from
  if (!from) throw new Error('it came from somewhere')
  gateway(0).answering = obliging
  gateway(0).respond(late, from, '200 OK', {}, sdp('127.0.0.11', 4_000))
  await gateway(0).untilRequest('BYE')
  expect(gateway(1).requests('BYE')).toHaveLength(0)
  await hangUp(invite, answer)
})

it.each(['486 Busy Here', '603 Decline', '404 Not Found'])('%s is the answer: no other gateway is asked', async (status) => {
  gateway(0).answering = refusing(status)
  expect(await startOf(call())).toBe(`SIP/2.0 ${status}`)
  expect(invitesAt(1)).toHaveLength(0)
})

it('what has rung is not dialled again, whatever becomes of it', async () => {
  gateway(0).answering = (request, agent, from) => {
    if (methodOf(request) !== 'INVITE') return agent.respond(request, from, '200 OK')
    agent.respond(request, from, '180 Ringing')
    agent.respond(request, from, '503 Service Unavailable')
  }
  const invite = call()
  expect(await startOf(invite)).toBe('SIP/2.0 503 Service Unavailable')
  expect(edge.asterisk.answersTo(invite).map(statusOf)).toContain(180)
  expect(invitesAt(1)).toHaveLength(0)
})

it('all refuse: 503, so that Asterisk takes its own way', async () => {
  gateway(0).answering = refusing('503 Service Unavailable')
  gateway(1).answering = refusing('502 Bad Gateway')
  expect(await startOf(call())).toMatch(/^SIP\/2\.0 50[23] /)
})

it('a gateway that answers no OPTIONS comes last until it does again', async () => {
  gateway(0).answering = () => undefined
  await eventually(() => edge.log(), (log) => /"gateway":"gateway-1","up":false/.test(log))
  const invite = call()
  const answer = await edge.asterisk.untilFinal(invite)
  expect(invitesAt(0)).toHaveLength(0)
  await hangUp(invite, answer)
  gateway(0).answering = obliging
  await eventually(() => edge.log(), (log) => log.lastIndexOf('"gateway":"gateway-1","up":true') > log.lastIndexOf('"gateway":"gateway-1","up":false'))
}, 20_000)

it('no more calls than a gateway’s channels; the others go to the next', async () => {
  const invites = [call(), call(), call(), call()]
  const answers = await Promise.all(invites.map((invite) => edge.asterisk.untilFinal(invite)))
  expect(new Set(answers.map(({ start }) => start))).toEqual(new Set(['SIP/2.0 200 OK']))
  expect([invitesAt(0).length, invitesAt(1).length]).toEqual([3, 1])
  for (const [i, invite] of invites.entries()) await hangUp(invite, answers[i] as SipText)
  const again = call()
  const answer = await edge.asterisk.untilFinal(again)
  expect(invitesAt(0)).toHaveLength(4)
  await hangUp(again, answer)
})

it('a caller who hangs up while it rings: CANCEL goes on, and the caller gets 487', async () => {
  gateway(0).answering = (request, agent, from) => {
    if (methodOf(request) === 'INVITE') return agent.respond(request, from, '180 Ringing')
    agent.respond(request, from, '200 OK')
    if (methodOf(request) === 'CANCEL') agent.respond(agent.requests('INVITE').at(-1) as SipText, from, '487 Request Terminated')
  }
  const invite = call()
  await eventually(() => edge.asterisk.answersTo(invite).map(statusOf), (statuses) => statuses.includes(180))
  const via = headerOf(invite, 'Via')
  edge.asterisk.send('CANCEL', uriIn(headerOf(invite, 'To')), edge.address, { Via: via, From: headerOf(invite, 'From'), 'Call-ID': headerOf(invite, 'Call-ID'), CSeq: headerOf(invite, 'CSeq').replace('INVITE', 'CANCEL') })
  await gateway(0).untilRequest('CANCEL')
  expect(await startOf(invite)).toBe('SIP/2.0 487 Request Terminated')
  expect(invitesAt(1)).toHaveLength(0)
})

const carried = { call: 'call-1', handover: 'ho-1', from: '12345', mode: 'transfer', danger: true, category: '社会治安类', item: '殴打伤害事故', link: 'https://tandem.example/v1/links/handovers/ho-1?until=1&signature=x', position: 'geo:31.8,121.66', dialled: '12345' } as const

it('the hand-over goes with the call: User-to-User, Call-Info, Geolocation with PIDF-LO, History-Info, Diversion, P-Asserted-Identity', async () => {
  const invite = call({ 'X-Tandem-Carried': encodeCarried(carried), 'X-Tandem-Call-Id': 'call-1', 'X-Tandem-Handover-Id': 'ho-1' })
  const answer = await edge.asterisk.untilFinal(invite)
  const at = invitesAt(0)[0] as SipText
  const { link: _link, position, dialled: _dialled, ...data } = carried
  expect(fromUserToUser(headerOf(at, 'User-to-User'))).toEqual(data)
  expect(headerOf(at, 'Call-Info')).toBe(`<${carried.link}>;purpose=info`)
  expect(headerOf(at, 'History-Info')).toBe('<sip:12345@127.0.0.5>;index=1, <sip:110@127.0.0.5>;index=1.1')
  expect(headerOf(at, 'Diversion')).toContain('<sip:12345@127.0.0.5>')
  expect(headerOf(at, 'P-Asserted-Identity')).toContain('sip:13800001234@')
  expect(headerOf(at, 'Geolocation')).toBe('<cid:position@tandem>')
  const { sdp: offer, pidf } = partsOf(headerOf(at, 'Content-Type'), at.body)
  expect(offer).toBe(sdp('127.0.0.1', 4_100))
  expect(positionOf(pidf ?? '')).toEqual(position)
  expect(headerOf(at, 'Contact')).toMatch(/^<sip:call-1@127\.0\.0\.5:\d+>;isfocus$/)
  await hangUp(invite, answer)
})

it('a gateway that takes no multipart body (415) gets the call without the position', async () => {
  gateway(0).answering = (request, agent, from) => (headerOf(request, 'Content-Type').startsWith('multipart') ? agent.respond(request, from, '415 Unsupported Media Type') : obliging(request, agent, from))
  const invite = call({ 'X-Tandem-Carried': encodeCarried(carried) })
  const answer = await edge.asterisk.untilFinal(invite)
  expect(answer.start).toBe('SIP/2.0 200 OK')
  const last = invitesAt(0).at(-1) as SipText
  expect([last.body, headerOf(last, 'Geolocation')]).toEqual([sdp('127.0.0.1', 4_100), ''])
  expect(invitesAt(1)).toHaveLength(0)
  await hangUp(invite, answer)
})

const toUs = (headers: Readonly<Record<string, string>>, number: string, body = sdp('127.0.0.11', 4_200)) =>
  gateway(0).send('INVITE', `sip:${number}@${edge.uri}`, edge.address, { From: '<sip:+8613800001234@127.0.0.11>;tag=b', 'Content-Type': 'application/sdp', ...headers }, body)

it('what a call from a trusted network brings reaches Asterisk, and nothing that it may not say', async () => {
  const position = 'geo:31.81,121.67'
  const invite = toUs(
    {
      'P-Asserted-Identity': '"李四" <sip:+8651388887777@police.example>',
      'User-to-User': userToUser({ call: 'call-9', handover: 'ho-9', from: '110', mode: 'conference', category: '消费纠纷类' }) ?? '',
      'Call-Info': '<https://police.example/v1/links/handovers/ho-9?signature=y>;purpose=info',
      'History-Info': '<sip:110@police.example>;index=1, <sip:12345@police.example>;index=1.1',
      'X-Tandem-Carried': encodeCarried({ handover: 'forged' }),
      'X-Secret': 'internal',
      Geolocation: '<cid:position@tandem>',
      'Content-Type': 'multipart/mixed;boundary=tandem-part',
    },
    '+8651312345',
    withLocation(sdp('127.0.0.11', 4_200), pidfLo(position, 'sip:x@y', '2026-01-01T00:00:00Z')),
  )
  const answer = await gateway(0).untilFinal(invite)
  expect(answer.start).toBe('SIP/2.0 200 OK')
  const at = edge.asterisk.requests('INVITE')[0] as SipText
  expect(at.start).toContain('sip:12345@127.0.0.1')
  expect(at.body).toBe(sdp('127.0.0.11', 4_200))
  expect(headerOf(at, 'From')).toMatch(/^"李四" <sip:051388887777@/)
  expect(decodeCarried(headerOf(at, 'X-Tandem-Carried'))).toEqual({ call: 'call-9', handover: 'ho-9', from: '110', mode: 'conference', category: '消费纠纷类', link: 'https://police.example/v1/links/handovers/ho-9?signature=y', dialled: '110', position, trunk: 'police' })
  expect(headerOf(at, 'X-Secret')).toBe('')
  gateway(0).sendIn(gateway(0).accept(invite, answer), 'BYE')
  await edge.asterisk.untilRequest('BYE')
})

it('a number that is no desk’s is refused; a stranger is; neither reaches Asterisk', async () => {
  expect((await gateway(0).untilFinal(toUs({}, '99999'))).start).toBe('SIP/2.0 404 Not Found')
  const stranger = edge.stranger.send('INVITE', `sip:12345@${edge.uri}`, edge.address, { 'Content-Type': 'application/sdp' }, sdp('127.0.0.66', 4_300))
  expect((await edge.stranger.untilFinal(stranger)).start).toBe('SIP/2.0 403 Forbidden')
  expect((await edge.stranger.untilFinal(edge.stranger.send('OPTIONS', `sip:${edge.uri}`, edge.address))).start).toBe('SIP/2.0 403 Forbidden')
  expect(edge.asterisk.requests('INVITE')).toHaveLength(0)
})

it('a call that has gone round too often is ended', async () => {
  expect(await startOf(call({ 'Max-Forwards': '1' }))).toMatch(/^SIP\/2\.0 483 /)
  expect(invitesAt(0)).toHaveLength(0)
})
