import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { prompts } from '../../src/domain/call/actions.ts'
import { isHandoverFact } from '../../src/domain/facts.ts'
import * as on from '../support/call-world.ts'
import { Story } from '../support/call-world.ts'

const handoverOfLast = (story: Story) => story.facts.filter(isHandoverFact).at(-1)?.handover
/** 110 is reached by trunk A, then trunk B, then its seats. */
const pressed = (more = {}) => {
  const story = new Story({ '110': [['A'], ['B'], ['9001', '9002']] })
  return story.tell(on.answers('c-1'), on.joins('c-1'), on.press('press', 'h1', more))
}

describe('routes to the other desk', () => {
  it('the first one is given little time while nothing rings there, then the next one is tried', () => {
    const story = pressed()
    expect(story.did.slice(0, 2)).toEqual(['dial c-3 A as peer for h1', 'timer 3000'])
    story.tell(on.dialled('c-3'))
    expect(story.timeOut(3_000).did).toEqual(['dial c-4 B as peer for h1', 'hang up c-3: no-answer', 'timer 3000'])
    expect(story.timeOut(3_000).did).toEqual(['dial c-5 9001 as peer for h1', 'dial c-6 9002 as peer for h1', 'hang up c-4: no-answer', 'timer 18990'])
  })

  it('one that refuses leads to the next one at once; the last one’s answer is the hand-over’s', () => {
    const story = pressed().tell(on.dialled('c-3'), on.refuses('c-3', 503, 34))
    expect(story.did).toEqual(['dial c-4 B as peer for h1', 'timer 3000'])
    story.tell(on.dialled('c-4'), on.rings('c-4'), on.answers('c-4'), on.joins('c-4'), on.hangsUp('c-1'))
    expect(handoverOfLast(story)).toMatchObject({ state: 'completed', target: 'B' })
  })

  it('one that rings has the whole ring time', () => {
    const story = pressed().tell(on.dialled('c-3'), on.rings('c-3'))
    expect(story.did).toEqual(['sound ringback', 'timer 24980', 'fact handover-ringing'])
    expect(story.timeOut(24_980).did).toContain('fact handover-failed')
  })

  it('none takes it: the most telling reason of all is told', () => {
    const story = pressed().tell(on.refuses('c-3', 503, 34), on.refuses('c-4', 486, 17), on.refuses('c-5', 480, 19), on.refuses('c-6', 480, 19))
    expect(handoverOfLast(story)).toMatchObject({ state: 'failed', failure: { reason: 'busy', sipCode: 486 } })
  })

  it('who has become busy meanwhile is passed over', () => {
    const story = pressed()
    story.seats = { '110': [['9002']] }
    expect(story.tell(on.refuses('c-3', 503, 34)).did).toEqual(['dial c-4 9002 as peer for h1', 'timer 24990'])
  })
})

describe('seats rung one after the other', () => {
  it('each has its time, then the next one rings; then all have been tried and the caller waits', () => {
    const story = new Story({ '12345': [['8001'], ['8002']] })
    expect(story.did).toContain('dial c-1 8001 as agent')
    story.tell(on.rings('c-1'))
    expect(story.did).toEqual(['timer 24990'])
    expect(story.tell(on.refuses('c-1', 486, 17)).did).toEqual(['dial c-2 8002 as agent', 'timer 24980'])
    expect(story.timeOut(24_980).did).toEqual(expect.arrayContaining(['hang up c-2: no-answer', 'answer caller', 'sound music']))
  })
})

const busy = (more = {}) => {
  const story = new Story({ '110': [] })
  story.desks = { staffed: true }
  return story.tell(on.answers('c-1'), on.joins('c-1'), on.press('press', 'h1', more))
}

describe('all are busy at the other desk', () => {
  it('the pair talk on, and the first who is free there is rung', () => {
    const story = busy()
    expect(story.did).toEqual(['timer 25000', 'reply press: h1 requested, created', 'note h1: caller, c-1', 'fact handover-requested'])
    expect(story.tell(on.deskFree).did).toEqual([])
    story.seats = { '110': ['9002'] }
    expect(story.tell(on.deskFree).did).toEqual(['dial c-3 9002 as peer for h1', 'timer 25000', 'separate c-1: ringback', 'sound music'])
    expect(story.tell(on.deskFree).did).toEqual([])
  })

  it('nobody becomes free within the ring time: busy', () => {
    const story = busy().timeOut()
    expect(handoverOfLast(story)).toMatchObject({ state: 'failed', failure: { reason: 'busy' } })
    expect(story.state.phase).toBe('talking')
  })

  it('can be taken back', () => {
    expect(busy().tell(on.cancel()).did).toEqual(['reply cancel: h1 cancelled', 'fact handover-cancelled'])
  })

  it('danger uses what is kept for it', () => {
    const dangerRoutes = [{ endpoints: ['A'] }]
    const story = new Story({ '110': [] })
    story.desks = { staffed: true, dangerRoutes }
    story.tell(on.answers('c-1'), on.press('press', 'h1', { danger: true }))
    expect(story.did[0]).toBe('dial c-3 A as peer for h1')
  })
})

const waiting = () => {
  const story = new Story({ '12345': [] })
  story.desks = { ahead: 1 }
  return story
}

describe('the caller waits for the desk', () => {
  it('is told the place once it has changed, and is rung for when it is his turn', () => {
    const story = waiting()
    expect(story.timeOut(on.retryMs).did).toEqual(['announce queue-position-2', 'timer 5000'])
    // Between two announcements there is music; he is reminded every half minute.
    expect(story.timeOut(on.retryMs).did).toEqual(['timer 5000'])
    expect(story.timeOut(24_999).did).toEqual(['timer 5000'])
    expect(story.timeOut(1).did).toEqual(['announce please-wait', 'timer 5000'])
    story.desks = { ahead: 0 }
    expect(story.timeOut(on.retryMs).did).toEqual(['announce queue-position-1', 'timer 5000'])
    story.seats = {}
    expect(story.tell(on.deskFree).did).toEqual(['sound ringback', 'dial c-1 8001 as agent', 'dial c-2 8002 as agent', 'timer 25000'])
  })

  it('is not told again just because he was rung for in vain', () => {
    const story = waiting()
    story.timeOut(on.retryMs)
    story.seats = { '12345': ['8001'] }
    story.tell(on.deskFree, on.refuses('c-1', 486, 17))
    expect(story.did).toEqual(['sound music', 'timer 5000', 'fact call-waiting'])
  })

  it('every announcement is one that is spoken, and the other way round', () => {
    const spoken = Object.keys(parse(readFileSync(new URL('../../asterisk-config/prompts.yaml', import.meta.url), 'utf8')) as object)
    expect(prompts.toSorted()).toEqual(spoken.filter((name) => !name.startsWith('briefing-')).toSorted())
  })

  it.each([
    [9, 'queue-position-10'],
    [10, 'queue-position-many'],
  ])('with %i before him hears %s', (ahead, prompt) => {
    const story = waiting()
    story.desks = { ahead }
    expect(story.timeOut(on.retryMs).did).toContain(`announce ${prompt}`)
  })

  it('overflows to the other desk’s seats when they may be rung (互助, §15), and stays a call of his own platform', () => {
    const story = waiting()
    story.desks = { overflow: [{ endpoints: ['9001'] }] }
    expect(story.timeOut(on.retryMs).did).toContain('dial c-1 9001 as agent')
    expect(story.tell(on.answers('c-1')).facts.at(-1)?.call).toMatchObject({ platform: '12345', desk: '110', agent: '9001' })
  })

  it('nobody there answers either: he waits for his own desk again, and does not count as helped', () => {
    const story = waiting()
    story.desks = { overflow: [{ endpoints: ['9001'] }] }
    story.timeOut(on.retryMs).tell(on.refuses('c-1', 486, 17))
    expect(story.state).toMatchObject({ phase: 'waiting', desk: '12345', call: { overflowed: false } })
  })

  it('his own desk’s seats are free and do not answer: the other desk’s are rung in turn with them', () => {
    const story = new Story({ '12345': ['8001'] })
    story.tell(on.refuses('c-1', 480, 19))
    story.desks = { overflow: [{ endpoints: ['9001'] }] }
    expect(story.timeOut(on.retryMs).did).toContain('dial c-2 9001 as agent')
    story.tell(on.refuses('c-2', 480, 19))
    expect(story.timeOut(on.retryMs).did).toContain('dial c-3 8001 as agent')
    story.tell(on.refuses('c-3', 480, 19))
    expect(story.timeOut(on.retryMs).did).toContain('dial c-4 9001 as agent')
  })
})
