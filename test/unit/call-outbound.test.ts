import { describe, expect, it } from 'vitest'
import * as on from '../support/call-world.ts'
import { arrival, given, order, Story } from '../support/call-world.ts'

describe('a desk calls a citizen', () => {
  it('its own phone rings first, then the citizen’s while it hears ringback', () => {
    const story = new Story({}, order)
    expect(story.did).toEqual(['open bridge', 'dial c-1 8001 as agent', 'timer 25000', 'fact call-made'])
    expect(story.tell(on.answers('c-1')).did).toEqual(['dial c-caller carrier as caller to 13900005678', 'timer 25000', 'separate c-1: ringback'])
    expect(story.tell(on.dialled('c-caller'), on.rings('c-caller'), on.answers('c-caller')).did).toEqual(['answer caller', 'join c-1', 'fact call-answered'])
    expect(story.facts.at(-1)?.call).toMatchObject({
      state: 'talking',
      direction: 'outbound',
      purpose: 'follow-up',
      ticket: 'T-7',
      platform: '12345',
      agent: '8001',
      caller: { number: '13900005678' },
      channels: { caller: { channelId: 'c-caller', sipCallId: 'sip-c-caller' } },
    })
  })

  it.each([
    ['busy', on.refuses('c-caller', 486, 17), { reason: 'busy', sipCode: 486 }],
    ['unknown', on.refuses('c-caller', 404, 1), { reason: 'unreachable', sipCode: 404 }],
  ])('%s: the desk is released, the record says why', (_, event, failure) => {
    const story = new Story({}, order).tell(on.answers('c-1'), event)
    expect(story.did).toContain('hang up c-1: normal')
    expect(story.facts.at(-1)?.call).toMatchObject({ state: 'ended', endedBy: 'not-reached', failure })
  })

  it('nobody answers within the ring time', () => {
    expect(given.calling().timeOut().facts.at(-1)?.call.failure).toEqual({ reason: 'no-answer' })
    expect(new Story({}, order).timeOut().facts.at(-1)?.call.failure).toEqual({ reason: 'unreachable' })
  })

  it('the agent changes his mind: nothing keeps ringing', () => {
    const story = given.calling().tell(on.hangsUp('c-1'))
    expect(story.did).toContain('hang up c-caller: normal')
    expect(story.facts.at(-1)?.call).toMatchObject({ endedBy: '8001' })
  })

  it('from the answer on it is a call like any other: handed over, and ended as the citizen’s leg ends', () => {
    const story = given.calling().tell(on.answers('c-caller'), on.joins('c-1'), on.press(), on.answers('c-2'), on.joins('c-2'), on.hangsUp('c-1'))
    expect(story.state).toMatchObject({ phase: 'talking', desk: { id: 'c-2', platform: '110' } })
    expect(story.tell(on.hangsUp('c-caller')).facts.at(-1)).toMatchObject({ type: 'call-ended', call: { endedBy: 'caller' } })
  })

  it('the citizen’s answer, told twice, is one answer', () => {
    const story = given.calling().tell(on.answers('c-caller'), on.joins('c-1'), on.answers('c-caller'))
    expect(story.did).toEqual([])
    expect(story.state.phase).toBe('talking')
  })

  it('knows no parties but the desk’s leg before the citizen answers', () => {
    const parties = new Story({}, order).facts.at(-1)?.call.parties
    expect(parties).toEqual([{ id: 'c-1', role: 'desk', endpoint: '8001', state: 'ringing' }])
    expect(given.calling().tell(on.invite()).did).toEqual(['reply invite: call-not-answered'])
  })
})

const threeWay = () => given.talking().tell(on.press('press', 'h1', { mode: 'conference' }), on.dialled('c-3'), on.rings('c-3'))

describe('a caller who leaves before a desk has him is to be called back', () => {
  it.each([
    ['while it rings', given.ringing, '12345'],
    ['while he waits', given.waiting, '12345'],
    ['while the other desk rings', given.inviting, '110'],
    ['as the other desk is joined', given.joining, '110'],
  ] as const)('%s', (_, start, platform) => {
    const story = start().tell(on.callerLeaves)
    expect(story.facts.at(-2)).toMatchObject({ type: 'call-back-requested', platform, call: { caller: { number: '13800000000' } } })
  })

  it('not once a desk has talked with him, nor without a number', () => {
    expect(given.talking().tell(on.callerLeaves).factTypes).not.toContain('call-back-requested')
    const anonymous = new Story({}, { ...arrival, caller: { channelId: 'caller-channel', number: 'anonymous' } })
    expect(anonymous.tell(on.callerLeaves).factTypes).toEqual(['call-arrived', 'call-ended'])
  })

  it('not while his desk talks on with him, though the other one is rung for a three-way call', () => {
    expect(threeWay().tell(on.callerLeaves).factTypes).not.toContain('call-back-requested')
  })

  it('but once that desk has left, and he waited alone for the other one', () => {
    const { facts } = threeWay().tell(on.hangsUp('c-1'), on.callerLeaves)
    expect(facts.at(-2)).toMatchObject({ type: 'call-back-requested', platform: '110' })
  })

  it('not after a talk of three, though the desks consult again', () => {
    const story = given.conferring().tell(on.change({ mode: 'conference', consult: true }), on.callerLeaves)
    expect(story.factTypes).not.toContain('call-back-requested')
  })
})
