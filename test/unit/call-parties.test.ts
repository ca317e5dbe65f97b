import { describe, expect, it } from 'vitest'
import * as on from '../support/call-world.ts'
import { given, type Story } from '../support/call-world.ts'

/** The desk talks with the caller, 119 is c-3 and has joined them. */
const withGuest = () => given.talking().tell(on.invite(), on.dialled('c-3'), on.rings('c-3'), on.answers('c-3'), on.joins('c-3'))
const partiesOf = (story: Story) => story.facts.at(-1)?.call.parties.map(({ id, state, muted }) => `${id} ${state}${muted ? ' muted' : ''}`)

describe('a further party', () => {
  it('is rung while the others talk on, and joins them as it answers', () => {
    const story = given.talking().tell(on.invite())
    expect(story.did).toEqual(['dial c-3 119 as guest', 'reply invite: c-3', 'fact party-invited'])
    expect(partiesOf(story)).toEqual(['caller talking', 'c-1 talking', 'c-3 ringing'])
    expect(story.tell(on.rings('c-3'), on.answers('c-3')).did).toEqual(['join c-3', 'fact party-joined'])
    expect(story.tell(on.hangsUp('c-3')).did).toEqual(['fact party-left'])
    expect(story.state).toMatchObject({ phase: 'talking', call: { guests: [] } })
  })

  it('that does not come is told with the reason', () => {
    const story = given.talking().tell(on.invite(), on.rings('c-3'), on.refuses('c-3', 486, 17))
    expect(story.facts.at(-1)).toMatchObject({ type: 'party-failed', party: 'c-3', endpoint: '119', failure: { reason: 'busy', sipCode: 486, cause: 17 } })
  })

  it('answers once, though it is told twice; its SIP Call-ID stays when one comes without', () => {
    const story = withGuest().tell({ type: 'leg-dialled', leg: 'c-3' }, on.answers('c-3'))
    expect(story.did).toEqual([])
    expect(story.tell(on.hangsUp('c-1')).facts.at(-1)?.call.channels.agent).toEqual({ channelId: 'c-3', endpoint: '119', sipCallId: 'sip-c-3' })
  })

  it('of two each answers for itself; one goes on with the caller when the desk leaves, and the other one stays', () => {
    const story = given.talking().tell(on.invite(), on.invite('120'), on.answers('c-3'))
    expect(partiesOf(story)).toEqual(['caller talking', 'c-1 talking', 'c-3 talking', 'c-4 ringing'])
    expect(partiesOf(story.tell(on.hangsUp('c-1')))).toEqual(['caller talking', 'c-3 talking', 'c-4 ringing'])
  })

  it('that is there already, or rung already, is not rung again', () => {
    expect(given.talking().tell(on.invite(), on.invite()).did).toEqual(['reply invite: party-already-in'])
    expect(given.talking().tell(on.invite('8001')).did).toEqual(['reply invite: party-already-in'])
  })

  it('goes on with the caller when the last desk leaves or was dropped', () => {
    for (const event of [on.hangsUp('c-1'), on.drop('c-1')]) {
      const story = withGuest().tell(event)
      expect(story.state).toMatchObject({ phase: 'talking', desk: { id: 'c-3', platform: '12345' }, call: { guests: [] } })
      expect(story.did.join()).not.toContain('hang up the caller')
    }
    expect(withGuest().tell(on.hangsUp('c-1'), on.hangsUp('c-3')).did).toContain('hang up the caller: 119')
  })

  it('talks with the caller while a desk that was lost is rung again, without an announcement into their talk', () => {
    const story = withGuest().tell(on.breaks('c-1'))
    expect(story.did).toEqual(['dial c-4 8001 as agent', 'dial c-5 8002 as agent', 'timer 25000'])
    expect(story.timeOut().did.join()).not.toContain('announce')
  })

  it('that still rings when the last desk leaves is rung for the caller, who is not let go', () => {
    const story = given.talking()
    story.satisfactionMs = 15_000
    story.tell(on.invite(), on.rings('c-3'), on.hangsUp('c-1'))
    expect(story.did).toEqual(['sound ringback', 'timer 25000', 'fact party-left'])
    expect(story.tell(on.answers('c-3')).did).toEqual(['join c-3', 'sound nothing', 'fact call-answered'])
    expect(story.state).toMatchObject({ phase: 'talking', desk: { id: 'c-3' }, call: { guests: [] } })
  })

  it('stays with the caller while the other desk rings, and hears no desk of a transfer', () => {
    const moved = withGuest().tell(on.press()).did.filter((action) => /^(separate|join|consult|sound)/.test(action))
    expect(moved).toEqual(['separate c-1: ringback'])
  })

  it('talks on with the desk when the caller leaves; one that still rings is given up', () => {
    expect(withGuest().tell(on.callerLeaves).state.phase).toBe('aftertalk')
    const story = given.conferring().tell(on.invite(), on.callerLeaves)
    expect(story.did).toContain('hang up c-5: normal')
    expect(story.tell(on.answers('c-5')).did).toEqual(['hang up c-5: answered-elsewhere'])
  })

  it('talks on with the desk when the caller leaves a three-way call that still rings', () => {
    const story = withGuest().tell(on.press('press', 'h1', { mode: 'conference' }), on.dialled('c-4'), on.callerLeaves)
    expect(story.state).toMatchObject({ phase: 'aftertalk', legs: [{ id: 'c-1' }, { id: 'c-3' }] })
    expect(story.did).toEqual(expect.arrayContaining(['hang up c-4: normal', 'hang up c-5: normal', 'fact handover-failed', 'fact call-caller-left']))
  })

  it('that alone was with the caller while the desk waits for the other one: when he leaves nobody is kept', () => {
    const story = withGuest().tell(on.press(), on.dialled('c-4'), on.rings('c-4'), on.callerLeaves)
    expect(story.did.filter((line) => line.startsWith('hang up')).toSorted()).toEqual(['c-1', 'c-3', 'c-4', 'c-5'].map((leg) => `hang up ${leg}: normal`))
    expect(story.state).toMatchObject({ phase: 'ended', endedBy: 'caller' })
  })

  it('that cannot be joined is ended', () => {
    expect(given.talking().tell(on.invite(), on.answers('c-3'), on.joinFails('c-3')).did).toEqual(['hang up c-3: normal', 'fact party-left'])
  })
})

describe('hold', () => {
  it('of the caller: he hears music, the desks are together without him; ended: all together', () => {
    const story = given.conferring().tell(on.hold('caller'))
    expect(story.did).toEqual(['consult c-3', 'consult c-1', 'sound music', 'reply hold: caller', 'fact party-changed'])
    expect(partiesOf(story)).toEqual(['caller held', 'c-1 consulting', 'c-3 consulting'])
    expect(story.tell(on.hold('caller', false)).did).toEqual(['join c-3', 'join c-1', 'sound nothing', 'reply hold: caller', 'fact party-changed'])
  })

  it('of a desk: it hears music, the others talk on', () => {
    const story = given.conferring().tell(on.hold('c-3'))
    expect(story.did).toEqual(['separate c-3: music', 'reply hold: c-3', 'fact party-changed'])
    expect(partiesOf(story)).toEqual(['caller talking', 'c-1 talking', 'c-3 held'])
  })

  it('of the only desk: both hear music', () => {
    expect(given.talking().tell(on.hold('c-1')).did.slice(0, 2)).toEqual(['separate c-1: music', 'sound music'])
  })

  it('pressed before the key: the desk keeps its music, the other desk gets the caller', () => {
    const story = given.talking().tell(on.hold('c-1'), on.press(), on.dialled('c-3'), on.rings('c-3'), on.answers('c-3'))
    expect(story.did.slice(0, 3)).toEqual(['join c-3', 'sound nothing', 'separate c-1: ringback'])
  })

  it('of the phone’s own key outlives a transfer that fails: the caller hears music until the phone is back', () => {
    const story = given.talking().tell(on.holdKey('c-1'), on.press(), on.dialled('c-3'), on.rings('c-3'), on.refuses('c-4', 486, 17), on.refuses('c-3', 486, 17))
    expect(story.state).toMatchObject({ phase: 'talking' })
    expect(story.sound).toBe('music')
    expect(story.tell(on.holdKey('c-1', false)).did.slice(0, 2)).toEqual(['join c-1', 'sound nothing'])
  })

  it('of the phone’s own key is ended by the phone alone, not by what somebody else asks for the party', () => {
    const story = given.conferring().tell(on.holdKey('c-3'), on.mute('c-3'))
    expect(partiesOf(story)).toEqual(['caller talking', 'c-1 talking', 'c-3 held muted'])
    expect(partiesOf(story.tell(on.hold('c-3', false)))).toEqual(['caller talking', 'c-1 talking', 'c-3 held muted'])
  })

  it('ends with the talk that it interrupted', () => {
    const story = given.conferring().tell(on.hold('caller'), on.hangsUp('c-3'))
    expect(story.did.slice(0, 2)).toEqual(['join c-1', 'sound nothing'])
    expect(story.state).toMatchObject({ call: { callerHeld: false } })
  })

  it('of somebody who rings, or is not there: refused', () => {
    expect(given.inviting().tell(on.hold('c-3')).did).toEqual(['reply hold: party-not-joined'])
    expect(given.talking().tell(on.hold('nobody')).did).toEqual(['reply hold: party-not-found'])
    expect(given.aftertalk().tell(on.hold('caller')).did).toEqual(['reply hold: party-not-found'])
  })
})

describe('mute', () => {
  it('of the caller or a desk: not heard until it is ended, wherever they are', () => {
    const story = given.conferring().tell(on.mute('caller'))
    expect(story.did[0]).toBe('mute caller')
    expect(story.tell(on.mute('c-3')).did[0]).toBe('mute c-3')
    expect(partiesOf(story)).toEqual(['caller talking muted', 'c-1 talking', 'c-3 talking muted'])
    expect(story.tell(on.hold('c-3')).did.join()).not.toContain('unmute')
    expect(story.tell(on.mute('c-3', false)).did[0]).toBe('unmute c-3')
  })
})

it('a mute ends with the talk: whoever gets the caller hears him and is heard', () => {
  const transferred = given.inviting().tell(on.mute('caller'), on.answers('c-3'), on.joins('c-3'), on.hangsUp('c-1'))
  expect(transferred.did).toContain('unmute caller')
  expect(given.conferring().tell(on.mute('c-3'), on.hangsUp('c-1')).did).toContain('unmute c-3')
  expect(withGuest().tell(on.mute('c-3'), on.hangsUp('c-1')).did).toContain('unmute c-3')
})

describe('whisper (耳语)', () => {
  it('of a further party: one desk alone hears it, while it hears all; ended: all hear it', () => {
    const story = withGuest().tell(on.whisper('c-3', 'c-1'))
    expect(story.did).toEqual(['c-3 whispers to c-1', 'reply whisper: c-3', 'fact party-changed'])
    expect(partiesOf(story)).toEqual(['caller talking', 'c-1 talking', 'c-3 whispering'])
    expect(story.tell(on.whisper('c-3', null)).did[0]).toBe('join c-3')
  })

  it('never becomes loud by itself: while its desk is held or apart it hears nothing; when its desk has left, it has the caller', () => {
    expect(withGuest().tell(on.whisper('c-3', 'c-1'), on.hold('c-1')).did.slice(0, 3)).toEqual(['separate c-1: music', 'separate c-3: silence', 'sound music'])
    expect(withGuest().tell(on.whisper('c-3', 'c-1'), on.press()).did).toContain('separate c-3: silence')
    expect(withGuest().tell(on.whisper('c-3', 'c-1'), on.hangsUp('c-1')).did).toContain('join c-3')
  })

  it('to one of two desks ends as the caller leaves, and the party with it, which would stay had all heard it; with the only desk it talks on', () => {
    const three = given.conferring().tell(on.invite(), on.answers('c-5'), on.joins('c-5'), on.whisper('c-5', 'c-1'), on.callerLeaves)
    expect(three.did).toContain('hang up c-5: normal')
    expect(partiesOf(three)).toEqual(['c-1 talking', 'c-3 talking'])
    const loud = given.conferring().tell(on.invite(), on.answers('c-5'), on.joins('c-5'), on.callerLeaves)
    expect(partiesOf(loud)).toEqual(['c-1 talking', 'c-3 talking', 'c-5 talking'])
    expect(partiesOf(withGuest().tell(on.whisper('c-3', 'c-1'), on.callerLeaves))).toEqual(['c-1 talking', 'c-3 talking'])
  })

  it('is of further parties that have joined, to desks: anything else is refused', () => {
    expect(given.conferring().tell(on.whisper('c-3', 'c-1')).did).toEqual(['reply whisper: cannot-whisper'])
    expect(given.talking().tell(on.invite(), on.whisper('c-3', 'c-1')).did).toEqual(['reply whisper: cannot-whisper'])
    expect(withGuest().tell(on.whisper('c-3', 'caller')).did).toEqual(['reply whisper: cannot-whisper'])
    expect(withGuest().tell(on.whisper('c-3', 'c-3')).did).toEqual(['reply whisper: cannot-whisper'])
  })
})

describe('drop', () => {
  it('of the other desk in a three-way call: as if it had left', () => {
    const story = given.conferring().tell(on.drop('c-3'))
    expect(story.did).toEqual(['hang up c-3: normal', 'reply drop: c-3', 'fact handover-completed'])
    expect(story.state).toMatchObject({ phase: 'talking', desk: { id: 'c-1' }, call: { last: { outcome: 'kept' } } })
  })

  it('of a further party: the others talk on, and who dropped it is recorded', () => {
    const story = withGuest().tell(on.drop('c-3', '8002'))
    expect(story.did).toEqual(['hang up c-3: normal', 'reply drop: c-3', 'fact party-left'])
    expect(story.facts.at(-1)).toMatchObject({ party: 'c-3', endpoint: '119', by: '8002' })
  })

  it('of the last desk: refused, since only a person ends a caller’s call', () => {
    expect(given.talking().tell(on.drop('c-1')).did).toEqual(['reply drop: last-party'])
  })

  it('of a party that rings: its ringing is given up', () => {
    expect(given.talking().tell(on.invite(), on.drop('c-3')).did).toEqual(['hang up c-3: normal', 'reply drop: c-3', 'fact party-failed'])
    expect(given.inviting().tell(on.drop('c-3')).did).toEqual(['reply drop: party-not-joined'])
  })

  it('of the caller by a named person: the desks talk on; with one desk the call is over', () => {
    const story = given.conferring().tell(on.drop('caller', '8001'))
    expect(story.did).toEqual(['hang up the caller: 8001', 'reply drop: caller', 'fact handover-completed', 'fact call-caller-left'])
    expect(story.tell(on.callerLeaves).did).toEqual([])
    const alone = given.talking().tell(on.drop('caller', '8001'))
    expect(alone.did).toContain('hang up the caller: 8001')
    expect(alone.state).toMatchObject({ phase: 'ended', endedBy: '8001' })
  })

  it.each(['inviting', 'joining', 'releasing'] as const)('of the caller while the other desk is on its way (%s): refused', (phase) => {
    expect(given[phase]().tell(on.drop('caller')).did).toEqual(['reply drop: handover-too-late'])
  })

  it('of a desk that is just getting the caller: refused', () => {
    expect(given.releasing().tell(on.drop('c-3')).did).toEqual(['reply drop: handover-too-late'])
  })
})

describe('commands about parties', () => {
  it.each([
    ['ringing', 'call-not-answered'],
    ['waiting', 'call-not-answered'],
    ['asking', 'call-ended'],
    ['ended', 'call-ended'],
  ] as const)('in the phase %s: refused', (phase, code) => {
    for (const event of [on.invite(), on.hold('caller'), on.drop('c-1')]) {
      expect(given[phase]().tell(event).did).toEqual([`reply ${event.command}: ${code}`])
    }
  })

  it('after the caller has left nobody is invited', () => {
    expect(given.aftertalk().tell(on.invite()).did).toEqual(['reply invite: call-ended'])
  })
})
