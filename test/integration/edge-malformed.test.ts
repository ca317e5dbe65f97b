import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import { runInRoot, stopAll } from '../../src/lab/process.ts'
import { ensureRoot } from '../../src/lab/root.ts'
import { headerOf, parseSip, statusOf } from '../support/drachtio/sip-text.ts'
import { type GivenEdge, givenEdge } from '../support/given-edge.ts'
import { malformed } from '../support/malformed.ts'
import { sdp, type SipAgent } from '../support/sip-agent.ts'

/** sipp, at the exchange’s address, sends what nobody should, and writes down what it gets. */
let edge: GivenEdge
let exchange: SipAgent
beforeAll(async () => {
  await ensureRoot(() => {})
  edge = await givenEdge('edge-malformed')
  exchange = edge.gateways[0] as SipAgent
}, 120_000)
afterAll(stopAll)

const idOf = (index: number): string => `odd-${index}`
const filledIn = (index: number, end: string): string => `${malformed[index]?.lines.join(end)}${end}${end}${malformed[index]?.body ?? ''}`.replaceAll('{id}', idOf(index))
const indices = (byHand: boolean): readonly number[] => malformed.flatMap((message, index) => ((message.byHand ?? false) === byHand ? [index] : []))

function scenario(): string {
  const sends = indices(false).map((index) => `<send><![CDATA[\n${filledIn(index, '\n')}]]></send>\n<pause milliseconds="20"/>`)
  // For the last answers.
  sends.push('<pause milliseconds="1000"/>')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="malformed">\n${sends.join('\n')}\n</scenario>\n`
}

/** @param log of sipp @returns the final answers to it, none for silence */
function answersTo(index: number, log: string): readonly number[] {
  const heard = [...log.split(/^-+ .*$/m).filter((text) => /^\s*UDP message received/.test(text)).flatMap((text) => parseSip(text.replace(/^[\s\S]*?(?=SIP\/2\.0 )/, '')) ?? []), ...exchange.received.map(({ message }) => message)]
  return heard.flatMap((message) => {
    const status = statusOf(message) ?? 0
    return status >= 200 && new RegExp(`z9hG4bK${idOf(index)}\\b`).test(headerOf(message, 'Via')) ? [status] : []
  })
}

it('whatever sipp sends, each gets the answer that is right, or silence; and calls go on', async () => {
  const dir = join(edge.drachtio.dir, '..')
  writeFileSync(join(dir, 'malformed.xml'), scenario())
  const { code, stderr, stdout } = await runInRoot(['sipp', `${edge.drachtio.host}:${edge.drachtio.port}`, '-sf', 'malformed.xml', '-m', '1', '-i', exchange.host, '-p', String(await freePort(undefined, 'both', exchange.host)), '-nostdin', '-timeout', '20', '-trace_msg', '-message_file', 'messages.log'], { cwd: dir })
  expect([code, code === 0 ? '' : `${stdout}${stderr}`]).toEqual([0, ''])
  for (const index of indices(true)) {
    const text = filledIn(index, '\r\n').replaceAll('[local_ip]', exchange.host).replaceAll('[local_port]', String(exchange.port)).replaceAll('[remote_ip]', edge.drachtio.host).replaceAll('[remote_port]', String(edge.drachtio.port))
    exchange.sendText(text, edge.address)
  }
  const wanted = Object.fromEntries(malformed.map(({ name, answer }) => [name, answer]))
  const got = () => Object.fromEntries(malformed.map(({ name }, index) => [name, answersTo(index, readFileSync(join(dir, 'messages.log'), 'utf8'))[0] ?? 'silence']))
  await eventually(got, (answers) => malformed.every(({ name, answer }) => answer === 'silence' || answers[name] !== 'silence'), 5_000).catch(() => undefined)
  expect(got()).toEqual(wanted)
  expect([edge.edge, edge.server].map(({ pid }) => process.kill(pid, 0))).toEqual([true, true])
  const invite = edge.asterisk.send('INVITE', `sip:110@${edge.uri};trunk=police`, edge.address, { 'Content-Type': 'application/sdp' }, sdp('127.0.0.1', 4_100))
  const answer = await edge.asterisk.untilFinal(invite)
  expect(answer.start).toBe('SIP/2.0 200 OK')
  await edge.asterisk.untilFinal(edge.asterisk.sendIn(edge.asterisk.accept(invite, answer), 'BYE'))
}, 60_000)

it('the same in a call: what has no sense is answered, and the call goes on', async () => {
  const invite = edge.asterisk.send('INVITE', `sip:110@${edge.uri};trunk=police`, edge.address, { 'X-Tandem-Call-Id': 'call-1', 'Content-Type': 'application/sdp' }, sdp('127.0.0.1', 4_100))
  const near = edge.asterisk.accept(invite, await edge.asterisk.untilFinal(invite))
  await eventually(() => exchange.requests('ACK').length, (count) => count > 0)
  const far = exchange.dialogOf(exchange.requests('INVITE').at(-1) as never)
  for (const [method, headers, body] of [['REFER', { 'Refer-To': '<<<>>>' }, ''], ['REFER', {}, ''], ['INFO', { 'Content-Type': 'x/y' }, '\u0000\u0001'], ['UPDATE', { 'Session-Expires': 'soon', 'Min-SE': '-1' }, ''], ['SUBSCRIBE', { Event: '' }, '']] as const) {
    const sent = exchange.sendIn(far, method, headers, body)
    expect(statusOf(await exchange.untilFinal(sent)), method).toBeGreaterThanOrEqual(200)
  }
  expect((await edge.asterisk.untilFinal(edge.asterisk.sendIn(near, 'BYE'))).start).toBe('SIP/2.0 200 OK')
}, 60_000)
