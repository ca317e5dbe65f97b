import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { loudButNoParty } from '../../src/lab/tones.ts'
import { callOf, clear, expectHearing, givenTalk, press, settled, tones, type Voice } from '../support/given-call.ts'
import { expectNoRecorder, factsOf, fileOf, heardIn, heardInFile, placeOf, recordingsOf, spanOf, storyIn } from '../support/given-recording.ts'

let stack: Stack
let phones: Record<Voice, Phone>

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-recording', calls: { ringMs: 5_000, retryMs: 1_000 }, recording: { enabled: true } })
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
const handedOver = { caller: ['peer'], peer: ['caller'] } as const
/** Asterisk's timing, a window of 40 ms on either side, and a machine that has other things to do. */
const withinMs = 150

async function givenTransfer(): Promise<string> {
  const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
  await expectHearing(pair, phones)
  const { id } = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  await phones.caller.listen(tones, 1_500)
  await phones.peer.answer()
  await settled(stack, id, 'completed')
  await expectHearing(handedOver, phones)
  return call
}

describe('the recording of a call', () => {
  it('goes on through a transfer without a hole: the agent, music or ringback, 110, each where the facts say', async () => {
    const call = await givenTransfer()
    await hangUp()
    const facts = await factsOf(stack, call)
    const [recording] = await recordingsOf(stack, call)
    const moments = heardInFile(stack, call)
    expect(storyIn(moments).filter((who) => who.includes('+'))).toEqual(['caller+agent', 'caller+peer'])
    const [agent, peer] = [spanOf(moments, 'agent'), spanOf(moments, 'peer')]
    const place = (type: string) => placeOf(facts, type, recording?.startedAt)
    expect(Math.abs(agent.toMs - place('handover-dialled'))).toBeLessThan(withinMs)
    expect(Math.abs(peer.fromMs - place('handover-joined'))).toBeLessThan(withinMs)
    expect(Math.abs((recording?.durationMs ?? 0) - place('call-ended'))).toBeLessThan(withinMs)
    expect(agent.fromMs).toBeLessThan(withinMs)
    const between = moments.filter(({ atMs }) => atMs > agent.toMs && atMs < peer.fromMs)
    expect(between.filter(loudButNoParty).length).toBeGreaterThan(between.length / 8)
    // The caller speaks on while he hears music, and is recorded all the time.
    const silent = moments.filter(({ rmsDb }) => rmsDb < -60).length * 40
    expect(silent).toBeLessThan(withinMs)
  })

  it('is listed with its start, its length and the hash of its file, and named in the call and in its ticket', async () => {
    const call = await givenTransfer()
    const live = await callOf(stack, '2001')
    expect(live.recordings).toMatchObject([{ id: call, room: 'call', state: 'recording' }])
    await hangUp()
    await factsOf(stack, call)
    const file = readFileSync(fileOf(stack, call))
    expect(await recordingsOf(stack, call)).toEqual([
      {
        id: call,
        callId: call,
        room: 'call',
        state: 'finished',
        startedAt: live.recordings?.[0]?.startedAt,
        durationMs: (file.length - 44) / 16,
        bytes: file.length,
        sha256: createHash('sha256').update(file).digest('hex'),
      },
    ])
    const [ticket] = await eventually(() => stack.receiver.of(call), (received) => received.length > 0)
    expect(ticket?.payload.data.call.recordings).toMatchObject([{ id: call, state: 'recording' }])
  })

  it('is silent while it is paused, and what comes after lies where it lay in the talk', async () => {
    const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
    await expectHearing(pair, phones)
    const pause = (paused: boolean) => stack.api.patch<{ call: CallSummary }>(`/v1/calls/${call}/recording`, { paused, agent: '1001' })
    expect(await pause(true)).toMatchObject({ status: 200, body: { call: { recordings: [{ state: 'paused' }] }, durable: true } })
    await phones.caller.listen(tones, 1_500)
    expect(await pause(false)).toMatchObject({ status: 200, body: { call: { recordings: [{ state: 'recording' }] } } })
    await expectHearing(pair, phones)
    const { id } = await press(stack, '1001')
    await phones.peer.waitFor('incoming')
    await phones.peer.answer()
    await settled(stack, id, 'completed')
    await expectHearing(handedOver, phones)
    await hangUp()
    const facts = await factsOf(stack, call)
    const [recording] = await recordingsOf(stack, call)
    const moments = heardInFile(stack, call)
    const [from, to] = [placeOf(facts, 'recording-paused', recording?.startedAt), placeOf(facts, 'recording-resumed', recording?.startedAt)]
    expect(to - from).toBeGreaterThan(1_400)
    const inside = moments.filter(({ atMs }) => atMs > from + withinMs && atMs < to - withinMs)
    expect(inside.every(({ rmsDb }) => rmsDb < -90)).toBe(true)
    const around = moments.filter(({ atMs }) => (atMs > from - 500 && atMs < from - withinMs) || (atMs > to + withinMs && atMs < to + 500))
    expect(around.length).toBeGreaterThan(10)
    // A packet that comes too late on a busy machine leaves a hole of its own.
    expect(around.filter(({ heard }) => heard.caller && heard.agent).length / around.length).toBeGreaterThan(0.8)
    expect(Math.abs(spanOf(moments, 'peer').fromMs - placeOf(facts, 'handover-joined', recording?.startedAt))).toBeLessThan(withinMs)
    expect(facts.filter(({ event }) => event.startsWith('recording-')).map(({ event, data }) => [event, data.by])).toEqual([
      ['recording-started', undefined],
      ['recording-paused', '1001'],
      ['recording-resumed', '1001'],
      ['recording-finished', undefined],
    ])
  })

  it('paused before a consultation: that is silent too', async () => {
    const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
    await stack.api.patch(`/v1/calls/${call}/recording`, { paused: true })
    await givenConsultation()
    await hangUp()
    await factsOf(stack, call, 2)
    expect(storyIn(heardInFile(stack, `${call}-consultation-1`))).toEqual(['silence'])
  })
})

async function givenConsultation(): Promise<string> {
  const { id } = await press(stack, '1001', { consult: true })
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await expectHearing({ agent: ['peer'], peer: ['agent'] }, phones)
  return id
}

describe('a consultation', () => {
  it('is in a file of its own and not in the call’s; each has one', async () => {
    const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
    await expectHearing(pair, phones)
    const id = await givenConsultation()
    const change = (consult: boolean) => stack.api.patch(`/v1/handovers/${id}`, { mode: 'conference', consult })
    await change(false)
    await expectHearing({ caller: ['agent', 'peer'], agent: ['caller', 'peer'], peer: ['caller', 'agent'] }, phones)
    await change(true)
    await expectHearing({ agent: ['peer'], peer: ['agent'] }, phones)
    await hangUp()
    await factsOf(stack, call, 3)
    const recordings = await recordingsOf(stack, call)
    expect(recordings.map(({ id: name, room, state }) => [name, room, state])).toEqual([
      [call, 'call', 'finished'],
      [`${call}-consultation-1`, 'consultation', 'finished'],
      [`${call}-consultation-2`, 'consultation', 'finished'],
    ])
    expect(storyIn(heardInFile(stack, call)).filter((who) => who.includes('agent') || who.includes('peer'))).toEqual(['caller+agent', 'caller+agent+peer'])
    for (const { id: name } of recordings.slice(1)) expect(storyIn(heardInFile(stack, name))).toEqual(['agent+peer'])
  })
})

describe('the file of a recording', () => {
  it('is fetched whole or in part, as a player does that seeks; each fetch is a fact', async () => {
    const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
    await expectHearing(pair, phones)
    await hangUp()
    await factsOf(stack, call)
    const fetchFile = (range?: string) => fetch(`${stack.api.address}/v1/recordings/${call}/file`, { headers: { authorization: `Bearer ${stack.api.key}`, ...(range ? { range } : {}) } })
    const file = readFileSync(fileOf(stack, call))
    const whole = await fetchFile()
    expect([whole.status, whole.headers.get('content-type'), whole.headers.get('accept-ranges')]).toEqual([200, 'audio/wav', 'bytes'])
    const body = Buffer.from(await whole.arrayBuffer())
    expect(body.equals(file)).toBe(true)
    expect(storyIn(heardIn(body))).toEqual(['caller+agent'])
    const part = await fetchFile('bytes=1000-1999')
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 1000-1999/${file.length}`])
    expect(Buffer.from(await part.arrayBuffer()).equals(file.subarray(1000, 2000))).toBe(true)
    const fetched = (await eventually(() => factsOf(stack, call), (facts) => facts.filter(({ event }) => event === 'recording-fetched').length === 2)).slice(-2)
    expect(fetched.map(({ data: { by, range, recording } }) => [by, range, recording?.id])).toEqual([
      ['desk', undefined, call],
      ['desk', 'bytes=1000-1999', call],
    ])
  })
})
