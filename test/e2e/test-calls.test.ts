import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { TestCall } from '../../src/domain/test-call.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { projectDir } from '../../src/lab/paths.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { clear, expectEmptyAsterisk, givenTalk, press, settled, tones } from '../support/given-call.ts'
import { type SipPeer, type SipPeerBehaviour, startSipPeer } from '../support/sip-peer.ts'
import { openEvents, type SseReader } from '../support/sse-client.ts'

/** 110 behind a trunk of two channels, one of them reserved, with a test number; 12345's test call rings an agent's phone. */
let stack: Stack
let caller: Phone
let agent: Phone
let robot: Phone
let key: Record<string, string>
let police: SipPeer | undefined
let port: number

const times = { ringMs: 2_000, answerMs: 2_000, audioMs: 6_000 }

beforeAll(async () => {
  port = await freePort(undefined, 'udp')
  stack = await startStack({
    name: 'e2e-test-calls',
    seats: { '12345': ['1001', '1009'] },
    policeTrunkPort: port,
    policeTrunk: { channels: 2, reserved: 1 },
    compareMs: 300,
    testCalls: [
      { platform: '110', endpoint: 'police', number: '110999', ...times },
      { platform: '12345', endpoint: '1009', expect: 'sound', ...times },
    ],
  })
  caller = await stack.citizen({ toneHz: tones.caller })
  agent = await stack.agent('1001', tones.agent)
  robot = await stack.agent('1009', tones.guest)
  key = { authorization: `Bearer ${stack.api.key}` }
}, 120_000)
afterEach(async () => {
  await clear(stack, caller, agent, robot)
  await police?.stop()
  police = undefined
})
afterAll(() => stopAll())

async function policeIs(behaviour: SipPeerBehaviour): Promise<SipPeer> {
  police = await startSipPeer({ behaviour, port })
  return police
}

const make = async (platform = '110') => (await stack.api.post<{ testCall: TestCall; durable: boolean; code?: string }>('/v1/test-calls', { platform })).body
const last = async () => (await stack.api.get<{ items: TestCall[] }>('/v1/test-calls')).body.items
const health = async () => (await stack.api.get<{ ok: boolean; testCalls?: { ok: boolean; detail?: string } }>('/v1/health')).body
const told = ({ events }: SseReader) => events.map(({ event, data }) => ({ event, testCall: (data as { testCall?: TestCall }).testCall }))

async function kill(): Promise<void> {
  stack.service.kill('SIGKILL')
  await stack.service.exited
}

/** The command as an administrator starts it. */
const command = (...args: readonly string[]) =>
  new Promise<{ status: number; out: string; err: string }>((resolve) => {
    execFile(join(projectDir, 'src/cli/tandem.mjs'), args, { env: { PATH: process.env['PATH'], TANDEM_CONFIG: stack.configFile } }, (error, out, err) => {
      resolve({ status: Number(error?.code ?? 0), out, err })
    })
  })

describe('a test call by hand', () => {
  it('to an echo: the tone comes back, every step has its time, and the far end saw whose call it was', async () => {
    const target = await policeIs('echo')
    const { testCall, durable } = await make()
    expect(durable).toBe(true)
    expect(testCall).toMatchObject({ platform: '110', endpoint: 'police', number: '110999', expect: 'echo', by: 'desk', ok: true })
    const { dial = NaN, ring = NaN, answer = NaN, heard = NaN, echoed = NaN } = testCall.clock
    // Of a far end that answers at once, the answer may be told before the dialling is.
    expect(dial).toBeGreaterThan(0)
    const inOrder = [0, ring, answer, heard, echoed]
    expect(inOrder.toSorted((one, other) => one - other)).toEqual(inOrder)
    // Three bursts of 1.8 s together have come back.
    expect(echoed - heard).toBeGreaterThan(1_800)
    expect(testCall.packets?.received).toBeGreaterThan(50)
    expect(target.received()[0]?.headers['from']).toContain('12345')
    expect(target.count('BYE')).toBe(1)
    expect(await last()).toEqual([testCall])
    expect((await health()).testCalls).toEqual({ ok: true })
    await expectEmptyAsterisk(stack)
  })

  it('to one that answers and sends nothing: no audio from there', async () => {
    await policeIs('answer')
    const { testCall } = await make()
    expect(testCall).toMatchObject({ ok: false, failure: { reason: 'no-audio-from-target' }, packets: { received: 0 } })
    expect(testCall.packets?.sent).toBeGreaterThan(100)
    expect(await health()).toMatchObject({ ok: true, testCalls: { ok: false, detail: expect.stringContaining('110: no-audio-from-target') as string } })
  })

  it('to one that is heard, and not by our tone: no audio to there', async () => {
    await policeIs('answer-tone')
    const { testCall } = await make()
    expect(testCall).toMatchObject({ ok: false, failure: { reason: 'no-audio-to-target' } })
    expect(testCall.clock.heard).toBeGreaterThan(0)
    expect(testCall.clock.echoed).toBeUndefined()
  })

  it.each([
    [486, { reason: 'busy', sipCode: 486 }],
    [603, { reason: 'rejected', sipCode: 603 }],
    [404, { reason: 'unreachable', sipCode: 404 }],
    ['ring', { reason: 'no-answer' }],
  ] as const)('to one that does %s: the failure is that of a hand-over', async (behaviour, failure) => {
    await policeIs(behaviour)
    const { testCall } = await make()
    expect(testCall).toMatchObject({ ok: false, failure })
    expect(testCall.clock.answer).toBeUndefined()
    await expectEmptyAsterisk(stack)
  })

  it('where any sound will do, a phone that speaks is enough; whoever is rung for it is not rung for citizens', async () => {
    const made = make('12345')
    await robot.waitFor('incoming')
    await givenTalk(stack, caller, agent, '1001')
    await robot.answer()
    expect((await made).testCall).toMatchObject({ platform: '12345', endpoint: '1009', expect: 'sound', ok: true })
    expect(robot.events.filter(({ type }) => type === 'CALL_INCOMING')).toHaveLength(1)
  })
})

describe('what it must not disturb', () => {
  it('one at a time; a hand-over and a test call wait for the one channel that is not reserved', async () => {
    const target = await policeIs('ring')
    const first = make()
    await target.next('INVITE')
    expect(await make()).toMatchObject({ code: 'test-call-running' })
    await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001')
    expect(target.count('INVITE')).toBe(1)
    expect((await first).testCall.failure?.reason).toBe('no-answer')
    await eventually(() => target.count('INVITE'), (count) => count === 2)
    expect(await make()).toMatchObject({ code: 'destination-busy' })
    await stack.api.post(`/v1/handovers/${id}/cancel`, {})
    await settled(stack, id, 'cancelled')
  })
})

describe('the service dies', () => {
  it('in a test call that rings: started again, it removes the leg and tells so; the last results are still there', async () => {
    const target = await policeIs('ring')
    const before = await last()
    expect(before.map(({ platform }) => platform)).toEqual(['110', '12345'])
    const cut = make().catch(() => undefined)
    await target.next('INVITE')
    await kill()
    await cut
    await stack.startService()
    await eventually(() => target.count('CANCEL'), (count) => count === 1)
    const reader = await openEvents(`${stack.api.address}/v1/events`, { ...key, 'last-event-id': '0' })
    // oxlint-disable-next-line no-await-in-loop -- one event after the other
    while (reader.events.at(-1)?.event !== 'asterisk-cleared') await reader.readTo(reader.events.length + 1)
    reader.leave()
    expect(reader.events.at(-1)?.data).toMatchObject({ removed: 'channel', id: expect.stringMatching(/^test-/) as string })
    expect(await last()).toEqual(before)
  })

  it('or stops in order: the leg is ended at once', async () => {
    const target = await policeIs('ring')
    const cut = make().catch(() => undefined)
    await target.next('INVITE')
    await stack.service.stop()
    await cut
    expect(await eventually(() => target.count('CANCEL'), Boolean, 1_000)).toBe(1)
    await stack.startService()
    expect((await last()).find(({ platform }) => platform === '110')?.failure?.reason).toBe('control-lost')
  })

  it('in a test call that is answered, and stays away: Asterisk ends the leg at its limit', async () => {
    const target = await policeIs('answer')
    const cut = make().catch(() => undefined)
    await target.next('ACK')
    await kill()
    await cut
    expect(await eventually(() => target.count('BYE'), Boolean, 20_000)).toBe(1)
    await stack.startService()
  })
})

describe('tandem test-call', () => {
  it('prints a line a step and ends with 0 when the path works', async () => {
    await policeIs('echo')
    const { status, out, err } = await command('test-call', '110')
    expect(status, out + err).toBe(0)
    const lines = out.split('\n')
    expect(lines[0]).toBe('110: 110999 on police')
    expect(lines.slice(1, 6).map((line) => /^ {2}(.*?) +[0-9.]+ ms$/.exec(line)?.[1])).toEqual(['INVITE sent', 'ringing', 'answered', 'first sound', 'echo recognised'])
    expect(lines.at(-2)).toBe('The path works: our tone came back, there is audio both ways.')
  })

  it('ends with 1 when it does not, and says why; --json is one object', async () => {
    await policeIs(486)
    const { status, out, err } = await command('test-call', '110', '--json')
    expect(status, out + err).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ platform: '110', ok: false, failure: { reason: 'busy', sipCode: 486 } })
  })

  it('ends with 2 when it was not tried: no such command or platform, no service', async () => {
    expect((await command()).status).toBe(2)
    expect((await command('test-call', '119')).status).toBe(2)
    await stack.service.stop()
    const { status, err } = await command('test-call', '110')
    expect(status).toBe(2)
    expect(err).toContain(`${stack.api.address} cannot be asked`)
    await stack.startService()
  })
})

it('every result is a live event of no call', async () => {
  const reader = await openEvents(`${stack.api.address}/v1/events`, { ...key, 'last-event-id': '0' })
  const { items } = (await stack.api.get<{ items: TestCall[] }>('/v1/test-calls')).body
  // oxlint-disable-next-line no-await-in-loop -- one event after the other
  while (!told(reader).some(({ testCall }) => testCall?.id === items[0]?.id)) await reader.readTo(reader.events.length + 1)
  reader.leave()
  const { event, testCall } = told(reader).at(-1) ?? {}
  expect([event, testCall]).toEqual(['test-call-failed', items[0]])
  expect(told(reader).filter((one) => one.event === 'test-call-succeeded').every((one) => one.testCall?.ok)).toBe(true)
})
