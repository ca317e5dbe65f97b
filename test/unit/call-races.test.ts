import { describe, expect, it } from 'vitest'
import { answers, cancel, dialled, given, hangsUp, joins, press, refuses, rings } from '../support/call-world.ts'

const unannounced = () => given.talking().tell(press(), answers('c-3'))
const failed = () => given.inviting().tell(refuses('c-4', 486, 17), refuses('c-3', 486, 17))
const handedOver = () => given.consulting().tell(hangsUp('c-1'), joins('c-3'))
const foundNobody = () => {
  const story = given.talking()
  story.seats = { '110': [] }
  return story.tell(press())
}

describe('events in an unusual order', () => {
  it('a target rings before its dialling was told: both are told, and the caller hears it ring', () => {
    const story = given.talking().tell(press(), rings('c-3'))
    expect(story.did).toEqual(['sound ringback', 'fact handover-dialled', 'fact handover-ringing'])
    expect(story.tell(dialled('c-3')).did).toEqual([])
  })

  it('a target that rang before its dialling was told refuses: the pair talk again without ringback', () => {
    const story = given.talking().tell(press(), rings('c-3'), refuses('c-4', 486, 17), refuses('c-3', 486, 17))
    expect(story.did).toEqual(['join c-1', 'sound nothing', 'fact handover-failed'])
  })

  it.each([rings('stranger'), dialled('stranger'), rings('c-1'), dialled('c-1')])('$type of $leg, which is no target: nothing happens', (event) => {
    const story = given.talking().tell(press())
    const before = story.state
    expect(story.tell(event).did).toEqual([])
    expect(story.state).toEqual(before)
  })

  it('a target answers before anything was told of it: it has been dialled, and the caller is joined to it', () => {
    const story = given.talking().tell(press(), answers('c-3'))
    expect(story.did.slice(0, 2)).toEqual(['join c-3', 'sound nothing'])
    expect(story.state).toMatchObject({ phase: 'joining', handover: { clock: { press: 0, dial: 10, answer: 10 } } })
  })
})

describe('the SIP Call-ID of a target that answered before its dialling was told', () => {
  it.each([
    ['before it is joined', unannounced().tell(dialled('c-3'), joins('c-3'), hangsUp('c-1'))],
    ['as the first desk leaves', unannounced().tell(joins('c-3'), dialled('c-3'), hangsUp('c-1'))],
    ['after that', unannounced().tell(joins('c-3'), hangsUp('c-1'), dialled('c-3'), press('again', 'h2', { to: '12345' }))],
  ])('is kept when it comes %s', (_, story) => {
    expect(story.facts.at(-1)?.call.channels.agent).toEqual({ channelId: 'c-3', endpoint: '9001', sipCallId: 'sip-c-3' })
  })
})

describe('both desks leave a consultation at once', () => {
  it('the second one, who got the caller a moment ago and cannot know it yet: the first desk is rung again, the caller is not dropped', () => {
    const story = handedOver().after(2_999, hangsUp('c-3'))
    expect(story.state).toMatchObject({ phase: 'ringing', desk: '12345' })
    expect(story.did).toContain('sound ringback')
  })

  it('some time later, having talked with the caller: the call is over', () => {
    expect(handedOver().after(3_000, hangsUp('c-3')).did).toContain('hang up the caller: 9001')
  })

  it('the second one first: the first desk has the caller, and is rung again as it leaves', () => {
    const story = given.consulting().tell(hangsUp('c-3')).after(2_999, hangsUp('c-1'))
    expect(story.state).toMatchObject({ phase: 'ringing', desk: '12345' })
  })
})

describe('the first desk hangs up as the transfer fails', () => {
  it.each([
    ['refused', failed],
    ['nobody there', foundNobody],
  ])('%s, which it cannot know yet: it is rung again, the caller is not dropped', (_, start) => {
    const story = start().after(2_999, hangsUp('c-1'))
    expect(story.did).toContain('sound ringback')
    expect(story.state.phase).toBe('ringing')
  })

  it('some time later, having talked with the caller: the call is over', () => {
    expect(failed().after(3_000, hangsUp('c-1')).did).toContain('hang up the caller: 8001')
  })

  it('after its own cancel, which it knows of: the call is over', () => {
    expect(given.inviting().tell(cancel(), hangsUp('c-1')).did).toContain('hang up the caller: 8001')
  })
})
