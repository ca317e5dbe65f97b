import { describe, expect, it } from 'vitest'
import { summarise } from '../../src/domain/call/summary.ts'
import { isRecordingFact } from '../../src/domain/facts.ts'
import { callOfRecording, isOlderThan, recordingName, runsStill } from '../../src/domain/recording.ts'
import * as on from '../support/call-world.ts'
import { adoption, arrival, order, type SeatsOf, Story } from '../support/call-world.ts'

const ringing = (notice = false, seats: SeatsOf = {}) => new Story(seats, arrival, { recorded: true, notice })
const talking = () => ringing().tell(on.answers('c-1'), on.joins('c-1'))
const consulting = () => talking().tell(on.press('press', 'h1', { mode: 'conference', consult: true }), on.dialled('c-3'), on.rings('c-3'), on.answers('c-3'), on.joins('c-1', 'consultation'), on.joins('c-3', 'consultation'))
const merge = on.change({ mode: 'conference', consult: false })
const consultAgain = on.change({ mode: 'conference', consult: true })
const about = ({ did }: Story) => did.filter((line) => line.includes('record'))
const recordings = ({ state }: Story) => summarise(state).recordings?.map(({ id, state: how }) => `${id} ${how}`)

describe('what is recorded', () => {
  it('of a transfer: the caller’s bridge from the answer on, after the desk has been joined; nothing is added to the press', () => {
    const story = ringing()
    expect([about(story), recordings(story)]).toEqual([[], []])
    expect(story.tell(on.answers('c-1')).did.slice(0, 4)).toEqual(['answer caller', 'join c-1', 'sound nothing', 'start recording c'])
    expect(recordings(story.tell(on.recordingStarts('c')))).toEqual(['c recording'])
    for (const event of [on.press(), on.dialled('c-3'), on.rings('c-3'), on.answers('c-3'), on.joins('c-3'), on.hangsUp('c-1')]) expect(about(story.tell(event))).toEqual([])
    expect(story.state.phase).toBe('talking')
    expect(story.tell(on.callerLeaves).did).toEqual(['hang up c-3: normal', 'stop recording c', 'close bridge', 'fact call-ended'])
    expect(recordings(story)).toEqual(['c finished'])
  })

  it('of a caller who waits: from the announcement on', () => {
    expect(about(ringing(false, { '12345': [] }))).toEqual(['start recording c'])
  })

  it('of a call that an agent makes: from the citizen’s answer on', () => {
    const story = new Story({}, order, { recorded: true }).tell(on.answers('c-1'))
    expect(about(story)).toEqual([])
    expect(about(story.tell(on.answers('c-caller')))).toEqual(['start recording c'])
  })

  it('of a consultation: what the desks say is recorded apart, each consultation by itself', () => {
    const story = consulting()
    expect(recordings(story)).toEqual(['c starting', 'c-consultation-1 starting'])
    expect(about(story.tell(merge))).toEqual(['stop recording c-consultation-1'])
    story.tell(on.joins('c-1'), on.joins('c-3'))
    expect(about(story.tell(consultAgain))).toEqual(['start recording c-consultation-2'])
    expect(about(story.tell(on.callerLeaves))).toEqual(['stop recording c'])
    expect(recordings(story)).toEqual(['c finished', 'c-consultation-1 finished', 'c-consultation-2 starting'])
  })

  it('of desks that come together only as the caller leaves: the caller’s ends, theirs begins', () => {
    const story = consulting().tell(merge, on.joins('c-1'), on.joins('c-3'), on.hold('c-1'), on.hold('caller'))
    expect(recordings(story)).toEqual(['c starting', 'c-consultation-1 finished'])
    expect(about(story.tell(on.callerLeaves))).toEqual(['stop recording c', 'start recording c-consultation-2'])
    expect(recordings(story)).toEqual(['c finished', 'c-consultation-1 finished', 'c-consultation-2 starting'])
  })

  it('is nothing unless the configuration says so, and the call tells of none', () => {
    const story = new Story().tell(on.answers('c-1'), on.joins('c-1'))
    expect(story.did.join()).not.toContain('record')
    expect(summarise(story.state)).not.toHaveProperty('recordings')
    expect(story.tell(on.pauseRecording()).did).toEqual(['reply pause: call-not-recorded'])
  })
})

describe('a recording', () => {
  it('is told of with its start, once', () => {
    const story = talking().tell(on.recordingStarts('c', '2026-01-05T08:00:01.020Z'))
    expect(story.facts.at(-1)).toMatchObject({
      type: 'recording-started',
      recording: { id: 'c', callId: 'c', room: 'call', state: 'recording', startedAt: '2026-01-05T08:00:01.020Z' },
      call: { recordings: [{ id: 'c', state: 'recording' }] },
    })
    expect(story.tell(on.recordingStarts('c', '2026-01-05T09:00:00.000Z')).did).toEqual([])
    expect(summarise(story.state).recordings).toMatchObject([{ startedAt: '2026-01-05T08:00:01.020Z' }])
  })

  it('starts by itself: another one, or one of no name, is no start of it', () => {
    expect(talking().tell(on.recordingStarts('another')).did).toEqual([])
    expect(recordings(consulting().tell(on.recordingStarts('c-consultation-1')))).toEqual(['c starting', 'c-consultation-1 recording'])
  })

  it('whose start is told late has its time, and is not taken for one that runs', () => {
    const story = consulting().tell(merge, on.recordingStarts('c-consultation-1', '2026-01-05T08:00:01.070Z'))
    expect(story.did).toEqual(['fact recording-started'])
    expect(summarise(story.state).recordings?.at(-1)).toEqual({ id: 'c-consultation-1', room: 'consultation', state: 'finished', startedAt: '2026-01-05T08:00:01.070Z' })
    expect(talking().tell(on.callerLeaves, on.recordingStarts('c')).did).toEqual([])
  })

  it('that fails is told of with the reason, and the call goes on as if nothing had been', () => {
    const story = talking().tell(on.recordingFails('c'))
    expect(story.did).toEqual(['stop recording c', 'fact recording-failed'])
    expect(story.facts.at(-1)).toMatchObject({ recording: { state: 'failed', reason: 'disk full' } })
    expect(story.state.phase).toBe('talking')
    expect(story.tell(on.recordingFails('c')).did).toEqual([])
    expect(about(story.tell(on.callerLeaves))).toEqual([])
  })

  it('paused: it and what begins meanwhile are silent until it is resumed; who asked is recorded', () => {
    const story = talking().tell(on.recordingStarts('c'))
    expect(story.tell(on.pauseRecording()).did).toEqual(['pause recording c', 'reply pause: done', 'fact recording-paused'])
    expect(story.facts.at(-1)).toMatchObject({ by: '8001', recording: { id: 'c', state: 'paused' }, call: { recordings: [{ state: 'paused' }] } })
    expect(story.tell(on.pauseRecording()).did).toEqual(['reply pause: done'])
    story.tell(on.press('press', 'h1', { consult: true }), on.dialled('c-3'), on.rings('c-3'))
    expect(about(story.tell(on.answers('c-3')))).toEqual(['start recording c-consultation-1', 'pause recording c-consultation-1'])
    const resumed = story.tell(on.pauseRecording(false))
    expect(about(resumed)).toEqual(['resume recording c', 'resume recording c-consultation-1', 'fact recording-resumed', 'fact recording-resumed'])
    expect(story.facts.flatMap((fact) => (isRecordingFact(fact) ? [fact.recording.state] : [])).slice(-2)).toEqual(['recording', 'starting'])
  })

  it('that has ended is neither paused nor told to be', () => {
    const story = consulting().tell(merge)
    expect(about(story.tell(on.pauseRecording()))).toEqual(['pause recording c', 'fact recording-paused'])
    story.tell(on.pauseRecording(false), on.joins('c-1'), on.joins('c-3'), consultAgain)
    expect(about(story.tell(on.pauseRecording()))).toEqual(['pause recording c', 'pause recording c-consultation-2', 'fact recording-paused', 'fact recording-paused'])
    expect(recordings(story)).toEqual(['c paused', 'c-consultation-1 finished', 'c-consultation-2 paused'])
  })

  it('is paused neither before the answer nor after the end', () => {
    expect(ringing().tell(on.pauseRecording()).did).toEqual(['reply pause: call-not-answered'])
    expect(talking().tell(on.callerLeaves, on.pauseRecording()).did).toEqual(['reply pause: call-ended'])
  })
})

describe('the notice', () => {
  it('is given while the desk rings, which it does not hold up, and the desk’s answer ends it', () => {
    const story = ringing(true)
    expect(story.did).toEqual(['open bridge', 'answer caller', 'sound ringback', 'start recording c', 'dial c-1 8001 as agent', 'dial c-2 8002 as agent', 'timer 25000', 'announce recording-notice', 'fact call-arrived'])
    expect(story.tell(on.answers('c-1')).did.slice(0, 2)).toEqual(['join c-1', 'sound nothing'])
  })

  it('is given once, also to a caller who had to wait first', () => {
    const story = ringing(true, { '12345': [] })
    expect(story.did.filter((line) => line.startsWith('announce'))).toEqual(['announce please-wait'])
    story.seats = {}
    expect(story.timeOut(5_000).did).toContain('announce recording-notice')
    expect(story.tell(on.refuses('c-1', 486, 17), on.refuses('c-2', 486, 17)).state.phase).toBe('waiting')
    const again = story.timeOut(5_000)
    expect([again.state.phase, again.did.join().includes('announce')]).toEqual(['ringing', false])
  })
})

const adopted = () => new Story({}, adoption, { recorded: true, notice: true })

describe('no notice is given', () => {
  it('to a citizen who was called, though his desk is rung again', () => {
    const story = new Story({}, order, { recorded: true, notice: true }).tell(on.answers('c-1'), on.answers('c-caller'), on.joins('c-1'), on.breaks('c-1'))
    expect(story.state.phase).toBe('ringing')
    expect(story.did.join()).not.toContain('announce')
  })

  it('into the talk of a caller who has a further party with him while the desk is rung', () => {
    expect(adopted().tell(on.breaks('own-leg')).did).toContain('announce recording-notice')
    const story = adopted().tell(on.invite(), on.answers('c-1'), on.joins('c-1'), on.breaks('own-leg'))
    expect(story.state.phase).toBe('ringing')
    expect(story.did.join()).not.toContain('announce')
  })
})

it.each([
  ['starting', true],
  ['recording', true],
  ['paused', true],
  ['finished', false],
  ['failed', false],
  ['deleted', false],
] as const)('a recording that is %s still runs: %s', (state, runs) => {
  expect(runsStill({ state })).toBe(runs)
})

describe('the name of a recording’s file', () => {
  const id = 'call-01a20eeb-7cfc-7145-8200-a737d1c85d9a'

  it('follows from its id: the day is that of the call, in UTC', () => {
    expect(recordingName(id)).toBe(`tandem/2026/11/24/${id}`)
    expect(recordingName(`${id}-consultation-12`)).toBe(`tandem/2026/11/24/${id}-consultation-12`)
    expect(['', '-consultation-1', '-consultation-12', '-consultation-120'].map((which) => callOfRecording(id + which))).toEqual([id, id, id, id])
  })

  it.each(['', 'call-1', `re${id}`, '../../etc/passwd', `${id}/../x`, `${id}-consultation-0`, `${id}-consultation-1.wav`])('%o names none', (other) => {
    expect(callOfRecording(other)).toBeUndefined()
    expect(() => recordingName(other)).toThrow(new RangeError(`${other} is not a recording's id`))
  })

  it.each([
    ['2026/01/01', '2026-01-31T23:59:59Z', false],
    ['2026/01/01', '2026-02-01T00:00:00Z', true],
    ['2025/12/31', '2026-01-31T00:00:00Z', true],
  ])('recordings of %s are older than 30 days at %s: %s', (day, now, older) => {
    expect(isOlderThan(day, 30, Date.parse(now))).toBe(older)
  })
})
