import { describe, expect, it } from 'vitest'
import { type Fact, isAgentFact, isCallBack, isHandoverFact, isOfCall, isRecordingFact, isTestCallFact } from '../../src/domain/facts.ts'
import * as on from '../support/call-world.ts'
import { arrival, given, Story } from '../support/call-world.ts'

const completed = () => given.releasing().tell(on.hangsUp('c-1'))

describe('the facts of a call', () => {
  it('of a transfer: all of them, in order, numbered from 1, each with the time it was noted', () => {
    const story = completed().tell(on.callerLeaves)
    expect(story.factTypes).toEqual([
      'call-arrived',
      'call-answered',
      'handover-requested',
      'handover-dialled',
      'handover-ringing',
      'handover-answered',
      'handover-joined',
      'handover-released',
      'handover-completed',
      'call-ended',
    ])
    expect(story.facts.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(story.facts.map(({ version }) => version)).toEqual(Array.from({ length: 10 }, () => 2))
    expect(story.facts[0]?.at).toBe('2026-01-05T08:00:01.000Z')
    expect(story.facts[1]?.at).toBe('2026-01-05T08:00:01.010Z')
  })

  it('carry the call as it stands after them', () => {
    const story = completed().tell(on.hangsUp('c-3'))
    expect(story.facts.map(({ call }) => [call.state, call.desk, call.agent, call.channels.peer?.channelId])).toEqual([
      ['ringing', '12345', undefined, undefined],
      ['talking', '12345', '8001', undefined],
      ['inviting', '12345', '8001', 'c-3'],
      ['inviting', '12345', '8001', 'c-3'],
      ['inviting', '12345', '8001', 'c-3'],
      ['joining', '110', '8001', 'c-3'],
      ['releasing', '110', '8001', 'c-3'],
      ['talking', '110', '9001', undefined],
      ['talking', '110', '9001', undefined],
      ['ended', '110', undefined, undefined],
    ])
    expect(story.facts.at(-1)?.call).toEqual({
      id: 'c',
      state: 'ended',
      platform: '12345',
      desk: '110',
      caller: { number: '13800000000' },
      dialled: '12345',
      arrivedAt: '2026-01-05T08:00:01.000Z',
      answeredAt: '2026-01-05T08:00:01.010Z',
      endedAt: '2026-01-05T08:00:01.090Z',
      endedBy: '9001',
      direction: 'inbound',
      parties: [],
      channels: { caller: { channelId: 'caller-channel', sipCallId: 'sip-caller' } },
    })
  })

  it('nobody at the desk when the call arrives: arrived, then waiting, the caller answered with music', () => {
    const story = given.waiting()
    expect(story.did).toEqual(['open bridge', 'answer caller', 'announce please-wait', 'sound music', 'timer 5000', 'fact call-arrived', 'fact call-waiting'])
    expect(story.facts.at(-1)?.call).not.toHaveProperty('answeredAt')
  })

  it('a call that arrives: the bridge is made first, the caller hears ringing, all free seats ring', () => {
    expect(given.ringing().did).toEqual([
      'open bridge',
      'sound ringing',
      'dial c-1 8001 as agent',
      'dial c-2 8002 as agent',
      'timer 25000',
      'fact call-arrived',
    ])
  })

  it('the time of the first answer stays through a second one', () => {
    const story = given.talking().tell(on.breaks('c-1'), on.answers('c-3'))
    expect(story.facts.at(-1)).toMatchObject({ type: 'call-answered', call: { answeredAt: '2026-01-05T08:00:01.010Z', agent: '8001' } })
    expect(story.did).not.toContain('answer caller')
  })

  it('the agent’s answer comes before everything else that is done for him', () => {
    expect(given.ringing().tell(on.answers('c-1')).did.slice(0, 3)).toEqual(['answer caller', 'join c-1', 'sound nothing'])
  })
})

describe('the split clock', () => {
  it('counts ms since the press, each step once', () => {
    const story = given
      .talking()
      .tell(on.press())
      .after(2, on.dialled('c-3'))
      .after(1, on.dialled('c-4'))
      .after(100, on.rings('c-4'))
      .after(50, on.rings('c-3'))
      .after(3_000.25, on.answers('c-3'))
      .after(4, on.joins('c-3'))
      .after(3, on.hangsUp('c-1'))
    const clock = { press: 0, dial: 2, ring: 103, answer: 3_153.25, joined: 3_157.25, released: 3_160.25 }
    expect(story.facts.filter(isHandoverFact).at(-1)?.handover).toMatchObject({ state: 'completed', clock })
    expect(story.state.call.last).toMatchObject({ clock })
  })

  it('is told without the instant from which it counts', () => {
    for (const { handover } of completed().facts.filter(isHandoverFact)) expect(handover).not.toHaveProperty('pressedAtMono')
  })
})

/** The last fact of a story. */
const lastOf = ({ facts }: Story): Fact => {
  const last = facts.at(-1)
  if (!last) throw new Error('no fact was told')
  return last
}
const calledBack = given.ringing().tell(on.callerLeaves).facts.find(({ type }) => type === 'call-back-requested')
const recorded = new Story({}, arrival, { recorded: true }).tell(on.answers('c-1'), on.recordingStarts('c'))
const file = { id: 'c', callId: 'c', room: 'call', state: 'finished' } as const
const tried = { id: 't', platform: '110', endpoint: '9001', expect: 'sound', startedAt: '2026-01-05T08:00:00.000Z', ok: true, clock: { start: 0 } } as const
const base = { version: 2, at: '2026-01-05T08:00:00.000Z' } as const

const kinds = {
  'of a call': isOfCall,
  'a call back': isCallBack,
  'of a hand-over': isHandoverFact,
  'of a recording': isRecordingFact,
  'of an agent': isAgentFact,
  'of a test call': isTestCallFact,
} as const

describe('what a fact is of', () => {
  it.each<readonly [string, Fact | undefined, readonly (keyof typeof kinds)[]]>([
    ['the desk’s answer', lastOf(given.talking()), ['of a call']],
    ['that somebody is to be called back', calledBack, ['of a call', 'a call back']],
    ['that the other desk rings', lastOf(given.inviting()), ['of a call', 'of a hand-over']],
    ['that it is recorded', lastOf(recorded), ['of a call', 'of a recording']],
    ['that a recording’s file is there', { ...base, type: 'recording-finished', recording: file }, ['of a recording']],
    ['that an agent pauses', { ...base, type: 'agent-changed', agent: '8001', state: 'paused' }, ['of an agent']],
    ['that a channel of nobody’s was removed', { ...base, type: 'asterisk-cleared', removed: 'channel', id: 'x' }, []],
    ['a test call', { ...base, type: 'test-call-succeeded', testCall: tried }, ['of a test call']],
  ])('%s', (_, fact, expected) => {
    const found = Object.entries(kinds).flatMap(([kind, is]) => (fact && is(fact) ? [kind] : []))
    expect(found).toEqual(expected)
  })
})
