import { describe, expect, it } from 'vitest'
import type { Platform } from '../../src/domain/handover/handover.ts'
import { isHandoverFact } from '../../src/domain/facts.ts'
import { type CallFacts, heldTo } from '../../src/domain/policy/held-to.ts'
import * as on from '../support/call-world.ts'
import { arrival, given, Story } from '../support/call-world.ts'

const handoverOfLast = (story: Story) => story.facts.filter(isHandoverFact).at(-1)?.handover

describe.each([
  ['12345', '110', '8001', '9001'],
  ['110', '12345', '9001', '8001'],
] as const)('one-key transfer from %s to %s', (from, to, agent, peer) => {
  /** The agent talks with the caller on c-1; the targets will be c-3 and c-4. */
  const talk = () => new Story({}, { ...arrival, platform: from }).tell(on.answers('c-1'), on.joins('c-1'))
  const pressed = (story: Story, id = 'h1', target: Platform = to) => story.tell(on.press('press', id, { to: target }))

  it('answered: the other desk has the caller, the first desk is released', () => {
    const story = pressed(talk())
    expect(story.did.slice(0, 2)).toEqual([`dial c-3 ${peer} as peer for h1`, `dial c-4 ${peer.slice(0, -1)}2 as peer for h1`])
    expect(story.did.slice(-4)).toEqual(['separate c-1: ringback', 'sound music', 'note h1: caller, c-1', 'fact handover-requested'])
    expect(story.tell(on.dialled('c-3')).did).toEqual(['fact handover-dialled'])
    story.tell(on.rings('c-3'))
    expect(story.did).toEqual(['sound ringback', 'fact handover-ringing'])
    story.tell(on.answers('c-3'))
    expect(story.did.slice(0, 2)).toEqual(['join c-3', 'sound nothing'])
    story.tell(on.joins('c-3'))
    expect(story.did).toEqual(['hang up c-1: normal', 'fact handover-joined'])
    story.tell(on.hangsUp('c-1'))
    expect(story.state).toMatchObject({ phase: 'talking', desk: { endpoint: peer } })
    expect(story.facts.at(-1)?.call).toMatchObject({ state: 'talking', platform: from, desk: to, agent: peer })
    expect(handoverOfLast(story)).toMatchObject({ state: 'completed', from, to, agent, target: peer })
  })

  it('and handed back by the other desk', () => {
    const story = pressed(talk()).tell(on.answers('c-3'), on.joins('c-3'), on.hangsUp('c-1'))
    pressed(story, 'h2', from).tell(on.answers('c-5'), on.joins('c-5'), on.hangsUp('c-3'))
    expect(story.state).toMatchObject({ phase: 'talking', desk: { id: 'c-5', platform: from }, call: { last: { id: 'h2', state: 'completed', from: to, to: from } } })
  })
})

describe('why a target did not take the call', () => {
  it.each([
    ['busy', 'c-3', on.refuses('c-3', 486, 17), { reason: 'busy', sipCode: 486, cause: 17 }],
    ['rejected', 'c-3', on.refuses('c-3', 603, 21), { reason: 'rejected', sipCode: 603, cause: 21 }],
    ['no answer', 'c-3', on.refuses('c-3', 480, 19), { reason: 'no-answer', sipCode: 480, cause: 19 }],
    ['unreachable', 'c-3', on.refuses('c-3', 503, 34), { reason: 'unreachable', sipCode: 503, cause: 34 }],
  ])('%s: the pair talk again, the agent is told the reason, the SIP code and the cause', (_, leg, end, failure) => {
    const story = new Story({ '110': ['9001'] }).tell(on.answers('c-1'), on.joins('c-1'), on.press(), on.dialled(leg), on.rings(leg), end)
    expect(story.did).toEqual(['join c-1', 'sound nothing', 'fact handover-failed'])
    expect(story.state).toMatchObject({ phase: 'talking', desk: { id: 'c-1' } })
    expect(handoverOfLast(story)).toMatchObject({ state: 'failed', failure })
  })

  it('nobody sits at the other desk: unreachable at once, the pair were never apart', () => {
    const story = new Story({ '110': [] }).tell(on.answers('c-1'), on.press())
    expect(story.did).toEqual(['reply press: h1 failed, created', 'fact handover-requested', 'fact handover-failed'])
    expect(story.state.phase).toBe('talking')
    expect(handoverOfLast(story)).toMatchObject({ state: 'failed', failure: { reason: 'unreachable' } })
  })

  it('of several targets the most telling reason is kept, with its code and cause', () => {
    const story = given.inviting().tell(on.refuses('c-4', 486, 17), on.refuses('c-3', 503, 34))
    expect(handoverOfLast(story)?.failure).toEqual({ reason: 'busy', sipCode: 486, cause: 17 })
  })

  it.each([
    ['one target rang until the time was over, another could not be reached: no answer', on.refuses('c-4', 503, 34), 'no-answer'],
    ['one target rang until the time was over, another was busy: busy', on.refuses('c-4', 486, 17), 'busy'],
  ])('%s', (_, early, reason) => {
    const story = given.inviting().tell(early).timeOut()
    expect(story.did).toContain('hang up c-3: no-answer')
    expect(handoverOfLast(story)?.failure?.reason).toBe(reason)
  })

  it('nothing rang until the time was over: unreachable', () => {
    const story = given.talking().tell(on.press(), on.dialled('c-3')).timeOut()
    expect(handoverOfLast(story)?.failure).toEqual({ reason: 'unreachable' })
  })

  it('the target leaves before it could be joined, or cannot be joined: the pair talk again', () => {
    for (const [event, reason] of [[on.hangsUp('c-3'), 'peer-left'], [on.joinFails('c-3', true), 'peer-left'], [on.joinFails('c-3'), 'control-lost']] as const) {
      const story = given.joining().tell(event)
      expect(story.did).toContain('join c-1')
      expect(handoverOfLast(story)).toMatchObject({ state: 'failed', failure: { reason } })
    }
  })
})

describe('the agent takes the press back', () => {
  it('while it rings: the targets stop ringing, the pair talk again; told twice, it is still cancelled', () => {
    const story = given.inviting().tell(on.cancel())
    expect(story.did).toEqual(
      expect.arrayContaining(['hang up c-3: normal', 'hang up c-4: normal', 'join c-1', 'reply cancel: h1 cancelled', 'fact handover-cancelled']),
    )
    expect(handoverOfLast(story)).not.toHaveProperty('failure')
    expect(story.tell(on.cancel()).did).toEqual(['reply cancel: h1 cancelled'])
  })

  it('as the target answers: the answering leg is hung up, the pair talk', () => {
    const story = given.inviting().tell(on.cancel(), on.answers('c-3'))
    expect(story.did).toEqual(['hang up c-3: answered-elsewhere'])
    expect(story.state).toMatchObject({ phase: 'talking', desk: { id: 'c-1' } })
  })

  it('before the dialling was told: the pair talk again', () => {
    const story = given.talking().tell(on.press(), on.cancel())
    expect(story.did.slice(0, 4)).toEqual(['hang up c-3: normal', 'hang up c-4: normal', 'join c-1', 'sound nothing'])
    expect(story.did.slice(4)).toEqual(['reply cancel: h1 cancelled', 'fact handover-cancelled'])
  })

  it('too late: the answer stands; settled or unknown: said so', () => {
    expect(given.joining().tell(on.cancel()).did).toEqual(['reply cancel: handover-too-late'])
    const story = given.releasing().tell(on.hangsUp('c-1'), on.cancel())
    expect(story.did).toEqual(['reply cancel: handover-settled'])
    expect(story.tell(on.callerLeaves, on.cancel()).did).toEqual(['reply cancel: handover-settled'])
    expect(story.tell(on.cancel('h9')).did).toEqual(['reply cancel: handover-not-found'])
  })
})

const kept = (facts: CallFacts, more: object = {}) => handoverOfLast(given.talking().tell(on.press('press', 'h1', { facts, ...more })))

describe('the key is pressed', () => {
  it('twice: one hand-over; the second press shows the first, in every state', () => {
    const story = given.talking()
    const ways = [on.press(), on.dialled('c-3'), on.rings('c-3'), on.answers('c-3'), on.joins('c-3')]
    const shown = ways.map((event) => story.tell(event, on.press('again', 'h2')).did)
    expect(shown).toEqual(['requested', 'dialling', 'ringing', 'answered', 'joined'].map((state) => [`reply again: h1 ${state}`]))
    expect(story.facts.filter(isHandoverFact).every(({ handover }) => handover.id === 'h1')).toBe(true)
  })

  it('again after a failure: a new hand-over', () => {
    const story = given.inviting().timeOut().tell(on.press('again', 'h2'))
    expect(story.did).toContain('reply again: h2 requested, created')
  })

  it('with matter and reason: both are kept', () => {
    const matter = { category: '社会治安类', item: '广场生活噪音' }
    const story = given.talking().tell(on.press('press', 'h1', { agent: '8001', matter, reason: 'fight' }))
    expect(handoverOfLast(story)).toMatchObject({ agent: '8001', matter, reason: 'fight', requestedAt: story.facts.at(-1)?.at })
  })

  it('with what is known of the request: the policy’s decision is kept, and whether the key goes by it', () => {
    const ask = { at: '12345', channel: 'phone', danger: false } as const
    expect(kept({ responsibility: '110' })?.decision).toEqual(heldTo({ ...ask, responsibility: '110' }, { mode: 'transfer', platform: '110' }))
    expect(kept({ responsibility: '110' })?.decision).toMatchObject({ mode: 'transfer', platform: '110', paragraphs: ['§4'], followed: true })
    expect(kept({ responsibility: 'neither' }, { reason: 'she insists' })).toMatchObject({ reason: 'she insists', decision: { mode: 'guide', followed: false } })
    expect(kept({ responsibility: 'unclear' }, { danger: true })?.decision).toMatchObject({ mode: 'conference', urgency: 'emergency', followed: false })
  })

  it.each([
    ['by somebody who has not the call', given.talking, { agent: '9001' }, 'not-your-call'],
    ['by somebody else while it rings', given.inviting, { agent: '9001' }, 'not-your-call'],
    ['towards the same desk', given.talking, { to: '12345' }, 'same-desk'],
    ['before the answer', given.ringing, {}, 'call-not-answered'],
    ['while the caller waits', given.waiting, {}, 'call-not-answered'],
    ['after the end', given.ended, {}, 'call-ended'],
  ] as const)('%s: refused', (_, start, more, code) => {
    const story = start()
    const facts = story.facts.length
    expect(story.tell(on.press('press', 'h7', more)).did).toEqual([`reply press: ${code}`])
    expect(story.facts).toHaveLength(facts)
  })
})
