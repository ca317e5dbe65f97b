import type { EventType } from '../../src/domain/call/events.ts'
import type { Phase } from '../../src/domain/call/state.ts'
import { type Cell, ignores, leads, merge, noHandover, otherCancel, over, quiet, stays, stranger, strangerHungUp, tooLate, transferNow, unnamed } from './call-cells.ts'
import * as on from './call-world.ts'

/** Rows of the phases in which both desks take part. A phase or an event without its cell does not compile. */
export const twoDesks: Record<Extract<Phase, 'consulting' | 'joining' | 'conferring' | 'releasing' | 'aftertalk'>, Record<EventType, Cell>> = {
  consulting: {
    'leg-dialled': [ignores(unnamed('c-3')), ignores(on.dialled(stranger))],
    'leg-ringing': [ignores(on.rings('c-3'))],
    'leg-answered': [ignores(on.answers('c-3')), ignores(on.answers('c-1')), stays(on.answers('c-4'), 'hang up c-4: answered-elsewhere')],
    'leg-joined': [ignores(on.joins('c-3', 'consultation')), ignores(on.joins('c-3')), ignores(on.joins('c-1', 'consultation'))],
    'leg-join-failed': [
      leads(on.joinFails('c-3'), 'talking', 'hang up c-3: normal', 'join c-1', quiet, 'fact handover-failed'),
      leads(on.joinFails('c-1'), 'joining', 'hang up c-1: normal', 'join c-3', quiet, 'fact handover-released'),
      ignores(on.joinFails('c-4')),
    ],
    'leg-ended': [
      leads(on.hangsUp('c-3'), 'talking', 'join c-1', quiet, 'fact handover-failed'),
      leads(on.hangsUp('c-1'), 'joining', 'join c-3', quiet, 'fact handover-released'),
      leads(on.breaks('c-1'), 'joining', 'join c-3', quiet, 'fact handover-released'),
      ignores(on.hangsUp('c-4')),
    ],
    'caller-left': [leads(on.callerLeaves, 'aftertalk', quiet, 'fact handover-failed', 'fact call-back-requested', 'fact call-caller-left')],
    'control-lost': [
      leads(on.bridgeFails, 'ended', 'give back caller', 'hang up c-1: normal', 'hang up c-3: normal', 'fact handover-failed', quiet, ...over),
    ],
    'timer-fired': [ignores(on.fires(3)), ignores(on.fires(4))],
    'desk-free': [ignores(on.deskFree)],
    'digit-pressed': [ignores(on.digit('1'))],
    'handover-requested': [
      stays(on.press('again', 'h2'), 'reply again: h1 answered'),
      stays(on.press('again', 'h2', { agent: '8002' }), 'reply again: not-your-call'),
    ],
    'handover-cancel-requested': [
      leads(on.cancel(), 'talking', 'hang up c-3: normal', 'join c-1', quiet, 'reply cancel: h1 cancelled', 'fact handover-cancelled'),
      otherCancel,
    ],
    'handover-change-requested': [
      leads(on.change(merge), 'joining', 'join c-1', 'join c-3', quiet, 'reply change: h1 answered', 'fact handover-changed'),
      leads(on.change(transferNow), 'joining', 'join c-3', 'separate c-1: silence', quiet, 'reply change: h1 answered', 'fact handover-changed'),
      leads(on.change({ mode: 'transfer', consult: true }), 'consulting', 'reply change: h1 answered', 'fact handover-changed'),
      stays(on.change({ mode: 'conference', consult: true }), 'reply change: h1 answered'),
      noHandover['handover-change-requested'][0],
    ],
    'handover-confirm-requested': [stays(on.confirm(), 'reply confirm: handover-not-verified'), noHandover['handover-confirm-requested'][0]],
    'handover-outcome-decided': [stays(on.decide(), 'reply decide: not-a-conference'), noHandover['handover-outcome-decided'][0]],
  },
  joining: {
    'leg-dialled': [ignores(unnamed('c-3')), ignores(on.dialled(stranger))],
    'leg-ringing': [ignores(on.rings('c-3'))],
    'leg-answered': [ignores(on.answers('c-3')), ignores(on.answers('c-1')), stays(on.answers('c-4'), 'hang up c-4: answered-elsewhere')],
    'leg-joined': [leads(on.joins('c-3'), 'releasing', 'hang up c-1: normal', 'fact handover-joined'), ignores(on.joins('c-3', 'consultation')), ignores(on.joins('c-1'))],
    'leg-join-failed': [
      leads(on.joinFails('c-3'), 'talking', 'hang up c-3: normal', 'join c-1', 'fact handover-failed'),
      ignores(on.joinFails('c-1')),
    ],
    'leg-ended': [
      leads(on.hangsUp('c-3'), 'talking', 'join c-1', 'fact handover-failed'),
      leads(on.hangsUp('c-1'), 'joining', 'fact handover-released'),
      ignores(on.hangsUp('c-4')),
    ],
    'caller-left': [leads(on.callerLeaves, 'ended', 'hang up c-1: normal', 'hang up c-3: normal', 'fact handover-failed', 'fact call-back-requested', ...over)],
    'control-lost': [
      leads(on.bridgeFails, 'ended', 'give back caller', 'hang up c-1: normal', 'hang up c-3: normal', 'fact handover-failed', ...over),
    ],
    'timer-fired': [ignores(on.fires(3)), ignores(on.fires(4))],
    'desk-free': [ignores(on.deskFree)],
    'digit-pressed': [ignores(on.digit('1'))],
    'handover-requested': [
      stays(on.press('again', 'h2'), 'reply again: h1 answered'),
      stays(on.press('again', 'h2', { agent: '8002' }), 'reply again: not-your-call'),
    ],
    ...tooLate,
  },
  conferring: {
    'leg-dialled': [ignores(unnamed('c-3')), ignores(on.dialled(stranger))],
    'leg-ringing': [ignores(on.rings('c-3'))],
    'leg-answered': [ignores(on.answers('c-3')), ignores(on.answers('c-1')), stays(on.answers('c-4'), 'hang up c-4: answered-elsewhere')],
    'leg-joined': [ignores(on.joins('c-3')), ignores(on.joins('c-1'))],
    'leg-join-failed': [
      leads(on.joinFails('c-3'), 'talking', 'hang up c-3: normal', 'fact handover-completed'),
      leads(on.joinFails('c-1'), 'talking', 'hang up c-1: normal', 'fact handover-released', 'fact handover-completed'),
      ignores(on.joinFails('c-4')),
    ],
    'leg-ended': [
      leads(on.hangsUp('c-3'), 'talking', 'fact handover-completed'),
      leads(on.hangsUp('c-1'), 'talking', 'fact handover-released', 'fact handover-completed'),
      leads(on.breaks('c-1'), 'talking', 'fact handover-released', 'fact handover-completed'),
      ignores(on.hangsUp('c-4')),
    ],
    'caller-left': [leads(on.callerLeaves, 'aftertalk', 'fact handover-completed', 'fact call-caller-left')],
    'control-lost': [
      leads(on.bridgeFails, 'ended', 'give back caller', 'hang up c-1: normal', 'hang up c-3: normal', 'fact handover-completed', ...over),
    ],
    'timer-fired': [ignores(on.fires(3)), ignores(on.fires(4))],
    'desk-free': [ignores(on.deskFree)],
    'digit-pressed': [ignores(on.digit('1'))],
    'handover-requested': [
      stays(on.press('again', 'h2'), 'reply again: h1 joined'),
      stays(on.press('again', 'h2', { agent: '8002' }), 'reply again: not-your-call'),
    ],
    ...tooLate,
    'handover-change-requested': [
      leads(on.change(transferNow), 'releasing', 'hang up c-1: normal', 'reply change: h1 joined', 'fact handover-changed'),
      leads(on.change({ mode: 'conference', consult: true }), 'consulting', 'consult c-1', 'consult c-3', 'sound music', 'reply change: h1 joined', 'fact handover-changed'),
      stays(on.change(merge), 'reply change: h1 joined'),
      noHandover['handover-change-requested'][0],
    ],
    'handover-confirm-requested': [stays(on.confirm(), 'reply confirm: handover-not-verified'), noHandover['handover-confirm-requested'][0]],
    'handover-outcome-decided': [
      leads(on.decide('kept'), 'conferring', 'reply decide: h1 joined', 'fact handover-decided'),
      noHandover['handover-outcome-decided'][0],
    ],
  },
  releasing: {
    'leg-dialled': [ignores(unnamed('c-3')), ignores(on.dialled(stranger))],
    'leg-ringing': [ignores(on.rings('c-3'))],
    'leg-answered': [ignores(on.answers('c-3')), ignores(on.answers('c-1')), stays(on.answers('c-4'), 'hang up c-4: answered-elsewhere')],
    'leg-joined': [ignores(on.joins('c-3'))],
    'leg-join-failed': [ignores(on.joinFails('c-1'))],
    'leg-ended': [
      leads(on.hangsUp('c-1'), 'talking', 'fact handover-released', 'fact handover-completed'),
      leads(on.hangsUp('c-3'), 'ringing', 'sound ringback', 'dial c-5 9001 as agent', 'dial c-6 9002 as agent', 'timer 25000', 'fact handover-completed'),
      leads(on.breaks('c-3'), 'ringing', 'sound ringback', 'dial c-5 9001 as agent', 'dial c-6 9002 as agent', 'timer 25000', 'fact handover-completed'),
      ignores(on.hangsUp('c-4')),
    ],
    'caller-left': [leads(on.callerLeaves, 'ended', 'hang up c-1: normal', 'hang up c-3: normal', 'fact handover-completed', ...over)],
    'control-lost': [
      leads(on.bridgeFails, 'ended', 'give back caller', 'hang up c-1: normal', 'hang up c-3: normal', 'fact handover-completed', ...over),
    ],
    'timer-fired': [ignores(on.fires(4))],
    'desk-free': [ignores(on.deskFree)],
    'digit-pressed': [ignores(on.digit('1'))],
    'handover-requested': [
      stays(on.press('again', 'h2'), 'reply again: h1 joined'),
      stays(on.press('again', 'h2', { agent: '8002' }), 'reply again: not-your-call'),
    ],
    ...tooLate,
  },
  aftertalk: {
    'leg-dialled': [ignores(on.dialled('c-1'))],
    'leg-ringing': [ignores(on.rings('c-1'))],
    'leg-answered': [ignores(on.answers('c-1')), strangerHungUp()],
    'leg-joined': [ignores(on.joins('c-1'))],
    'leg-join-failed': [leads(on.joinFails('c-1'), 'ended', 'hang up c-1: normal', 'hang up c-3: normal', ...over), ignores(on.joinFails(stranger))],
    'leg-ended': [
      leads(on.hangsUp('c-1'), 'ended', 'hang up c-3: normal', ...over),
      leads(on.breaks('c-3'), 'ended', 'hang up c-1: normal', ...over),
      ignores(on.hangsUp(stranger)),
    ],
    'caller-left': [ignores(on.callerLeaves)],
    'control-lost': [leads(on.bridgeFails, 'ended', 'hang up c-1: normal', 'hang up c-3: normal', ...over)],
    'timer-fired': [ignores(on.fires(4))],
    'desk-free': [ignores(on.deskFree)],
    'digit-pressed': [ignores(on.digit('1'))],
    'handover-requested': [stays(on.press(), 'reply press: call-ended')],
    ...noHandover,
  },
}
