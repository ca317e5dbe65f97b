import { describe, expect, it } from 'vitest'
import { failedHandover, lostWithPbx } from '../../src/domain/call/lost.ts'
import { resumption, type Seen } from '../../src/domain/call/resumption.ts'
import { after, fromText, knowsHandover, toText } from '../../src/domain/call/snapshot.ts'
import { type Phase, phases } from '../../src/domain/call/state.ts'
import { type CallsFact, isHandoverFact } from '../../src/domain/facts.ts'
import * as on from '../support/call-world.ts'
import { arrival, given, lines, Story } from '../support/call-world.ts'

const alone: Seen = { bridge: true, caller: true, rooms: new Map() }
const seen = (rooms: Readonly<Record<string, 'call' | 'consultation'>>): Seen => ({ ...alone, rooms: new Map(Object.entries(rooms)) })
const resumed = (phase: Phase, with_: Seen, trusted = false) => {
  const { actions, ...told } = resumption(given[phase]().state, with_, trusted)
  return { ...told, does: lines(actions).filter((line) => !line.startsWith('unmute')) }
}

describe('a snapshot', () => {
  it.each(phases)('of a call that is %s is the call', (phase) => {
    const { state, facts } = given[phase]()
    expect(fromText(toText({ state, facts, timer: { token: 7, at: 1_234.5 } }))).toEqual({ state, facts, timer: { token: 7, at: 1_234.5 } })
  })

  it.each([
    ['nothing', ''],
    ['half of one', toText({ state: given.talking().state, facts: [] }).slice(0, 200)],
    ['something else', '{"version":1}'],
    ['a later form', JSON.stringify({ version: 3, state: given.talking().state, facts: [] })],
    ['a phase that is not known', JSON.stringify({ version: 2, state: { phase: 'dancing' }, facts: [] })],
  ])('that is %s is none', (_what, text) => {
    expect(fromText(text)).toBeUndefined()
  })

  it('leaves facts out, the oldest first, rather than become too long for Asterisk', () => {
    const { state, facts } = given.conferring()
    const many = Array.from({ length: 40 }, (_, i) => facts.map((fact) => ({ ...fact, sequence: fact.sequence + i * facts.length }))).flat()
    const read = fromText(toText({ state, facts: many }))
    expect(Buffer.byteLength(JSON.stringify(toText({ state, facts: many })))).toBeLessThan(40_000)
    expect(read?.state).toEqual(state)
    // The very first one stays: the journal has none of the call.
    const [first, ...newest] = read?.facts ?? []
    expect(first).toEqual(many[0])
    expect(newest).toEqual(many.slice(-newest.length))
    const later = fromText(toText({ state, facts: many.slice(1) }))?.facts ?? []
    expect(later.length).toBeGreaterThan(1)
    expect(later).toEqual(many.slice(-later.length))
  })

  it('may have 24,000 bytes; of two facts that are more the later one is left out, and a single one stays whatever its length', () => {
    const { state, facts: [arrived, answered] } = given.talking()
    if (!arrived || !answered) throw new Error('two facts were to be told')
    const of = (dialled: string) => ({ state, facts: [arrived, { ...answered, call: { ...answered.call, dialled } }] })
    const left = 24_000 - Buffer.byteLength(toText(of('')))
    expect(fromText(toText(of('1'.repeat(left))))).toEqual(of('1'.repeat(left)))
    expect(fromText(toText(of('1'.repeat(left + 1))))).toEqual({ state, facts: [arrived] })
    const long = { state, facts: [{ ...arrived, call: { ...arrived.call, dialled: '1'.repeat(24_000) } }] }
    expect(fromText(toText(long))).toEqual(long)
  })

  it('says what became of a hand-over that is under way or the call’s last one, and of no other', () => {
    const story = given.talking()
    expect(knowsHandover(story.state, 'h1')).toBe(false)
    expect(knowsHandover(story.tell(on.press()).state, 'h1')).toBe(true)
    expect(knowsHandover(story.state, 'h2')).toBe(false)
    expect(knowsHandover(story.tell(on.cancel()).state, 'h1')).toBe(true)
    expect(knowsHandover(story.state, 'h2')).toBe(false)
    story.tell(on.press('again', 'h2'))
    expect(['h1', 'h2', 'h3'].map((id) => knowsHandover(story.state, id))).toEqual([true, true, false])
  })

  it('goes on numbering after the journal’s last fact, and never before its own', () => {
    const { state, facts } = given.talking()
    const [arrived] = facts
    expect(after(state, arrived && { ...arrived, sequence: 99 }).call.sequence).toBe(99)
    expect(after(state, arrived)).toEqual(state)
    expect(after(state, undefined)).toEqual(state)
  })

  it('from before the dialling, which the journal has: it is not told again, and its time is kept', () => {
    const story = given.talking().tell(on.press())
    const { state } = story
    const dialled = story.tell(on.dialled('c-3')).facts.at(-1)
    story.state = after(state, dialled)
    expect(story.tell(on.rings('c-3')).did).toEqual(['sound ringback', 'fact handover-ringing'])
    expect(story.facts.at(-1)).toMatchObject({ handover: { state: 'ringing', clock: { press: 0, dial: 10, ring: 20 } } })
  })

  it('from before the dialling of another hand-over: that one is dialled as any', () => {
    const story = given.talking().tell(on.press(), on.dialled('c-3'), on.cancel())
    const dialled = story.facts.find(({ type }) => type === 'handover-dialled')
    const { state } = story.tell(on.press('again', 'h2'))
    story.state = after(state, dialled && { ...dialled, sequence: 99 })
    expect(story.tell(on.dialled('c-5')).did).toEqual(['fact handover-dialled'])
  })
})

describe('taken over by another process', () => {
  it('all are where they belong: what cannot be seen is made sure of, nobody is moved', () => {
    expect(resumed('talking', seen({ 'c-1': 'call' }))).toEqual({
      sound: 'music',
      does: ['sound nothing'],
      joined: [{ leg: 'c-1', room: 'call' }],
      misplaced: [],
    })
  })

  it('a transfer rings: the first desk hears ringback, the caller too, and the INVITE is not sent again', () => {
    expect(resumed('inviting', alone)).toMatchObject({ does: ['separate c-1: ringback', 'sound ringback'], misplaced: [] })
  })

  it('the first desk of a completed transfer has not been hung up yet', () => {
    expect(resumed('releasing', seen({ 'c-1': 'call', 'c-3': 'call' })).does).toEqual(['sound nothing', 'hang up c-1: normal'])
  })

  it('a join was lost: it is made again', () => {
    expect(resumed('joining', alone)).toMatchObject({ joined: [], misplaced: ['c-3'] })
    expect(resumed('joining', alone).does).toContain('join c-3')
  })

  it('a join was made and not told: it is told', () => {
    expect(resumed('joining', seen({ 'c-3': 'call' })).joined).toEqual([{ leg: 'c-3', room: 'call' }])
  })

  it('the bridge is gone: it is opened, the caller and the desk are put into it', () => {
    expect(resumed('talking', { bridge: false, caller: false, rooms: new Map() }).does).toEqual(['open bridge', 'answer caller', 'join c-1', 'sound nothing'])
  })

  it('a caller who has not been answered yet is not answered by it', () => {
    expect(resumed('ringing', { ...alone, caller: false }).does).toEqual(['sound ringing'])
  })

  it('what has been moved since the PBX was looked at is on its way, and is not moved again', () => {
    const known = given.inviting()
    const now = given.inviting().tell(on.answers('c-3'))
    const { actions, joined, misplaced } = resumption(now.state, alone, true, known.state)
    expect([lines(actions), joined, misplaced]).toEqual([[], [], []])
  })

  it('what has been moved since is not told as joined either: what moved it tells that itself', () => {
    const known = given.consulting()
    const now = given.consulting().tell(on.change({ mode: 'conference', consult: false }))
    expect(resumption(now.state, seen({ 'c-1': 'consultation', 'c-3': 'call' }), true, known.state).joined).toEqual([])
  })

  it.each([
    ['waiting', alone],
    ['consulting', seen({ 'c-1': 'consultation', 'c-3': 'consultation' })],
  ] as const)('a caller whose call is %s hears music again, whatever became of it', (phase, with_) => {
    expect(resumed(phase, with_)).toMatchObject({ sound: 'nothing', does: ['sound music'] })
  })

  it('nothing is done to a caller who has not been answered, or has left', () => {
    const unanswered = resumption(given.ringing().state, alone, false)
    expect(lines(unanswered.actions)).toEqual(['sound ringing'])
    const left = resumption(given.aftertalk().state, { ...seen({ 'c-1': 'call', 'c-3': 'call' }), caller: false }, false)
    expect(lines(left.actions)).toEqual(['sound nothing', 'unmute c-1', 'unmute c-3'])
  })

  it('what is recorded is recorded on, and paused where it was; what has ended is not begun again', () => {
    const story = new Story({}, arrival, { recorded: true }).tell(on.answers('c-1'), on.joins('c-1'))
    story.tell(on.press('press', 'h1', { consult: true }), on.answers('c-3'), on.joins('c-3', 'consultation'), on.cancel(), on.joins('c-1'))
    const again = () => lines(resumption(story.state, seen({ 'c-1': 'call' }), false).actions).filter((line) => line.includes('recording'))
    expect(again()).toEqual(['start recording c'])
    story.tell(on.pauseRecording())
    expect(again()).toEqual(['start recording c', 'pause recording c'])
  })

  it('whoever is to be heard is made sure to be: an unmute may have been lost', () => {
    const { state } = given.talking().tell(on.mute('c-1'))
    const { actions } = resumption(state, seen({ 'c-1': 'call' }), false)
    expect(lines(actions)).toEqual(['sound nothing', 'mute c-1', 'unmute caller'])
  })

  it('an ended call is left alone', () => {
    expect(resumed('ended', alone)).toEqual({ sound: 'nothing', does: [], joined: [], misplaced: [] })
  })
})

describe('compared in peace', () => {
  it('nothing is amiss: nothing is done', () => {
    expect(resumed('consulting', seen({ 'c-1': 'consultation', 'c-3': 'consultation' }), true)).toMatchObject({ does: [], misplaced: [] })
  })

  it('a desk is with the caller though it should not be: it is taken out', () => {
    expect(resumed('inviting', seen({ 'c-1': 'call' }), true)).toMatchObject({ does: ['separate c-1: ringback'], misplaced: ['c-1'] })
  })
})

const told = (phase: 'talking' | 'inviting' | 'aftertalk') => {
  const story = given[phase]()
  const last = story.facts.at(-1) as CallsFact
  const handover = story.facts.flatMap((fact) => ('handover' in fact ? [fact.handover] : [])).at(-1)
  return { last, facts: lostWithPbx(last, handover, { mono: 0, utc: Date.UTC(2026, 0, 6) }) }
}

describe('lost with the PBX', () => {
  const lost = { type: 'caller-left', lost: true } as const

  it.each([
    ['talking', '12345'],
    ['ringing', '12345'],
    ['waiting', '12345'],
    ['inviting', '110'],
    ['consulting', '110'],
    ['conferring', '12345'],
    ['releasing', '110'],
  ] as const)('a citizen whose call was %s is called back by %s', (phase, platform) => {
    const { facts } = given[phase]().tell(lost)
    expect(facts.filter(({ type }) => type === 'call-back-requested')).toMatchObject([{ platform }])
  })

  it.each(['calling', 'asking', 'aftertalk', 'ended'] as const)('nobody is called back whose call was %s', (phase) => {
    expect(given[phase]().tell(lost).factTypes).not.toContain('call-back-requested')
  })

  it('the call was ended by Asterisk', () => {
    expect(given.talking().tell(lost).state).toMatchObject({ phase: 'ended', endedBy: 'asterisk' })
    expect(given.talking().tell(lost).factTypes.slice(-2)).toEqual(['call-back-requested', 'call-ended'])
  })

  it('desks that talk on have not ended: that he is to be called back is told before he has left', () => {
    const story = given.conferring().tell(lost)
    expect(story.state.phase).toBe('aftertalk')
    expect(story.state).not.toHaveProperty('endedBy')
    expect(story.factTypes.slice(-2)).toEqual(['call-back-requested', 'call-caller-left'])
  })

  it('a call that had ended before was ended as it was', () => {
    expect(given.ended().tell(lost).state).toMatchObject({ phase: 'ended', endedBy: 'caller' })
  })

  it('while nobody was there: the journal’s last fact tells who is to be called back, and what has failed', () => {
    const { last, facts } = told('inviting')
    expect(facts.map(({ type, sequence }) => [type, sequence - last.sequence])).toEqual([
      ['handover-failed', 1],
      ['call-back-requested', 2],
      ['call-ended', 3],
    ])
    expect(facts[0]).toMatchObject({ handover: { id: 'h1', state: 'failed', failure: { reason: 'control-lost' } } })
    expect(facts.at(-1)?.call).toMatchObject({ state: 'ended', endedBy: 'asterisk', endedAt: '2026-01-06T00:00:00.000Z', parties: [] })
  })

  it('a hand-over that nobody can go on with has failed, which is the call’s next fact; one that is settled stays', () => {
    const { facts } = given.inviting()
    const last = facts.at(-1) as CallsFact
    const handovers = facts.filter(isHandoverFact).map(({ handover }) => handover)
    expect(failedHandover(last, handovers.at(-1), { mono: 0, utc: Date.UTC(2026, 0, 6) })).toEqual({
      version: 2,
      type: 'handover-failed',
      sequence: 6,
      at: '2026-01-06T00:00:00.000Z',
      call: last.call,
      handover: { ...handovers.at(-1), state: 'failed', failure: { reason: 'control-lost' } },
    })
    const settled = given.inviting().tell(on.cancel()).facts.filter(isHandoverFact).at(-1)
    expect(failedHandover(last, settled?.handover, { mono: 0, utc: 0 })).toBeUndefined()
    expect(failedHandover(last, undefined, { mono: 0, utc: 0 })).toBeUndefined()
  })

  it('a caller who had left is not called back', () => {
    expect(told('aftertalk').facts.map(({ type }) => type)).toEqual(['call-ended'])
  })
})

describe('a repair', () => {
  it('is told in every phase, and changes nothing', () => {
    for (const phase of phases.filter((name) => name !== 'ended')) {
      const before = given[phase]()
      const { state } = before
      before.tell({ type: 'repaired', repair: 'leg-ended', party: 'c-9' })
      expect(before.did).toEqual(['fact call-repaired'])
      expect(before.state).toEqual({ ...state, call: { ...state.call, sequence: state.call.sequence + 1 } })
      expect(before.facts.at(-1)).toMatchObject({ repair: 'leg-ended', party: 'c-9' })
    }
  })

  it('of an ended call is none', () => {
    expect(given.ended().tell({ type: 'repaired', repair: 'control-restored' }).did).toEqual([])
  })

  it('names no party where it is about none', () => {
    expect(given.talking().tell({ type: 'repaired', repair: 'control-restored' }).facts.at(-1)).not.toHaveProperty('party')
  })
})
