import { describe, expect, it } from 'vitest'
import { isHandoverFact } from '../../src/domain/facts.ts'
import * as on from '../support/call-world.ts'
import { given, Story } from '../support/call-world.ts'

const handoverOfLast = (story: Story) => story.facts.filter(isHandoverFact).at(-1)?.handover
const pressed = (more: Parameters<typeof on.press>[2]) => given.talking().tell(on.press('press', 'h1', more))
const answered = (more: Parameters<typeof on.press>[2]) => pressed(more).tell(on.dialled('c-3'), on.rings('c-3'), on.answers('c-3'))
const merged = { mode: 'conference', consult: false } as const
const completed = { mode: 'transfer', consult: false } as const

describe('three-way call (三方通话, §4)', () => {
  it('the pair talk on while the other desk rings, and all three are together when it answers', () => {
    const story = pressed({ mode: 'conference' })
    expect(story.did.filter((action) => /^(separate|consult|sound)/.test(action))).toEqual([])
    expect(story.tell(on.dialled('c-3'), on.rings('c-3')).did).toEqual(['fact handover-ringing'])
    expect(story.tell(on.answers('c-3')).did).toEqual(['join c-3', 'hang up c-4: answered-elsewhere', 'fact handover-answered'])
    expect(story.tell(on.joins('c-3')).did).toEqual(['fact handover-joined'])
    expect(story.facts.at(-1)?.call).toMatchObject({
      state: 'conferring',
      desk: '12345',
      agent: '8001',
      parties: [
        { id: 'caller', role: 'caller', state: 'talking' },
        { id: 'c-1', role: 'desk', endpoint: '8001', state: 'talking' },
        { id: 'c-3', role: 'peer', endpoint: '9001', state: 'talking' },
      ],
    })
  })

  it('the other desk does not take it: nothing was interrupted', () => {
    expect(pressed({ mode: 'conference' }).tell(on.rings('c-3'), on.refuses('c-3', 486, 17), on.refuses('c-4', 486, 17)).did).toEqual(['fact handover-failed'])
  })

  it.each([
    ['the first desk leaves: the other one takes the matter', on.hangsUp('c-1'), {}, { outcome: 'taken', responsible: '110' }, 'talking'],
    ['the other desk leaves: the first one keeps it', on.hangsUp('c-3'), {}, { outcome: 'kept', responsible: '12345' }, 'talking'],
    ['the caller leaves: undecided, the first desk keeps it', on.callerLeaves, {}, { outcome: 'undecided', responsible: '12345' }, 'aftertalk'],
    ['the caller leaves in danger: undecided, 110 has it', on.callerLeaves, { danger: true }, { outcome: 'undecided', responsible: '110' }, 'aftertalk'],
  ] as const)('%s', (_, event, more, outcome, phase) => {
    const story = answered({ mode: 'conference', ...more }).tell(on.joins('c-3'), event)
    expect(handoverOfLast(story)).toMatchObject({ state: 'completed', ...outcome })
    expect(story.state.phase).toBe(phase)
  })

  it.each([
    ['taken', on.hangsUp('c-3'), '110'],
    ['kept', on.hangsUp('c-1'), '12345'],
    ['undecided', on.hangsUp('c-1'), '12345'],
  ] as const)('what was decided stands, whoever leaves first: %s', (outcome, event, responsible) => {
    const story = given.conferring().tell(on.decide(outcome), event)
    expect(handoverOfLast(story)).toMatchObject({ outcome, responsible })
  })

  it('the first desk has left before the answer: the other desk takes the matter as it joins', () => {
    const story = pressed({ mode: 'conference' }).tell(on.dialled('c-3'), on.hangsUp('c-1'), on.answers('c-3'), on.joins('c-3'))
    expect(story.state).toMatchObject({ phase: 'talking', desk: { id: 'c-3' }, call: { last: { outcome: 'taken', responsible: '110' } } })
  })
})

describe('consultation first', () => {
  it('the desks are together, the caller hears music even while it rings', () => {
    const story = pressed({ consult: true })
    expect(story.did).toEqual(expect.arrayContaining(['separate c-1: ringback', 'sound music', 'note h1: caller, c-1']))
    expect(story.tell(on.dialled('c-3'), on.rings('c-3')).did).toEqual(['fact handover-ringing'])
    expect(story.tell(on.answers('c-3')).did).toEqual(['consult c-1', 'consult c-3', 'hang up c-4: answered-elsewhere', 'fact handover-answered'])
    expect(story.tell(on.joins('c-3', 'consultation')).state).toMatchObject({ phase: 'consulting', handover: { clock: { consulted: 40 } } })
  })

  it('completed: the other desk gets the caller, the first one hears nothing more and is released', () => {
    const story = given.consulting().tell(on.change(completed))
    expect(story.did.slice(0, 3)).toEqual(['join c-3', 'sound nothing', 'separate c-1: silence'])
    story.tell(on.joins('c-3'))
    expect(story.did).toEqual(['hang up c-1: normal', 'fact handover-joined'])
    expect(handoverOfLast(story.tell(on.hangsUp('c-1')))).toMatchObject({ state: 'completed', mode: 'transfer', responsible: '110' })
    expect(handoverOfLast(story)).not.toHaveProperty('outcome')
  })

  it('merged, and the first desk cannot be brought to the caller: it leaves, and the other one takes the call', () => {
    const story = given.consulting().tell(on.change(merged), on.joinFails('c-1'))
    expect(story.did).toEqual(['hang up c-1: normal', 'fact handover-released'])
    expect(story.tell(on.joins('c-3')).state).toMatchObject({ phase: 'talking', desk: { id: 'c-3' }, call: { last: { outcome: 'taken', responsible: '110' } } })
  })

  it('merged, and a leg that is neither of them cannot be joined: nothing happens', () => {
    const story = given.consulting().tell(on.change(merged), on.joinFails('c-4'))
    expect(story.did).toEqual([])
    expect(story.tell(on.joins('c-3')).state).toMatchObject({ phase: 'conferring', desk: { id: 'c-1' } })
  })

  it('the first desk has left before the answer: there is nobody to consult', () => {
    const story = pressed({ consult: true }).tell(on.dialled('c-3'), on.hangsUp('c-1'), on.answers('c-3'))
    expect(story.state.phase).toBe('joining')
  })

  it('a failed or cancelled one: the pair talk again', () => {
    for (const [event, state] of [[on.hangsUp('c-3'), 'failed'], [on.cancel(), 'cancelled']] as const) {
      const story = given.consulting().tell(event)
      expect(story.did).toContain('join c-1')
      expect(handoverOfLast(story)?.state).toBe(state)
    }
  })

  it('the caller leaves: the desks talk on; the one that is left then is released', () => {
    const story = given.consulting().tell(on.callerLeaves)
    expect(story.did).toEqual(['sound nothing', 'fact handover-failed', 'fact call-back-requested', 'fact call-caller-left'])
    expect(story.tell(on.hangsUp('c-1')).did).toEqual(['hang up c-3: normal', 'close bridge', 'fact call-ended'])
    expect(story.facts.at(-1)?.call).toMatchObject({ state: 'ended', endedBy: 'caller', parties: [] })
  })
})

const joined = () => answered({ verified: true }).tell(on.joins('c-3'))

const again = () => given.conferring().tell(on.decide('taken'), on.change({ mode: 'conference', consult: true }))

describe('a three-way call that consults again has taken place all the same', () => {
  it.each([
    ['the caller leaves', on.callerLeaves],
    ['the other desk leaves', on.hangsUp('c-3')],
  ])('%s: what was decided stands', (_, event) => {
    expect(handoverOfLast(again().tell(event))).toMatchObject({ state: 'completed', outcome: 'taken', responsible: '110' })
  })

  it.each([
    ['the caller leaves: the other one has the matter', on.callerLeaves, '110', 'aftertalk'],
    ['the other desk leaves: the first one keeps it', on.hangsUp('c-3'), '12345', 'talking'],
  ] as const)('now about a transfer, and %s', (_, event, responsible, phase) => {
    const story = given.conferring().tell(on.change({ mode: 'transfer', consult: true }), event)
    expect(handoverOfLast(story)).toMatchObject({ state: 'completed', mode: 'transfer', responsible })
    expect(story.state.phase).toBe(phase)
  })

  it('cannot be cancelled any more; as a transfer it has no outcome', () => {
    expect(again().tell(on.cancel()).did).toEqual(['reply cancel: handover-too-late'])
    const transferred = given.conferring().tell(on.decide('undecided'), on.change(completed), on.hangsUp('c-1'))
    expect(handoverOfLast(transferred)).toMatchObject({ state: 'completed', mode: 'transfer', responsible: '110' })
    expect(handoverOfLast(transferred)).not.toHaveProperty('outcome')
  })
})

describe('verified transfer', () => {
  it('the first desk stays with both until the other one confirms', () => {
    const story = joined()
    expect(story.state.phase).toBe('conferring')
    expect(story.tell(on.confirm()).did).toEqual(['hang up c-1: normal', 'reply confirm: h1 joined', 'fact handover-confirmed'])
    expect(handoverOfLast(story.tell(on.hangsUp('c-1')))).toMatchObject({ state: 'completed', responsible: '110', confirmedAt: '2026-01-05T08:00:01.080Z' })
  })

  it('the first desk leaves all the same: it still waits for the confirmation, and that completes it', () => {
    const story = joined().tell(on.hangsUp('c-1'))
    expect(story.state).toMatchObject({ phase: 'conferring', handover: { state: 'joined' } })
    expect(story.tell(on.confirm()).did).toEqual(['reply confirm: h1 completed', 'fact handover-confirmed', 'fact handover-completed'])
  })

  it.each([
    ['with the first desk there: the pair talk', () => joined(), 'talking'],
    ['after the first desk has left: it is rung again', () => joined().tell(on.hangsUp('c-1')), 'ringing'],
  ])('the other desk leaves without a confirmation, %s', (_, start, phase) => {
    const story = start().tell(on.hangsUp('c-3'))
    expect(handoverOfLast(story)).toMatchObject({ state: 'failed', failure: { reason: 'peer-left' } })
    expect(story.state.phase).toBe(phase)
  })

  it('the caller leaves, or a three-way call comes in between: without a confirmation it does not count as done', () => {
    expect(handoverOfLast(joined().tell(on.callerLeaves))).toMatchObject({ state: 'failed', failure: { reason: 'caller-left' } })
    const back = joined().tell(on.change(merged), on.change(completed))
    expect(back.state.phase).toBe('conferring')
    expect(back.did.join()).not.toContain('hang up')
  })

  it('the first desk leaves while somebody is held: nobody is left in it', () => {
    expect(joined().tell(on.hold('caller'), on.hangsUp('c-1')).did).toEqual(['join c-3', 'sound nothing', 'fact handover-released'])
  })

  it('becomes a three-way call, which is confirmed no more', () => {
    const story = joined().tell(on.change(merged))
    expect(story.did).toEqual(['reply change: h1 joined', 'fact handover-changed'])
    expect(story.tell(on.confirm()).did).toEqual(['reply confirm: handover-not-verified'])
    expect(handoverOfLast(story.tell(on.callerLeaves))).toMatchObject({ state: 'completed', outcome: 'undecided', responsible: '12345' })
  })

  it('cannot be changed once the first desk has left', () => {
    expect(joined().tell(on.hangsUp('c-1'), on.change(merged)).did).toEqual(['reply change: handover-too-late'])
  })
})

const ringing = (more: Parameters<typeof on.press>[2]) => {
  const story = new Story()
  story.releaseAt = 'ringing'
  return story.tell(on.answers('c-1'), on.joins('c-1'), on.press('press', 'h1', more), on.dialled('c-3'), on.rings('c-3'))
}

describe('a briefing for the joining desk', () => {
  it.each([
    [{ briefing: true }, 'briefing-transfer'],
    [{ briefing: true, mode: 'conference' }, 'briefing-conference'],
    [{ briefing: true, danger: true, consult: true }, 'briefing-danger'],
  ] as const)('%o: heard before it comes to anybody', (more, prompt) => {
    const story = answered(more)
    expect(story.did[0]).toBe(`brief c-3: ${prompt}`)
    expect(story.did.indexOf('consult' in more ? 'consult c-3' : 'join c-3')).toBeGreaterThan(0)
  })

  it('is not there unless it was asked for', () => {
    expect(answered({}).did.join()).not.toContain('brief')
  })
})

describe('release at ringing, by configuration', () => {
  it('the first desk of a transfer is released as the other one rings; nobody takes it: it is rung again', () => {
    const story = ringing({})
    expect(story.did).toEqual(['hang up c-1: normal', 'sound ringback', 'fact handover-ringing', 'fact handover-released'])
    expect(story.timeOut().state.phase).toBe('ringing')
  })

  it.each([{ consult: true }, { verified: true }, { mode: 'conference' }] as const)('not with %o', (more) => {
    expect(ringing(more).did).not.toContain('hang up c-1: normal')
  })
})
