import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import { rootDir } from '../../src/lab/paths.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { callOf, clear, expectHearing, givenTalk, press, settled, storyOf, expectTalkTogether, tones, type Voice } from '../support/given-call.ts'
import { expectNoRecorder, factsOf, fileOf, heardInFile, recordingsOf, storyIn } from '../support/given-recording.ts'

let stack: Stack
let phones: Record<Voice, Phone>
let folder: string

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-recording-failures', calls: { ringMs: 5_000, retryMs: 1_000 }, recording: { enabled: true } })
  folder = join(stack.config.recording.directory, 'tandem')
  const [caller, agent, peer] = [await stack.citizen({ toneHz: tones.caller }), await stack.agent('1001', tones.agent), await stack.agent('2001', tones.peer)]
  phones = { caller, agent, peer, guest: peer }
}, 120_000)
afterEach(async () => {
  await hangUp()
  await expectNoRecorder(stack)
})
afterAll(() => stopAll())

const hangUp = () => clear(stack, phones.caller, phones.agent, phones.peer)
const pair = { caller: ['agent'], agent: ['caller'] } as const
const health = async () => (await stack.api.get<{ ok: boolean; recording: { ok: boolean; detail?: string } }>('/v1/health')).body
const alarms = () => readFileSync(join(stack.dir, 'tandem.log'), 'utf8').split('\n').filter((line) => line.includes('"level":50') && line.includes('a recording has failed'))

/** The call is what it always is: a talk, a transfer, a talk. */
async function expectTransferred(call: string): Promise<void> {
  await expectHearing(pair, phones)
  const { id } = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await settled(stack, id, 'completed')
  await expectTalkTogether([phones.caller, 'caller'], [phones.peer, 'peer'])
  expect((await callOf(stack, '2001')).recordings).toMatchObject([{ id: call, state: 'failed' }])
  await hangUp()
}

describe('a recording that cannot be made', () => {
  it('because its directory cannot be written: the call goes on, and the alarm tells which and why, until one goes well', async () => {
    await writeFile(folder, 'in the way of the directory')
    const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
    await expectTransferred(call)
    await rename(folder, `${folder}-away`)
    expect(await storyOf(stack, call)).toEqual(expect.arrayContaining(['call-answered', 'recording-failed', 'handover-completed', 'call-ended']))
    const [recording] = await recordingsOf(stack, call)
    expect(recording).toMatchObject({ id: call, state: 'failed', reason: expect.stringMatching(/./) as string })
    expect(await health()).toMatchObject({ ok: true, recording: { ok: false, detail: expect.stringContaining(call) as string } })
    expect(alarms().filter((line) => line.includes(call))).toHaveLength(1)
    expect((await stack.api.get(`/v1/recordings/${call}/file`)).status).toBe(404)
    const { id: next } = await givenTalk(stack, phones.caller, phones.agent, '1001')
    await expectHearing(pair, phones)
    await hangUp()
    await factsOf(stack, next)
    expect((await health()).recording).toEqual({ ok: true })
  })

  it('because the disk is full: the call goes on, and the alarm tells which', async () => {
    // In Asterisk's own view of the disk alone: some two seconds fit.
    const beside = (...command: string[]) => execFileSync('nsenter', [`--target=${stack.asterisk.process.pid}`, '--mount', '--', ...command])
    beside('mount', '-t', 'tmpfs', '-o', 'size=40k', 'tmpfs', `${rootDir}${folder}`)
    const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
    await eventually(() => callOf(stack, '1001'), ({ recordings }) => recordings?.[0]?.state === 'failed')
    await expectTransferred(call)
    beside('umount', `${rootDir}${folder}`)
    const facts = await eventually(() => storyOf(stack, call), (story) => story.includes('recording-failed'))
    expect(facts).toContain('recording-started')
    expect(alarms().some((line) => line.includes(call))).toBe(true)
  })
})

describe('the service is away', () => {
  it('killed in a talk: the recording goes on, is paused and finished by the next one, and is whole', async () => {
    const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
    await expectHearing(pair, phones)
    stack.service.kill('SIGKILL')
    await stack.service.exited
    await stack.startService()
    await eventually(() => callOf(stack, '1001'), ({ state }) => state === 'talking')
    await expectHearing(pair, phones)
    await stack.api.patch(`/v1/calls/${call}/recording`, { paused: true })
    await phones.caller.listen(tones, 700)
    await stack.api.patch(`/v1/calls/${call}/recording`, { paused: false })
    await expectHearing(pair, phones)
    await hangUp()
    await factsOf(stack, call)
    expect(storyIn(heardInFile(stack, call))).toEqual(['caller+agent', 'silence', 'caller+agent'])
    expect(await recordingsOf(stack, call)).toMatchObject([{ state: 'finished' }])
  })

  it('killed, and the talk is over when it comes back: the recording is finished then', async () => {
    const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
    await expectHearing(pair, phones)
    stack.service.kill('SIGKILL')
    await stack.service.exited
    await Promise.all([phones.caller.hangUp(), phones.agent.hangUp()])
    await expectNoRecorder(stack)
    await stack.startService()
    await factsOf(stack, call)
    const [recording] = await recordingsOf(stack, call)
    expect(recording).toMatchObject({ state: 'finished', bytes: readFileSync(fileOf(stack, call)).length })
    expect(storyIn(heardInFile(stack, call))).toEqual(['caller+agent'])
  })
})
