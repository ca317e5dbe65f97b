import { mkdirSync, mkdtempSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type LabAsterisk, startAsterisk } from '../../src/lab/asterisk.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { type Phone, PhoneCommandError, startPhone } from '../../src/lab/phone.ts'
import { freePort } from '../../src/lab/ports.ts'
import { endedAtMs, slice } from '../../src/lab/recording.ts'
import { runInRoot } from '../../src/lab/run.ts'
import { speak } from '../../src/lab/speech.ts'
import { heardBetween, hearing, musicOrRingback, partyTones } from '../../src/lab/tones.ts'
import { parseWav } from '../../src/lab/wav.ts'
import { type SipPeerBehaviour, startSipPeer } from '../support/sip-peer.ts'
import { password, writeSmallPbx } from '../support/small-pbx.ts'

const poll = { timeout: 5000, interval: 50 }
mkdirSync(runtimeDir, { recursive: true })
const dir = mkdtempSync(join(runtimeDir, 'phone-test-'))
let asterisk: LabAsterisk | undefined
let sip: { host: string; port: number }
let oddPort: number
let citizen: Phone
let agent: Phone

const pbxLog = () => readFile(join(dir, 'pbx/full'), 'utf8')
const desk = (user: string, toneHz: number, answer: 'auto' | 'manual') =>
  startPhone({ name: user, dir: join(dir, user), toneHz, sip, account: { user, password, register: true }, answer })

beforeAll(async () => {
  const [sipPort, httpPort] = [await freePort(undefined, 'udp'), await freePort()]
  oddPort = await freePort(undefined, 'udp')
  sip = { host: '127.0.0.1', port: sipPort }
  await writeSmallPbx({ dir: join(dir, 'pbx'), sipPort, httpPort, oddPort })
  const ready = { host: '127.0.0.1', httpPort, username: 'lab', password: 'lab' }
  asterisk = await startAsterisk({ configDir: join(dir, 'pbx'), dir: join(dir, 'pbx'), ready })
  agent = await desk('1001', partyTones.agent, 'manual')
  citizen = await startPhone({
    name: 'citizen',
    dir: join(dir, 'citizen'),
    toneHz: partyTones.caller,
    sip,
    account: { user: '13800001234', register: false, displayName: '王女士' },
    bindHost: '127.0.0.2',
    answer: 'manual',
  })
}, 60_000)

afterAll(async () => {
  await Promise.all([citizen, agent].map((phone) => phone?.stop()))
  await asterisk?.stop()
  await rm(dir, { recursive: true })
})

afterEach(async () => {
  await Promise.all([citizen.hangUp(), agent.hangUp()])
  await Promise.all([citizen.waitFor('idle'), agent.waitFor('idle')])
})

async function talk(): Promise<void> {
  await citizen.dial('1001')
  await agent.waitFor('incoming')
  await agent.answer()
  await Promise.all([citizen.waitFor('established'), agent.waitFor('established')])
}

async function startOdd(behaviour: SipPeerBehaviour) {
  const peer = await startSipPeer({ behaviour, port: oddPort, toneHz: partyTones.peer })
  onTestFinished(() => peer.stop())
  return peer
}

describe('two phones through Asterisk', () => {
  test('the trunk’s number arrives, and each hears the other and not itself', async () => {
    await talk()
    expect(agent.peer).toEqual({ uri: 'sip:13800001234@127.0.0.1', number: '13800001234', name: '王女士' })
    expect(await agent.incomingHeaders()).toMatchObject({ from: expect.stringContaining('"王女士" <sip:13800001234@') })
    expect(await Promise.all([citizen.listen(partyTones), agent.listen(partyTones)])).toEqual([['agent'], ['caller']])
    const sent = await citizen.sent()
    expect(heardBetween(sent, partyTones, endedAtMs(sent) - 500, endedAtMs(sent))).toEqual(['caller'])
    await agent.hangUp()
    await citizen.waitFor('idle')
    expect(citizen.ended).toEqual({ reason: 'Connection reset by peer' })
  })

  test('on hold the other hears music, and the tone again afterwards', async () => {
    await talk()
    await citizen.hold()
    const heldAtMs = performance.now()
    expect(await agent.listen(partyTones, 1500)).toEqual([])
    expect(musicOrRingback(agent.heard(), partyTones, heldAtMs, heldAtMs + 1500)).toBe(true)
    await citizen.resume()
    await expect.poll(() => agent.listen(partyTones, 200), poll).toEqual(['caller'])
    expect(await citizen.listen(partyTones)).toEqual(['agent'])
  })

  test('keys arrive, the same one twice', async () => {
    await citizen.dial('keys')
    await citizen.waitFor('established')
    await citizen.sendDtmf('*155')
    await expect.poll(pbxLog, poll).toContain('keys pressed: *155')
  })

  test('a phone that rejects is 486 at the other end, one that must not be disturbed 480', async () => {
    await citizen.dial('1001')
    await agent.waitFor('incoming')
    await agent.reject()
    await citizen.waitFor('idle')
    expect(citizen.ended?.code).toBe(486)

    await agent.doNotDisturb(true)
    await citizen.dial('1001')
    await expect.poll(() => citizen.ended?.code, poll).toBe(480)
    await agent.doNotDisturb(false)
    await expect(agent.reject()).rejects.toThrow(PhoneCommandError)
  })

  test('a caller who gives up ends the ringing', async () => {
    await citizen.dial('1001')
    await agent.waitFor('incoming')
    await citizen.hangUp()
    await expect.poll(() => agent.state, poll).toBe('idle')
  })

  test('a second phone answers by itself', async () => {
    const second = await desk('1002', partyTones.secondAgent, 'auto')
    onTestFinished(() => second.stop())
    await citizen.dial('1002')
    await citizen.waitFor('established')
    expect(await citizen.listen(partyTones)).toEqual(['secondAgent'])
  })

  test('a wrong password is told', async () => {
    const account = { user: '1002', password: 'wrong', register: true }
    const starting = startPhone({ name: 'wrong', dir: join(dir, 'wrong'), toneHz: 575, sip, account, answer: 'auto' })
    await expect(starting).rejects.toThrow(/registration refused/)
  })
})

test('recordings agree with the wall clock within 50 ms', async () => {
  const begin = (await pbxLog()).length
  await citizen.dial('beeps')
  await citizen.waitFor('established')
  const fromMs = performance.now()
  await citizen.waitFor('idle', 10_000)
  await expect.poll(() => endedAtMs(citizen.heard()) - fromMs, poll).toBeGreaterThan(3000)
  const call = slice(citizen.heard(), fromMs, Infinity)
  const windows = hearing(call.samples, call.sampleRate, { beep: 1100 }, { windowMs: 10 })
  const onsets = windows
    .filter((window, i) => window.levelDb.beep > -30 && (windows[i - 1]?.levelDb.beep ?? 0) <= -30)
    .map((window) => call.startedAtMs + window.atMs)
  const played = [...(await pbxLog()).slice(begin).matchAll(/^\[(\S+) ([\d:.]+)\].*beep$/gm)].map(
    ([, day, time]) => Date.parse(`${day}T${time}Z`) - performance.timeOrigin,
  )
  expect(played).toHaveLength(3)
  const errors = onsets.map((onset, i) => onset - (played[i] ?? 0))
  expect(errors).toHaveLength(3)
  for (const error of errors) expect(Math.abs(error)).toBeLessThan(50)
}, 15_000)

describe('odd targets', () => {
  test.each([
    [486, 486],
    [603, 403], // Asterisk passes the cause on, not the code: 603 and 403 are both cause 21.
    [480, 480],
    [404, 404],
    [500, 500],
  ] as const)('%d, which arrives as %d', async (code, codeOfAsterisk) => {
    const peer = await startOdd(code)
    await citizen.dial('odd')
    await citizen.waitFor('idle')
    expect(citizen.ended?.code).toBe(codeOfAsterisk)
    await expect.poll(() => peer.received().map((request) => request.method), poll).toEqual(['INVITE', 'ACK'])
  })

  test('rings until it is cancelled', async () => {
    const peer = await startOdd('ring')
    await citizen.dial('odd')
    await citizen.waitFor('ringing')
    await citizen.hangUp()
    await expect.poll(() => peer.received().map((request) => request.method), poll).toEqual(['INVITE', 'CANCEL', 'ACK'])
  })

  test('stays silent', async () => {
    const peer = await startOdd('silent')
    await citizen.dial('odd')
    await expect.poll(() => peer.count('INVITE'), poll).toBeGreaterThanOrEqual(2)
    expect(citizen.state).toBe('dialling')
  })

  test('plays before it answers', async () => {
    await startOdd('early-media')
    await citizen.dial('odd')
    await citizen.waitFor('early')
    await expect.poll(() => citizen.listen(partyTones, 300), poll).toEqual(['peer'])
  })

  test('answers at the moment of the CANCEL, and is hung up', async () => {
    const peer = await startOdd('answer-on-cancel')
    await citizen.dial('odd')
    await citizen.waitFor('ringing')
    await citizen.hangUp()
    await expect.poll(() => peer.received().map((request) => request.method), poll).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE'])
  })
})

test.each([['cmn', '您好，这里是市民服务热线。'], ['en', 'Please hold the line.']] as const)('speaks %s', async (voice, text) => {
  const file = join(dir, `prompts/${voice}.wav`)
  await speak({ text, voice, file })
  const { sampleRate, channels, samples } = parseWav(await readFile(file))
  expect({ sampleRate, channels }).toEqual({ sampleRate: 8000, channels: 1 })
  expect(samples.length).toBeGreaterThan(8000)
  expect(musicOrRingback({ samples, sampleRate, startedAtMs: 0 }, partyTones, 0, samples.length / 8)).toBe(true)
})

test('no party is heard in Debian’s music on hold', async () => {
  const moh = '/usr/share/asterisk/moh'
  const { stdout } = await runInRoot(['sh', '-c', `ls ${moh}/*.gsm`])
  const files = stdout.trim().split('\n')
  expect(files.length).toBeGreaterThan(0)
  for (const [i, file] of files.entries()) {
    const wav = join(dir, `music-${i}.wav`)
    expect(await runInRoot(['sox', file, '-r', '8000', '-c', '1', '-b', '16', wav])).toMatchObject({ code: 0 })
    const { samples, sampleRate } = parseWav(await readFile(wav))
    const music = { samples, sampleRate, startedAtMs: 0 }
    for (let atMs = 0; atMs + 600 <= endedAtMs(music); atMs += 200) {
      expect(heardBetween(music, partyTones, atMs, atMs + 600)).toEqual([])
    }
  }
}, 60_000)
