import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type EventType, type Event, eventTypes } from '../../src/domain/call/events.ts'
import { type Phase, phases } from '../../src/domain/call/state.ts'
import * as on from '../support/call-world.ts'
import { given } from '../support/call-world.ts'

/** What must become of a call in a phase when the event comes: the phase after it, and all that is done, in any order. */
interface Case {
  readonly event: Event
  readonly phase?: Phase
  readonly does: readonly string[]
  /** The state after it equals the one before. */
  readonly same: boolean
}
type Cell = readonly [Case, ...Case[]]

const leads = (event: Event, phase: Phase, ...does: readonly string[]): Case => ({ event, phase, does, same: false })
/** Nothing is done and nothing changes. */
const ignores = (event: Event): Case => ({ event, does: [], same: true })
/** Nothing is done; the state remembers it. */
const notes = (event: Event): Case => ({ event, does: [], same: false })
/** Something is done, the state stays as it is. */
const stays = (event: Event, ...does: readonly string[]): Case => ({ event, does, same: true })

/** Dialled, the SIP Call-ID is not known. */
const unnamed = (leg: string): Event => ({ type: 'leg-dialled', leg })
const stranger = 'somebody-else-1'
const strangerHungUp = (reason = 'answered-elsewhere') => stays(on.answers(stranger), `hang up ${stranger}: ${reason}`)
const over = ['sound nothing', 'close bridge', 'fact call-ended'] as const
const waits = ['announce please-wait', 'sound music', 'timer 5000', 'fact call-waiting'] as const
const otherCancel = stays(on.cancel('another'), 'reply cancel: handover-not-found')

/** A phase or an event without its cell does not compile. */
const expected: Record<Phase, Record<EventType, Cell>> = {
  ringing: {
    'leg-dialled': [notes(on.dialled('c-1')), ignores(unnamed('c-1')), ignores(on.dialled(stranger))],
    'leg-ringing': [notes(on.rings('c-2')), ignores(on.rings(stranger))],
    'leg-answered': [
      leads(on.answers('c-2'), 'talking', 'answer caller', 'join c-2', 'sound nothing', 'hang up c-1: answered-elsewhere', 'fact call-answered'),
      strangerHungUp(),
    ],
    'leg-joined': [ignores(on.joins('c-1'))],
    'leg-join-failed': [ignores(on.joinFails('c-1'))],
    'leg-ended': [notes(on.hangsUp('c-1')), ignores(on.hangsUp(stranger))],
    'caller-left': [leads(on.callerLeaves, 'ended', 'hang up c-1: normal', 'hang up c-2: normal', ...over)],
    'control-lost': [leads(on.bridgeFails, 'ended', 'give back caller', 'hang up c-1: normal', 'hang up c-2: normal', ...over)],
    'timer-fired': [
      leads(on.fires(1), 'waiting', 'hang up c-1: no-answer', 'hang up c-2: no-answer', 'answer caller', ...waits),
      ignores(on.fires(0)),
    ],
    'handover-requested': [stays(on.press(), 'reply press: call-not-answered')],
    'handover-cancel-requested': [otherCancel],
  },
  waiting: {
    'leg-dialled': [ignores(on.dialled('c-1'))],
    'leg-ringing': [ignores(on.rings('c-1'))],
    'leg-answered': [strangerHungUp('normal')],
    'leg-joined': [ignores(on.joins('c-1'))],
    'leg-join-failed': [ignores(on.joinFails('c-1'))],
    'leg-ended': [ignores(on.hangsUp('c-1'))],
    'caller-left': [leads(on.callerLeaves, 'ended', ...over)],
    'control-lost': [leads(on.bridgeFails, 'ended', 'give back caller', ...over)],
    'timer-fired': [
      leads(on.fires(1), 'ringing', 'sound ringback', 'dial c-1 8001 as agent', 'dial c-2 8002 as agent', 'timer 25000'),
      ignores(on.fires(0)),
    ],
    'handover-requested': [stays(on.press(), 'reply press: call-not-answered')],
    'handover-cancel-requested': [otherCancel],
  },
  talking: {
    'leg-dialled': [notes(on.dialled('c-1')), ignores(unnamed('c-1')), ignores(on.dialled('c-2'))],
    'leg-ringing': [ignores(on.rings('c-1'))],
    'leg-answered': [ignores(on.answers('c-1')), stays(on.answers('c-2'), 'hang up c-2: answered-elsewhere')],
    'leg-joined': [ignores(on.joins('c-1'))],
    'leg-join-failed': [
      leads(on.joinFails('c-1'), 'ringing', 'hang up c-1: normal', 'sound ringback', 'dial c-3 8001 as agent', 'dial c-4 8002 as agent', 'timer 25000'),
      ignores(on.joinFails(stranger)),
    ],
    'leg-ended': [
      leads(on.hangsUp('c-1'), 'ended', 'hang up the caller: 8001', ...over),
      leads(on.breaks('c-1'), 'ringing', 'sound ringback', 'dial c-3 8001 as agent', 'dial c-4 8002 as agent', 'timer 25000'),
      ignores(on.hangsUp('c-2')),
    ],
    'caller-left': [leads(on.callerLeaves, 'ended', 'hang up c-1: normal', ...over)],
    'control-lost': [leads(on.bridgeFails, 'ended', 'give back caller', 'hang up c-1: normal', ...over)],
    'timer-fired': [ignores(on.fires(1)), ignores(on.fires(2))],
    'handover-requested': [
      leads(
        on.press(),
        'transferring',
        'dial c-3 9001 as peer for h1',
        'dial c-4 9002 as peer for h1',
        'timer 25000',
        'reply press: h1 requested, created',
        'fact handover-requested',
      ),
      stays(on.press('press', 'h1', { to: '12345' }), 'reply press: same-desk'),
      stays(on.press('press', 'h1', { agent: '8002' }), 'reply press: not-your-call'),
    ],
    'handover-cancel-requested': [otherCancel],
  },
  transferring: {
    'leg-dialled': [notes(on.dialled('c-4')), ignores(unnamed('c-4')), ignores(on.dialled(stranger))],
    'leg-ringing': [notes(on.rings('c-4')), ignores(on.rings('c-1'))],
    'leg-answered': [
      leads(on.answers('c-4'), 'joining', 'join c-4', 'sound nothing', 'hang up c-3: answered-elsewhere', 'fact handover-answered'),
      ignores(on.answers('c-1')),
      strangerHungUp(),
    ],
    'leg-joined': [ignores(on.joins('c-1'))],
    'leg-join-failed': [leads(on.joinFails('c-1'), 'transferring', 'hang up c-1: normal', 'fact handover-released'), ignores(on.joinFails('c-3'))],
    'leg-ended': [
      leads(on.hangsUp('c-1'), 'transferring', 'fact handover-released'),
      leads(on.breaks('c-1'), 'transferring', 'fact handover-released'),
      notes(on.refuses('c-3', 486, 17)),
      ignores(on.hangsUp('c-2')),
    ],
    'caller-left': [
      leads(on.callerLeaves, 'ended', 'hang up c-1: normal', 'hang up c-3: normal', 'hang up c-4: normal', 'fact handover-failed', ...over),
    ],
    'control-lost': [
      leads(
        on.bridgeFails,
        'ended',
        'give back caller',
        'hang up c-1: normal',
        'hang up c-3: normal',
        'hang up c-4: normal',
        'fact handover-failed',
        ...over,
      ),
    ],
    'timer-fired': [
      leads(on.fires(3), 'talking', 'hang up c-3: no-answer', 'hang up c-4: no-answer', 'sound nothing', 'join c-1', 'fact handover-failed'),
      ignores(on.fires(2)),
    ],
    'handover-requested': [
      stays(on.press('again', 'h2'), 'reply again: h1 ringing'),
      stays(on.press('again', 'h2', { agent: '8001' }), 'reply again: h1 ringing'),
      stays(on.press('again', 'h2', { agent: '8002' }), 'reply again: not-your-call'),
    ],
    'handover-cancel-requested': [
      leads(
        on.cancel(),
        'talking',
        'hang up c-3: normal',
        'hang up c-4: normal',
        'sound nothing',
        'join c-1',
        'reply cancel: h1 cancelled',
        'fact handover-cancelled',
      ),
      otherCancel,
    ],
  },
  joining: {
    'leg-dialled': [ignores(unnamed('c-3')), ignores(on.dialled(stranger))],
    'leg-ringing': [ignores(on.rings('c-3'))],
    'leg-answered': [ignores(on.answers('c-3')), ignores(on.answers('c-1')), stays(on.answers('c-4'), 'hang up c-4: answered-elsewhere')],
    'leg-joined': [leads(on.joins('c-3'), 'releasing', 'hang up c-1: normal', 'fact handover-joined'), ignores(on.joins('c-1'))],
    'leg-join-failed': [
      leads(on.joinFails('c-3'), 'talking', 'hang up c-3: normal', 'sound nothing', 'join c-1', 'fact handover-failed'),
      ignores(on.joinFails('c-1')),
    ],
    'leg-ended': [
      leads(on.hangsUp('c-3'), 'talking', 'sound nothing', 'join c-1', 'fact handover-failed'),
      leads(on.hangsUp('c-1'), 'joining', 'fact handover-released'),
      ignores(on.hangsUp('c-4')),
    ],
    'caller-left': [leads(on.callerLeaves, 'ended', 'hang up c-1: normal', 'hang up c-3: normal', 'fact handover-failed', ...over)],
    'control-lost': [
      leads(on.bridgeFails, 'ended', 'give back caller', 'hang up c-1: normal', 'hang up c-3: normal', 'fact handover-failed', ...over),
    ],
    'timer-fired': [ignores(on.fires(3)), ignores(on.fires(4))],
    'handover-requested': [
      stays(on.press('again', 'h2'), 'reply again: h1 answered'),
      stays(on.press('again', 'h2', { agent: '8002' }), 'reply again: not-your-call'),
    ],
    'handover-cancel-requested': [stays(on.cancel(), 'reply cancel: handover-too-late'), otherCancel],
  },
  releasing: {
    'leg-dialled': [ignores(unnamed('c-3')), ignores(on.dialled(stranger))],
    'leg-ringing': [ignores(on.rings('c-3'))],
    'leg-answered': [ignores(on.answers('c-3')), ignores(on.answers('c-1')), stays(on.answers('c-4'), 'hang up c-4: answered-elsewhere')],
    'leg-joined': [ignores(on.joins('c-3'))],
    'leg-join-failed': [ignores(on.joinFails('c-1'))],
    'leg-ended': [
      leads(on.hangsUp('c-1'), 'talking', 'fact handover-released', 'fact handover-completed'),
      leads(on.hangsUp('c-3'), 'ended', 'hang up c-1: normal', 'hang up the caller: 9001', 'fact handover-completed', ...over),
      leads(on.breaks('c-3'), 'ringing', 'sound ringback', 'dial c-5 9001 as agent', 'dial c-6 9002 as agent', 'timer 25000', 'fact handover-completed'),
      ignores(on.hangsUp('c-4')),
    ],
    'caller-left': [leads(on.callerLeaves, 'ended', 'hang up c-1: normal', 'hang up c-3: normal', 'fact handover-completed', ...over)],
    'control-lost': [
      leads(on.bridgeFails, 'ended', 'give back caller', 'hang up c-1: normal', 'hang up c-3: normal', 'fact handover-completed', ...over),
    ],
    'timer-fired': [ignores(on.fires(4))],
    'handover-requested': [
      stays(on.press('again', 'h2'), 'reply again: h1 joined'),
      stays(on.press('again', 'h2', { agent: '8002' }), 'reply again: not-your-call'),
    ],
    'handover-cancel-requested': [stays(on.cancel(), 'reply cancel: handover-too-late'), otherCancel],
  },
  ended: {
    'leg-dialled': [ignores(on.dialled('c-1'))],
    'leg-ringing': [ignores(on.rings('c-1'))],
    'leg-answered': [strangerHungUp('normal')],
    'leg-joined': [ignores(on.joins('c-1'))],
    'leg-join-failed': [ignores(on.joinFails('c-1'))],
    'leg-ended': [ignores(on.hangsUp('c-1'))],
    'caller-left': [ignores(on.callerLeaves)],
    'control-lost': [ignores(on.bridgeFails)],
    'timer-fired': [ignores(on.fires(2)), ignores(on.fires(3))],
    'handover-requested': [stays(on.press(), 'reply press: call-ended')],
    'handover-cancel-requested': [otherCancel],
  },
}

const cases = phases.flatMap((phase) =>
  eventTypes.flatMap((type) => expected[phase][type].map((cell, i) => ({ name: `${phase}, ${type} (${i + 1})`, from: phase, type, ...cell }))),
)

describe('the transition table of a call', () => {
  it.each(cases)('$name', ({ from, type, event, phase, does, same }) => {
    expect(event.type).toBe(type)
    const story = given[from]()
    expect(story.state.phase).toBe(from)
    const before = story.state
    story.tell(event)
    expect(story.did.toSorted()).toEqual(does.toSorted())
    expect(story.state.phase).toBe(phase ?? from)
    expect(isDeepStrictEqual(story.state, before)).toBe(same)
  })
})
