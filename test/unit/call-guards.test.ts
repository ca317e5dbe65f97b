/** What a mutation run over src/domain found untested: each test here fails for a changed condition that no other test notices. */
import { describe, expect, it } from 'vitest'
import { answeredLegsOf } from '../../src/domain/call/state.ts'
import { summarise } from '../../src/domain/call/summary.ts'
import { isHandoverFact } from '../../src/domain/facts.ts'
import { settledStates } from '../../src/domain/handover/handover.ts'
import * as on from '../support/call-world.ts'
import { arrival, given, order, Story } from '../support/call-world.ts'

const handoverOfLast = (story: Story) => story.facts.filter(isHandoverFact).at(-1)?.handover
const lastFact = (story: Story) => story.facts.at(-1)
const consulted = ({ state }: Story) => state.phase === 'consulting' && state.handover.clock.consulted
const parties = ({ state }: Story) => summarise(state).parties.map(({ id, role, state: where }) => `${id} ${role} ${where}`)
const merged = { mode: 'conference', consult: false } as const
const consultAgain = { mode: 'conference', consult: true } as const
const press = (more: Parameters<typeof on.press>[2]) => given.talking().tell(on.press('press', 'h1', more))
const inConference = (more = {}) =>
  press({ mode: 'conference', ...more }).tell(on.dialled('c-3'), on.rings('c-3'), on.answers('c-3'), on.joins('c-3'))
const verified = () => press({ verified: true }).tell(on.answers('c-3'), on.joins('c-3'))
const withGuest = () => given.talking().tell(on.invite(), on.dialled('c-3'), on.rings('c-3'), on.answers('c-3'), on.joins('c-3'))

describe('who is where, as told to the outside', () => {
  it.each([
    ['ringing', given.ringing, ['caller caller ringing', 'c-1 desk ringing', 'c-2 desk ringing']],
    ['waiting', given.waiting, ['caller caller apart']],
    ['calling', given.calling, ['c-1 desk apart', 'c-caller caller ringing']],
    ['inviting', given.inviting, ['caller caller apart', 'c-1 desk apart', 'c-3 peer ringing', 'c-4 peer ringing']],
    ['consulting', given.consulting, ['caller caller apart', 'c-1 desk consulting', 'c-3 peer consulting']],
    [
      'releasing, a further party rings',
      () => given.releasing().tell(on.invite()),
      ['caller caller talking', 'c-1 desk apart', 'c-3 peer talking', 'c-5 guest ringing'],
    ],
    ['aftertalk', given.aftertalk, ['c-1 desk talking', 'c-3 desk talking']],
  ] as const)('%s', (_, start, told) => {
    expect(parties(start())).toEqual(told)
  })

  it('who has answered: nobody whose phone still rings', () => {
    const answered = [new Story({}, order), given.calling(), given.ringing(), given.inviting()].map(({ state }) => answeredLegsOf(state))
    expect(answered.map((legs) => legs.map(({ id }) => id))).toEqual([[], ['c-1'], [], ['c-1']])
  })

  it('the caller’s name, and the desk that has him while the other one comes to a three-way call', () => {
    expect(lastFact(new Story({}, { ...arrival, caller: { ...arrival.caller, name: '张三' } }))?.call.caller).toMatchObject({ name: '张三' })
    expect(lastFact(press({ mode: 'conference' }).tell(on.answers('c-3')))?.call).toMatchObject({ state: 'joining', desk: '12345' })
  })
})

describe('routes', () => {
  it('at the end of the ring time no further one is tried: the caller waits', () => {
    const story = new Story({ '12345': [['8001'], ['8002']] }).tell(on.rings('c-1'))
    expect(story.timeOut(24_990).did.join()).not.toContain('dial')
    expect(story.state.phase).toBe('waiting')
    const late = new Story({ '12345': [['8001'], ['8002']] }).tell(on.rings('c-1'))
    expect(late.after(24_991, on.refuses('c-1', 486, 17)).did.join()).not.toContain('dial')
  })

  it('the second phone of one that rings does not prolong it', () => {
    const ringing = new Story({ '12345': [['8001', '8002'], ['8003']] })
    expect(ringing.tell(on.rings('c-1')).did).toEqual(['timer 24990'])
    expect(ringing.tell(on.rings('c-2')).did).toEqual([])
    const inviting = new Story({ '110': [['9001', '9002'], ['9003']] }).tell(on.answers('c-1'), on.press())
    expect(inviting.tell(on.rings('c-3')).did).toContain('timer 24990')
    expect(inviting.tell(on.rings('c-4')).did).toEqual([])
  })

  it.each([
    ['12345', '9001', '9009'],
    ['110', '8001', '8009'],
  ] as const)('of overflow from %s are tried one after the other, and it counts as overflow (互助, §15)', (platform, first, second) => {
    const story = new Story({ [platform]: [] }, { ...arrival, platform })
    story.desks = { overflow: [{ endpoints: [first] }, { endpoints: [second] }] }
    expect(story.timeOut(on.retryMs).did).toContain(`dial c-1 ${first} as agent`)
    expect(story.state.call.overflowed).toBe(true)
    expect(story.tell(on.refuses('c-1', 486, 17)).did).toContain(`dial c-2 ${second} as agent`)
    expect(story.tell(on.answers('c-2')).facts.at(-1)?.call.desk).toBe(platform === '12345' ? '110' : '12345')
    expect([given.ringing(), given.calling()].map(({ state }) => state.call.overflowed)).toEqual([false, false])
  })
})

describe('a call to a citizen', () => {
  it('whose phone gives no sign of ringing could not be reached', () => {
    const story = new Story({}, order).tell(on.answers('c-1'), on.dialled('c-caller')).timeOut()
    expect(lastFact(story)?.call).toMatchObject({ endedBy: 'not-reached', failure: { reason: 'unreachable' } })
  })

  it('that Tandem cannot run is ended and says so; a stranger’s events are nothing to it', () => {
    expect(given.calling().tell(on.bridgeFails).facts.at(-1)?.call.failure).toEqual({ reason: 'control-lost' })
    expect(new Story({}, order).tell(on.dialled('stranger'), on.rings('stranger'), on.hangsUp('stranger')).did).toEqual([])
  })
})

describe('the caller goes back to the dialplan', () => {
  it.each([
    ['ringing', {}],
    ['waiting', {}],
    ['talking', {}],
    ['inviting', { state: 'failed', failure: { reason: 'control-lost' } }],
    ['joining', { state: 'failed', failure: { reason: 'control-lost' } }],
    ['consulting', { state: 'failed', failure: { reason: 'control-lost' } }],
    ['conferring', { state: 'completed', outcome: 'undecided' }],
    ['releasing', { state: 'completed', responsible: '110' }],
  ] as const)('out of the phase %s: the record says so, and what became of the hand-over', (phase, settled) => {
    const story = given[phase]().tell(on.bridgeFails)
    expect(story.did).toContain('give back caller')
    expect(lastFact(story)?.call).toMatchObject({ state: 'ended', endedBy: 'given-back' })
    expect(handoverOfLast(story) ?? {}).toMatchObject(settled)
  })

  it('unless he has left already: then he ended the call', () => {
    expect(lastFact(given.aftertalk().tell(on.bridgeFails))?.call).toMatchObject({ endedBy: 'caller' })
  })
})

describe('to be called back are dialable numbers only', () => {
  it.each(['sip13800000000', '13800000000x', '+', '1', '1234567890123456'])('not %s', (number) => {
    const story = new Story({}, { ...arrival, caller: { channelId: 'caller-channel', number } }).tell(on.callerLeaves)
    expect(story.factTypes).not.toContain('call-back-requested')
  })

  it.each(['+8613800000000', '12', '123456789012345'])('but %s', (number) => {
    const story = new Story({}, { ...arrival, caller: { channelId: 'caller-channel', number } }).tell(on.callerLeaves)
    expect(story.factTypes).toContain('call-back-requested')
  })
})

describe('the caller leaves', () => {
  it('of three who talk on one leaves: the other two still talk', () => {
    const story = inConference().tell(on.invite(), on.answers('c-5'), on.joins('c-5'), on.callerLeaves)
    expect(story.tell(on.hangsUp('c-5')).did).toEqual([])
    expect(parties(story)).toEqual(['c-1 desk talking', 'c-3 desk talking'])
    expect(story.tell(on.hangsUp('c-1')).did).toContain('hang up c-3: normal')
  })

  it('while the desks consult: a further party, which was with him alone, is released, and does not come to them', () => {
    const consulting = withGuest().tell(on.press('press', 'h1', consultAgain), on.answers('c-4'), on.joins('c-4', 'consultation'))
    const story = consulting.tell(on.callerLeaves)
    expect(handoverOfLast(story)?.failure).toEqual({ reason: 'caller-left' })
    expect(story.did).toContain('hang up c-3: normal')
    expect(parties(story)).toEqual(['c-1 desk consulting', 'c-4 desk consulting'])
  })

  it('on hold: the desks stay where they are', () => {
    const story = given.conferring().tell(on.hold('caller'), on.callerLeaves)
    expect(story.did).toEqual(['sound nothing', 'fact handover-completed', 'fact call-caller-left'])
    expect(parties(story)).toEqual(['c-1 desk consulting', 'c-3 desk consulting'])
  })

  it('after the first desk has: the other one and a further party talk on', () => {
    const story = verified().tell(on.invite(), on.answers('c-5'), on.joins('c-5'), on.hangsUp('c-1'), on.callerLeaves)
    expect(parties(story)).toEqual(['c-3 desk talking', 'c-5 desk talking'])
    expect(settledStates).toContain(handoverOfLast(verified().tell(on.hangsUp('c-1'), on.callerLeaves))?.state)
  })
})

describe('the caller is dropped by a named person', () => {
  it('out of a consultation: the desks stay where they are, the hand-over has failed', () => {
    const story = given.consulting().tell(on.drop('caller'))
    expect(story.did).toHaveLength(5)
    expect(story.did).toEqual(expect.arrayContaining(['hang up the caller: 8001', 'reply drop: caller', 'fact handover-failed']))
    expect(handoverOfLast(story)?.failure).toEqual({ reason: 'caller-left' })
    expect(parties(story)).toEqual(['c-1 desk consulting', 'c-3 desk consulting'])
  })

  it('out of a three-way call: it is undecided; after he has left: he is not there', () => {
    expect(handoverOfLast(given.conferring().tell(on.drop('caller')))).toMatchObject({ outcome: 'undecided', responsible: '12345' })
    expect(given.aftertalk().tell(on.drop('caller')).did).toEqual(['reply drop: party-not-found'])
  })
})

describe('a further party', () => {
  it('whose phone rang in vain did not answer; one that never rang could not be reached', () => {
    const failed = on.refuses('c-3', 480, 19)
    expect(lastFact(given.talking().tell(on.invite(), on.rings('c-3'), failed))).toMatchObject({ failure: { reason: 'no-answer' } })
    expect(lastFact(given.talking().tell(on.invite(), on.dialled('c-3'), failed))).toMatchObject({ failure: { reason: 'unreachable' } })
  })

  it('goes on with the caller as his desk, with its SIP Call-ID; the desk that left is told', () => {
    const story = withGuest().tell(on.hangsUp('c-1'))
    expect(lastFact(story)).toMatchObject({ type: 'party-left', party: 'c-1', endpoint: '8001' })
    expect(lastFact(story)?.call.channels.agent).toEqual({ channelId: 'c-3', endpoint: '119', sipCallId: 'sip-c-3' })
  })

  it('that whispers goes on whispering as another one begins to, and in a three-way call', () => {
    const two = withGuest().tell(on.whisper('c-3', 'c-1'), on.invite('120'), on.answers('c-4'), on.joins('c-4'), on.whisper('c-4', 'c-1'))
    expect(parties(two)).toEqual(['caller caller talking', 'c-1 desk talking', 'c-3 guest whispering', 'c-4 guest whispering'])
    expect(parties(two.tell(on.whisper('c-4', null), on.mute('c-3'))).slice(2)).toEqual(['c-3 guest whispering', 'c-4 guest talking'])
    const three = inConference().tell(on.invite(), on.answers('c-5'), on.joins('c-5'), on.whisper('c-5', 'c-1'))
    expect(three.did[0]).toBe('c-5 whispers to c-1')
    // Its desk is held: what it whispered must not become loud.
    expect(three.tell(on.hold('c-1')).did).toContain('separate c-5: silence')
  })

  it('nobody of that name is there to be dropped, whatever the phase', () => {
    for (const phase of ['talking', 'conferring', 'releasing'] as const) {
      expect(given[phase]().tell(on.drop('nobody')).did).toEqual(['reply drop: party-not-found'])
    }
  })

  it('the caller on hold as the other desk is rung: the first desk waits apart, not in a room', () => {
    expect(given.talking().tell(on.hold('caller'), on.press()).did).toContain('separate c-1: ringback')
  })
})

describe('the record of a hand-over', () => {
  it('commands about one that is settled are told so', () => {
    const story = given.releasing().tell(on.hangsUp('c-1'))
    expect(story.tell(on.confirm()).did).toEqual(['reply confirm: handover-settled'])
    expect(story.tell(on.change(merged)).did).toEqual(['reply change: handover-settled'])
    expect(story.tell(on.decide()).did).toEqual(['reply decide: handover-settled'])
  })

  it('with danger, what the desks decided still stands: the first one keeps the matter', () => {
    const story = inConference({ danger: true }).tell(on.decide('kept'), on.hangsUp('c-1'))
    expect(handoverOfLast(story)).toMatchObject({ danger: true, outcome: 'kept', responsible: '12345' })
  })

  it('there is nothing to decide in a verified transfer', () => {
    expect(verified().tell(on.decide()).did).toEqual(['reply decide: not-a-conference'])
  })

  it('a three-way call that goes back to consulting says so; the other desk leaves that: it has taken place, and the first one keeps the matter', () => {
    const story = given.conferring().tell(on.change(consultAgain))
    expect(handoverOfLast(story)).toMatchObject({ mode: 'conference', consult: true })
    expect(handoverOfLast(story.tell(on.hangsUp('c-3')))).toMatchObject({ state: 'completed', outcome: 'kept', responsible: '12345' })
  })

  it('the desks could talk once the other one had come to their room: not the first desk’s join, not another room’s told late', () => {
    const story = inConference().tell(on.change(consultAgain), on.joins('c-3'), on.joins('c-1', 'consultation'))
    expect(consulted(story)).toBeUndefined()
    expect(consulted(story.tell(on.joins('c-3', 'consultation')))).toBe(80)
  })

  it.each([
    ['as the other one is joined', given.joining, 40],
    ['out of a consultation', given.consulting, 50],
    ['out of a three-way call', inConference, 50],
    ['before a verified transfer is confirmed', verified, 30],
  ] as const)('the first desk leaves %s: told, with the time', (_, start, released) => {
    const story = start().tell(on.hangsUp('c-1'))
    expect(story.factTypes).toContain('handover-released')
    expect(handoverOfLast(story)?.clock.released).toBe(released)
  })

  it.each(['consulting', 'conferring'] as const)('the SIP Call-ID of the other desk is kept when it is told late (%s)', (phase) => {
    const story = phase === 'consulting' ? press({ consult: true }).tell(on.answers('c-3')) : verified()
    expect(story.state.phase).toBe(phase)
    expect(summarise(story.tell(on.dialled('c-3')).state).channels.peer).toMatchObject({ sipCallId: 'sip-c-3' })
  })
})
