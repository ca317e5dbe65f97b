import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isRecordingFact } from '../../src/domain/facts.ts'
import { recordingName } from '../../src/domain/recording.ts'
import { type JournalFile, openJournal } from '../../src/journal/open-journal.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { encodeWav, sine } from '../../src/lab/wav.ts'
import { Recordings } from '../../src/recordings/recordings.ts'
import { type GivenHttp, givenHttp, withArchiveKey, withKey } from '../support/given-http.ts'
import { fileFact, recordedCall as id } from '../support/journal-facts.ts'

const dayMs = 86_400_000
/** The id of a call that began then. */
const callAt = (ms: number) => {
  const time = ms.toString(16).padStart(12, '0')
  return `call-${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}
const sound = encodeWav(sine(575, 1_500), 8_000)

let dir: string
let journal: JournalFile
let recordings: Recordings
let running: readonly string[]
const errors: string[] = []

beforeEach(async () => {
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  dir = mkdtempSync(join(runtimeDir, 'test', 'recordings-'))
  journal = await openJournal({ path: join(dir, 'journal.sqlite') })
  running = []
  errors.length = 0
  const logger = pino({ level: 'error' }, { write: (line) => void errors.push(line) })
  recordings = new Recordings({ config: { enabled: true, directory: dir, notice: false, linkHours: 72, retentionDays: 30 }, journal, logger, isRunning: async (recording) => running.includes(recording) })
})
afterEach(async () => {
  await recordings.close()
  await journal.close()
  rmSync(dir, { recursive: true })
})

function givenFile(recording: string, content: Uint8Array = sound): string {
  const file = join(dir, `${recordingName(recording)}.wav`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  return file
}

const facts = async () => (await journal.read(0, 100)).flatMap(({ fact }) => (isRecordingFact(fact) ? [`${fact.type} ${fact.recording.id}`] : []))

describe('a recording that has ended', () => {
  it('is hashed and measured, once; the start that was told stays', async () => {
    givenFile(id)
    await journal.append([fileFact('recording-fetched', { state: 'recording' })])
    await Promise.all([recordings.finish(id), recordings.finish(id)])
    await recordings.finish(id)
    expect(await journal.recording(id)).toEqual({
      id,
      callId: id,
      room: 'call',
      state: 'finished',
      startedAt: '2026-11-24T18:57:21.000Z',
      durationMs: 1_500,
      bytes: 24_044,
      sha256: createHash('sha256').update(sound).digest('hex'),
    })
    expect((await facts()).filter((fact) => fact.startsWith('recording-finished'))).toHaveLength(1)
  })

  it('of which nobody heard the start began its length before its file was closed', async () => {
    givenFile(id)
    const closed = Date.now()
    await recordings.finish(id)
    expect(Math.abs(Date.parse((await journal.recording(id))?.startedAt ?? '') + 1_500 - closed)).toBeLessThan(500)
  })

  it.each([
    ['without a file', undefined, 'there is no file'],
    ['with an empty file', new Uint8Array(44), 'the file is empty'],
  ])('%s has failed, which health shows', async (_what, content, reason) => {
    if (content) givenFile(id, content)
    await recordings.finish(id)
    expect(await journal.recording(id)).toMatchObject({ state: 'failed', reason })
    expect(recordings.health()).toEqual({ ok: false, detail: `${id}: ${reason}` })
    expect(errors.join()).toContain(id)
  })

  it('while nobody listened is finished at the next look; what runs is not', async () => {
    const other = `${id}-consultation-1`
    for (const recording of [id, other]) {
      givenFile(recording)
      await journal.append([fileFact('recording-fetched', { id: recording, state: 'recording' })])
    }
    running = [other]
    recordings.start()
    await eventually(facts, (all) => all.includes(`recording-finished ${id}`))
    expect((await journal.recording(other))?.state).toBe('recording')
  })
})

describe('retention', () => {
  const old = callAt(Date.now() - 32 * dayMs)
  const young = callAt(Date.now() - 29 * dayMs)

  it('deletes what is over the time, each as a fact, consultations too; what is not stays, and what is not ours', async () => {
    const gone = [givenFile(old), givenFile(`${old}-consultation-1`)]
    const kept = [givenFile(young), join(dirname(gone[0] ?? ''), 'of-somebody-else.wav')]
    writeFileSync(kept[1] ?? '', 'x')
    await recordings.finish(old)
    recordings.start()
    await eventually(facts, (all) => all.filter((fact) => fact.startsWith('recording-deleted')).length === 2)
    expect([...gone, ...kept].map((file) => existsSync(file))).toEqual([false, false, true, true])
    expect(await journal.recording(old)).toMatchObject({ state: 'deleted', bytes: sound.length })
    expect(recordings.health()).toEqual({ ok: true })
  })

  it('that cannot delete is an alarm, not a fact; the others are deleted', async () => {
    // A directory with something in it has the name of a recording: even root cannot unlink it.
    const stuck = join(dir, `${recordingName(old)}.wav`)
    mkdirSync(join(stuck, 'something'), { recursive: true })
    const other = givenFile(`${old}-consultation-1`)
    recordings.start()
    await eventually(() => recordings.health().ok, (ok) => !ok)
    expect(recordings.health().detail).toMatch(/1 old recordings could not be deleted/)
    expect(existsSync(other)).toBe(false)
    expect(await facts()).toEqual([`recording-deleted ${old}-consultation-1`])
    expect(errors.join()).toContain(old)
  })

  it('a directory that is not there is an alarm', async () => {
    await recordings.close()
    recordings = new Recordings({ config: { enabled: true, directory: join(dir, 'nowhere'), notice: false, linkHours: 72, retentionDays: 30 }, journal, logger: pino({ level: 'silent' }), isRunning: async () => false })
    recordings.start()
    await expect.poll(() => recordings.health().detail).toContain('nowhere')
  })
})

describe('over HTTP', () => {
  let given: GivenHttp

  beforeEach(async () => {
    given = await givenHttp({ recorded: true })
    const file = join(given.directory, `${recordingName(id)}.wav`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, sound)
    await given.journal.append([
      fileFact('recording-finished', { bytes: sound.length, durationMs: 1_500, sha256: 'a'.repeat(64) }),
      fileFact('recording-finished', { id: `${id}-consultation-10`, room: 'consultation' }),
      fileFact('recording-finished', { id: `${id}-consultation-2`, room: 'consultation' }),
    ])
  })
  afterEach(() => given.close())

  const get = (url: string, headers: Record<string, string> = withArchiveKey) => given.http.inject({ url, headers })
  const fetches = async () => (await given.journal.read(0, 100)).flatMap(({ fact }) => (fact.type === 'recording-fetched' ? [[fact.by, fact.recording.id, fact.range]] : []))

  it('a call’s recordings are listed in their order, to keys that may have them alone', async () => {
    const answer = await get(`/v1/calls/${id}/recordings`)
    expect(answer.statusCode).toBe(200)
    expect(answer.json<{ items: { id: string }[] }>().items.map((recording) => recording.id)).toEqual([id, `${id}-consultation-2`, `${id}-consultation-10`])
    expect((await get(`/v1/calls/${id}/recordings`, withKey)).json()).toMatchObject({ status: 403, code: 'forbidden' })
    expect((await get(`/v1/calls/${callAt(0)}/recordings`)).json()).toMatchObject({ status: 404, code: 'call-not-found' })
  })

  it('the file is sent whole or in part, with who fetched which part recorded before', async () => {
    const [whole, end, beyond] = [await get(`/v1/recordings/${id}/file`), await get(`/v1/recordings/${id}/file`, { ...withArchiveKey, range: 'bytes=-100' }), await get(`/v1/recordings/${id}/file`, { ...withArchiveKey, range: 'bytes=99999-' })]
    expect([whole.statusCode, whole.rawPayload.equals(sound)]).toEqual([200, true])
    expect([end.statusCode, end.headers['content-range'], end.rawPayload.equals(sound.subarray(-100))]).toEqual([206, `bytes ${sound.length - 100}-${sound.length - 1}/${sound.length}`, true])
    expect(beyond.json()).toMatchObject({ status: 416, code: 'range-not-satisfiable' })
    expect(await fetches()).toEqual([
      ['archive', id, undefined],
      ['archive', id, 'bytes=-100'],
    ])
  })

  it('a key that may not have recordings gets none, and a browser’s Basic is a key as well', async () => {
    expect((await get(`/v1/recordings/${id}/file`, withKey)).json()).toMatchObject({ status: 403, code: 'forbidden' })
    expect((await get(`/v1/recordings/${id}/file`, {})).statusCode).toBe(401)
    expect(await fetches()).toEqual([])
    const basic = `Basic ${Buffer.from(`me:${withArchiveKey.authorization.split(' ')[1]}`).toString('base64')}`
    expect((await get(`/v1/recordings/${id}/file`, { authorization: basic })).statusCode).toBe(200)
  })

  it.each(['..%2F..%2Fjournal.sqlite', '%2Fetc%2Fpasswd', callAt(0)])('%s is no recording', async (name) => {
    expect((await get(`/v1/recordings/${name}/file`)).json()).toMatchObject({ status: 404 })
    expect(await fetches()).toEqual([])
  })

  it('of a live call: told of as it begins, paused and resumed; one that ends before its talk has failed, and the talk goes on', async () => {
    const { call } = given.control.talk('1001')
    given.calls.recordings.started(call, '2026-11-24T19:00:00.000Z')
    const pause = (paused: boolean) => given.http.inject({ method: 'PATCH', url: `/v1/calls/${call}/recording`, headers: withKey, payload: { paused } })
    for (const [paused, state] of [[true, 'paused'], [true, 'paused'], [false, 'recording']] as const) {
      expect((await pause(paused)).json()).toMatchObject({ call: { recordings: [{ id: call, state, startedAt: '2026-11-24T19:00:00.000Z' }] }, durable: true })
    }
    given.calls.recordings.ended(call, '2026-11-24T19:00:00.000Z', 'disk full')
    await expect.poll(() => given.calls.get(call)).toMatchObject({ state: 'talking', recordings: [{ state: 'failed', reason: 'disk full' }] })
    expect((await get('/v1/health')).json()).toMatchObject({ ok: true, recording: { ok: false, detail: `${call}: disk full` } })
    const told = (await given.journal.read(0, 100)).flatMap(({ fact }) => (isRecordingFact(fact) && fact.recording.id === call ? [[fact.type, fact.by]] : []))
    expect(told).toEqual([['recording-started', undefined], ['recording-paused', 'desk'], ['recording-resumed', 'desk'], ['recording-failed', undefined]])
  })

  it('the end of somebody else’s recording concerns nobody', async () => {
    const before = (await given.journal.read(0, 100)).length
    given.calls.recordings.ended(callAt(0), undefined, 'over')
    expect((await given.journal.read(0, 100)).length).toBe(before)
  })

  it('a file that has vanished is not found, and nobody is said to have fetched it', async () => {
    rmSync(join(given.directory, `${recordingName(id)}.wav`))
    expect((await get(`/v1/recordings/${id}/file`)).json()).toMatchObject({ status: 404, code: 'recording-not-found' })
    expect(await fetches()).toEqual([])
  })

  it('one that has been deleted is not found', async () => {
    rmSync(join(given.directory, `${recordingName(id)}.wav`))
    await given.journal.append([fileFact('recording-deleted', { state: 'deleted', sha256: 'a'.repeat(64) })])
    expect((await get(`/v1/recordings/${id}/file`)).json()).toMatchObject({ status: 404, code: 'recording-not-found' })
  })
})
