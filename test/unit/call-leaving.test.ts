import { describe, expect, it } from 'vitest'
import { isHandoverFact } from '../../src/domain/facts.ts'
import * as on from '../support/call-world.ts'
import { given, type Story } from '../support/call-world.ts'

const handoverOfLast = (story: Story) => story.facts.filter(isHandoverFact).at(-1)?.handover

describe('the first desk leaves before the other one has answered', () => {
  it('while it rings: the caller keeps hearing ringback, nothing else happens', () => {
    const story = given.inviting()
    expect(story.tell(on.hangsUp('c-1')).did).toEqual(['fact handover-released'])
    expect(story.state.phase).toBe('inviting')
  })

  it.each([
    ['before the dialling was told', on.hangsUp('c-1')],
    ['as its leg could not be joined', on.joinFails('c-1')],
  ])('%s: the caller goes on hearing music', (_, event) => {
    const story = given.talking().tell(on.press())
    expect(story.did).toContain('sound music')
    expect(story.tell(event).did.at(-1)).toBe('fact handover-released')
    expect(story.tell(on.dialled('c-3'), on.rings('c-3')).did).toEqual(['sound ringback', 'fact handover-ringing'])
  })

  it('then the other desk answers: completed as soon as it is joined, released before the answer', () => {
    const story = given.inviting().tell(on.hangsUp('c-1'), on.answers('c-3'))
    expect(story.did).toEqual(['join c-3', 'sound nothing', 'hang up c-4: answered-elsewhere', 'fact handover-answered'])
    expect(story.tell(on.joins('c-3')).did).toEqual(['fact handover-joined', 'fact handover-completed'])
    expect(story.state).toMatchObject({ phase: 'talking', desk: { id: 'c-3' } })
    expect(handoverOfLast(story)?.clock).toEqual({ press: 0, dial: 10, ring: 20, released: 30, answer: 40, joined: 50 })
  })

  it.each([
    ['refuses', (story: Story) => story.tell(on.refuses('c-4', 486, 17), on.refuses('c-3', 486, 17)), 'failed'],
    ['does not answer', (story: Story) => story.timeOut(), 'failed'],
    ['is cancelled', (story: Story) => story.tell(on.cancel()), 'cancelled'],
    ['answers and is gone before it is joined', (story: Story) => story.tell(on.answers('c-3'), on.hangsUp('c-3')), 'failed'],
    ['cannot be joined', (story: Story) => story.tell(on.answers('c-3'), on.joinFails('c-3')), 'failed'],
  ])('then the other desk %s: the first desk is rung again and takes the call', (_, goOn, outcome) => {
    const story = goOn(given.inviting().tell(on.hangsUp('c-1')))
    expect(story.did).toEqual(expect.arrayContaining(['dial c-5 8001 as agent', 'dial c-6 8002 as agent', 'timer 25000']))
    expect(story.sound).toBe('ringback')
    expect(handoverOfLast(story)?.state).toBe(outcome)
    story.tell(on.answers('c-6'))
    expect(story.did).toEqual(['join c-6', 'sound nothing', 'hang up c-5: answered-elsewhere', 'fact call-answered'])
  })

  it('then nobody takes the call: the caller waits with music and is rung for again, for as long as he stays', () => {
    const story = given.inviting().tell(on.hangsUp('c-1'))
    story.seats = { '12345': [] }
    expect(story.timeOut().did).toEqual(expect.arrayContaining(['announce please-wait', 'sound music', 'timer 5000', 'fact call-waiting']))
    expect(story.timeOut(on.retryMs).did).toEqual(['announce queue-position-1', 'timer 5000'])
    expect(story.timeOut(on.retryMs).did).toEqual(['timer 5000'])
    expect(story.sound).toBe('music')
    story.seats = {}
    expect(story.timeOut(on.retryMs).did).toContain('dial c-5 8001 as agent')
    expect(story.tell(on.hangsUp('c-5'), on.hangsUp('c-6')).did).toContain('sound music')
    expect(story.timeOut(on.retryMs).state.phase).toBe('ringing')
    expect(story.timeOut().state.phase).toBe('waiting')
  })

  it('just after the answer: the other desk gets the call without more ado', () => {
    const story = given.joining().tell(on.hangsUp('c-1'), on.hangsUp('c-1'), on.joins('c-3'))
    expect(story.did).toEqual(['fact handover-joined', 'fact handover-completed'])
  })
})

describe('the caller leaves: every leg is hung up, nothing keeps ringing', () => {
  it.each([
    ['before the answer', given.ringing, ['c-1', 'c-2'], undefined],
    ['while he waits', given.waiting, [], undefined],
    ['while he talks', given.talking, ['c-1'], undefined],
    ['while the other desk rings', given.inviting, ['c-1', 'c-3', 'c-4'], 'failed'],
    ['alone while the other desk rings', () => given.inviting().tell(on.hangsUp('c-1')), ['c-3', 'c-4'], 'failed'],
    ['as the other desk is joined', given.joining, ['c-1', 'c-3'], 'failed'],
    ['just after it', given.releasing, ['c-1', 'c-3'], 'completed'],
    ['while he is rung for again', () => given.talking().tell(on.breaks('c-1')), ['c-3', 'c-4'], undefined],
  ] as const)('%s', (_, start, legs, outcome) => {
    const story = start().tell(on.callerLeaves)
    expect(story.did.filter((line) => line.startsWith('hang up')).toSorted()).toEqual(legs.map((leg) => `hang up ${leg}: normal`))
    expect(story.state).toMatchObject({ phase: 'ended', endedBy: 'caller' })
    expect(handoverOfLast(story)?.state).toBe(outcome)
    expect(handoverOfLast(story)?.failure?.reason).toBe(outcome === 'failed' ? 'caller-left' : undefined)
    expect(story.facts.at(-1)).toMatchObject({ type: 'call-ended', call: { state: 'ended', endedBy: 'caller', endedAt: story.facts.at(-1)?.at } })
    const token = story.state.call.timer
    expect(story.tell(on.fires(token), on.fires(token - 1)).did).toEqual([])
    expect(story.tell(on.answers('c-9')).did).toEqual(['hang up c-9: normal'])
  })
})

describe('a leg breaks: nobody has hung up', () => {
  it.each([
    ['of the desk that talks', given.talking, 'c-1', '8001'],
    ['of the other desk, joined a moment ago', given.releasing, 'c-3', '9001'],
  ] as const)('%s: the desk is rung again, the caller hears ringback', (_, start, leg, endpoint) => {
    const story = start().tell(on.breaks(leg))
    expect(story.did).toContain('sound ringback')
    expect(story.did.some((line) => line.startsWith('dial') && line.includes(endpoint))).toBe(true)
    expect(story.did.join()).not.toContain('hang up the caller')
  })

  it('of the other desk, which comes back from a hold and cannot be joined: it is rung again, whoever else is with the caller', () => {
    const story = given.releasing().tell(on.invite(), on.answers('c-5'), on.joins('c-5'), on.hold('c-3'), on.hold('c-3', false), on.joinFails('c-3'))
    expect(story.did).toEqual(expect.arrayContaining(['hang up c-3: normal', 'dial c-6 9001 as agent', 'dial c-7 9002 as agent']))
    expect(story.state).toMatchObject({ phase: 'ringing', desk: '110', call: { guests: [{ id: 'c-5', joined: true }] } })
    expect(handoverOfLast(story)).toMatchObject({ state: 'completed', responsible: '110' })
  })

  it('of the desk that comes back after a failed transfer: it is hung up and rung again', () => {
    const story = given.inviting().tell(on.cancel(), on.joinFails('c-1'))
    expect(story.did).toEqual(expect.arrayContaining(['hang up c-1: normal', 'sound ringback', 'dial c-5 8001 as agent']))
  })
})
