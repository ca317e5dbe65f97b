import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { fromUserToUser } from '../../src/domain/edge/carried.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { type Phone, startPhone } from '../../src/lab/phone.ts'
import { freePort } from '../../src/lab/ports.ts'
import { type LabProcess, stopAll } from '../../src/lab/process.ts'
import { claimRunDir } from '../../src/lab/run-dir.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { clear, expectHearing, givenTalk, press, settled, tones, type Voice } from '../support/given-call.ts'
import { type GivenDrachtio, startDrachtio, whichDrachtio } from '../support/given-drachtio.ts'
import { SipAgent, sdp } from '../support/sip-agent.ts'

/** The whole of Tandem behind its edge: the 110 desk is an exchange’s, which is a phone here. */
const exchange = '127.0.0.11'
let stack: Stack
let phones: Record<Voice, Phone>
let drachtio: GivenDrachtio
let server: LabProcess
let edge: LabProcess
let carrier: SipAgent

beforeAll(async () => {
  process.stdout.write(`edge: against ${whichDrachtio}\n`)
  const port = await freePort(undefined, 'both', exchange)
  drachtio = { host: '127.0.0.5', port: await freePort(undefined, 'both', '127.0.0.5'), adminPort: await freePort(), secret: 'a-secret-for-the-edge', dir: join(claimRunDir('e2e-edge-drachtio'), 'drachtio') }
  stack = await startStack({
    name: 'e2e-edge',
    calls: { ringMs: 8_000, retryMs: 1_000 },
    policeTrunkPort: port,
    policeTrunk: { host: exchange, inbound: true, match: ['127.0.0.9'] },
    edge: {
      host: drachtio.host,
      port: drachtio.port,
      drachtio: { port: drachtio.adminPort, secret: drachtio.secret },
      trunks: [{ trunk: 'police', trusted: true, gateways: [{ id: 'exchange', host: exchange, port }] }],
    },
  })
  phones = {
    caller: await stack.citizen({ toneHz: tones.caller, name: '张三' }),
    agent: await stack.agent('1001', tones.agent),
    peer: await startPhone({ name: 'exchange', dir: join(stack.dir, 'phones/exchange'), toneHz: tones.peer, sip: { host: exchange, port }, account: { user: '110', register: false }, bindHost: exchange, sipPort: port, answer: 'manual' }),
    guest: await stack.citizen({ number: '13900009999', toneHz: tones.guest }),
  }
  // Another line of the exchange.
  carrier = await new SipAgent(exchange, await freePort(undefined, 'both', exchange)).start()
  await startAll()
}, 180_000)
afterEach(() => clear(stack, ...Object.values(phones)))
afterAll(stopAll)

async function startAll(): Promise<void> {
  server = await startDrachtio(drachtio)
  await startEdge()
}

/** Until it answers, and Asterisk has seen that. */
async function startEdge(): Promise<void> {
  edge = await stack.startEdge()
  const uri = `sip:${drachtio.host}:${drachtio.port}`
  const answer = async () => (await carrier.untilFinal(carrier.send('OPTIONS', uri, { proto: 'udp', host: drachtio.host, port: drachtio.port }), 1_000).catch(() => undefined))?.start ?? ''
  await eventually(answer, (line) => line.startsWith('SIP/2.0 200'), 15_000)
  await eventually(() => stack.asterisk.rx('pjsip show contacts'), (text) => /police-edge\/\S+\s+\S+\s+Avail/.test(text), 20_000)
}

async function givenHandover(more: object = {}): Promise<{ readonly id: string; readonly call: string }> {
  const call = await givenTalk(stack, phones.caller, phones.agent, '1001')
  const { id } = await press(stack, '1001', more)
  await phones.peer.waitFor('incoming')
  return { id, call: call.id }
}

it('a transfer goes through the edge: the exchange sees whom and what it gets before it answers, and citizen and call-taker hear each other', async () => {
  const { id, call } = await givenHandover({ matter: { category: '社会治安类', item: '殴打伤害事故' }, danger: true })
  const headers = await phones.peer.incomingHeaders()
  expect(headers?.['contact']).toContain(`${drachtio.host}:${drachtio.port}`)
  expect(fromUserToUser(headers?.['user-to-user'] ?? '')).toEqual({ call, handover: id, from: '12345', mode: 'transfer', danger: true, category: '社会治安类', item: '殴打伤害事故' })
  expect(headers?.['history-info']).toContain('<sip:12345@')
  expect(headers?.['p-asserted-identity']).toContain('sip:13800001234@')
  expect(headers?.['x-tandem-carried']).toBeUndefined()
  await phones.peer.answer()
  await settled(stack, id, 'completed')
  await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
}, 60_000)

it('the exchange is busy: the agent is told so, with its code, and the pair talk on', async () => {
  const { id } = await givenHandover()
  await phones.peer.reject()
  expect((await settled(stack, id, 'failed')).handover.failure).toMatchObject({ reason: 'busy', sipCode: 486 })
  await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
}, 60_000)

it('the exchange hangs up, or the citizen does: the other side is told', async () => {
  const { id } = await givenHandover()
  await phones.peer.answer()
  await settled(stack, id, 'completed')
  await phones.caller.hangUp()
  await phones.peer.waitFor('idle')
  expect(phones.peer.ended?.reason).toBeDefined()
}, 60_000)

it('the edge dies: the call that goes through it is heard on, and the next one takes the direct way', async () => {
  const { id } = await givenHandover()
  await phones.peer.answer()
  await settled(stack, id, 'completed')
  server.kill('SIGKILL')
  edge.kill('SIGKILL')
  await Promise.all([server.exited, edge.exited])
  await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
  await clear(stack, ...Object.values(phones))
  const second = await givenHandover()
  const headers = await phones.peer.incomingHeaders()
  expect(headers?.['contact']).toContain(`127.0.0.1:${stack.config.asterisk.sipPort}`)
  // Nothing vouches for that network now.
  expect(headers?.['x-tandem-carried']).toBeUndefined()
  await phones.peer.answer()
  await settled(stack, second.id, 'completed')
  await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
  await startAll()
}, 120_000)

it('a press in the moment of its death, before Asterisk has noticed, goes straight all the same', async () => {
  await givenTalk(stack, phones.caller, phones.agent, '1001')
  server.kill('SIGKILL')
  await server.exited
  const { id } = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await settled(stack, id, 'completed')
  await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
  edge.kill('SIGKILL')
  await edge.exited
  await startAll()
}, 90_000)

it('its application alone is away: the direct way is taken at once', async () => {
  edge.kill('SIGKILL')
  await edge.exited
  const { id } = await givenHandover()
  expect((await phones.peer.incomingHeaders())?.['contact']).toContain(`127.0.0.1:${stack.config.asterisk.sipPort}`)
  await phones.peer.answer()
  await settled(stack, id, 'completed')
  await startEdge()
}, 60_000)

it('a call that comes in by the edge shows what it carries while the desk’s phone rings', async () => {
  const to = { proto: 'udp', host: drachtio.host, port: drachtio.port } as const
  const data = Buffer.from(JSON.stringify({ call: 'call-9', handover: 'ho-9', from: '110', mode: 'transfer', category: '消费纠纷类' })).toString('hex')
  const invite = carrier.send('INVITE', `sip:12345@${drachtio.host}:${drachtio.port}`, to, { From: `<sip:13800005678@${exchange}>;tag=c`, 'Content-Type': 'application/sdp', 'User-to-User': `${data};encoding=hex;content=tandem-handover` }, sdp(exchange, 4_400))
  await phones.agent.waitFor('incoming')
  const [call] = (await stack.api.get<{ items: { id: string; state: string; caller: object; carried?: object }[] }>('/v1/calls')).body.items
  expect(call).toMatchObject({ state: 'ringing', caller: { number: '13800005678' }, carried: { call: 'call-9', handover: 'ho-9', from: '110', mode: 'transfer', category: '消费纠纷类', trunk: 'police' } })
  await phones.agent.answer()
  const dialog = carrier.accept(invite, await carrier.untilFinal(invite))
  await eventually(async () => (await stack.api.get<{ items: { state: string }[] }>('/v1/calls')).body.items[0]?.state, (state) => state === 'talking')
  carrier.answering = (request, agent, from) => agent.respond(request, from, '200 OK')
  await phones.agent.hangUp()
  await carrier.untilRequest('BYE', 1, 10_000)
  expect(dialog.callId).toBe(carrier.requests('BYE')[0]?.headers.find(([name]) => name === 'Call-ID')?.[1])
}, 60_000)
