import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { claimRunDir } from '../../src/lab/run-dir.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import type { CallSummary } from '../../src/domain/facts.ts'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { headerOf, methodOf, statusOf } from '../support/drachtio/sip-text.ts'
import { givenTalk, press, settled, tones } from '../support/given-call.ts'
import { startDrachtio, whichDrachtio } from '../support/given-drachtio.ts'
import { obliging, SipAgent } from '../support/sip-agent.ts'

/** An old 110 exchange that knows SIP and nothing of Tandem: its keys are REFER and SUBSCRIBE. */
let stack: Stack
let caller: Phone
let agent: Phone
let exchange: SipAgent
let at: { readonly proto: 'udp'; readonly host: string; readonly port: number }

beforeAll(async () => {
  process.stdout.write(`edge: against ${whichDrachtio}\n`)
  exchange = await new SipAgent('127.0.0.11', await freePort(undefined, 'both', '127.0.0.11')).start()
  exchange.answering = obliging
  const drachtio = { host: '127.0.0.5', port: await freePort(undefined, 'both', '127.0.0.5'), adminPort: await freePort(), secret: 'a-secret-for-the-edge', dir: join(claimRunDir('e2e-edge-referral-drachtio'), 'drachtio') }
  at = { proto: 'udp', host: drachtio.host, port: drachtio.port }
  stack = await startStack({
    name: 'e2e-edge-referral',
    calls: { ringMs: 8_000, retryMs: 1_000 },
    policeTrunkPort: exchange.port,
    policeTrunk: { host: exchange.host },
    edge: { host: drachtio.host, port: drachtio.port, drachtio: { port: drachtio.adminPort, secret: drachtio.secret }, trunks: [{ trunk: 'police', trusted: true, gateways: [{ id: 'exchange', host: exchange.host, port: exchange.port }] }] },
  })
  await startDrachtio(drachtio)
  await stack.startEdge()
  caller = await stack.citizen({ toneHz: tones.caller })
  agent = await stack.agent('1001', tones.agent)
  await eventually(() => stack.asterisk.rx('pjsip show contacts'), (text) => /police-edge\/\S+\s+\S+\s+Avail/.test(text), 20_000)
}, 180_000)
afterAll(stopAll)

const sipfrags = () => exchange.requests('NOTIFY').flatMap((notify) => (headerOf(notify, 'Event').startsWith('refer') ? [notify.body.trim()] : []))
const told = () => exchange.requests('NOTIFY').flatMap((notify) => (headerOf(notify, 'Event') === 'conference' ? [notify] : []))

it('the exchange has one-key transfer by its own REFER: the hotline’s phone rings, and the exchange sees who is in the call and what becomes of its key', async () => {
  const call = await givenTalk(stack, caller, agent, '1001')
  const first = await press(stack, '1001')
  await settled(stack, first.id, 'completed')
  const invite = exchange.requests('INVITE')[0]
  if (!invite) throw new Error('the exchange was not called')
  const dialog = exchange.dialogOf(invite)
  const focus = `sip:${call.id}@${at.host}:${at.port}`
  expect(statusOf(await exchange.untilFinal(exchange.send('SUBSCRIBE', focus, at, { Event: 'conference' })))).toBeLessThan(300)
  expect((await eventually(told, ({ length }) => length > 0))[0]?.body).toContain('<user-count>2</user-count>')

  const refer = { 'Refer-To': '<sip:12345@anywhere;method=INVITE>' }
  expect(statusOf(await exchange.untilFinal(exchange.sendIn(dialog, 'REFER', refer)))).toBe(202)
  await agent.waitFor('incoming')
  await eventually(sipfrags, (lines) => lines.includes('SIP/2.0 180 Ringing'))
  // The key once more: it shows what the first one made.
  expect(statusOf(await exchange.untilFinal(exchange.sendIn(dialog, 'REFER', refer)))).toBe(202)
  await agent.answer()
  await eventually(sipfrags, (lines) => lines.filter((line) => line === 'SIP/2.0 200 OK').length === 2)
  const { body } = await stack.api.get<{ items: Handover[] }>('/v1/handovers')
  expect(body.items.map(({ from, to, mode, agent: who }) => [from, to, mode, who])).toEqual([
    ['110', '12345', 'conference', 'police'],
    ['12345', '110', 'transfer', '1001'],
  ])
  await eventually(told, (all) => all.some((notify) => notify.body.includes('<user-count>3</user-count>')))

  const { items } = (await stack.api.get<{ items: CallSummary[] }>('/v1/calls')).body
  const hotline = items[0]?.parties.find(({ endpoint }) => endpoint === '1001')
  expect(statusOf(await exchange.untilFinal(exchange.sendIn(dialog, 'REFER', { 'Refer-To': `<sip:${hotline?.id}@${at.host};method=BYE>` })))).toBe(202)
  await agent.waitFor('idle')
  await caller.hangUp()
  await eventually(() => exchange.received.filter(({ message }) => statusOf(message) === undefined && methodOf(message) === 'BYE').length, (count) => count > 0)
  await eventually(told, (all) => all.some((notify) => headerOf(notify, 'Subscription-State').startsWith('terminated')))
}, 90_000)
