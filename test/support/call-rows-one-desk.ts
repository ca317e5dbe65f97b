import type { EventType } from '../../src/domain/call/events.ts'
import type { Phase } from '../../src/domain/call/state.ts'
import { type Cell, ignores, leads, merge, noHandover, notes, otherCancel, over, quiet, stays, stranger, strangerHungUp, transferNow, unnamed, waits } from './call-cells.ts'
import * as on from './call-world.ts'

/** Rows of the phases in which at most one desk has the caller. A phase or an event without its cell does not compile. */
export const oneDesk: Record<Extract<Phase, 'ringing' | 'waiting' | 'talking' | 'inviting' | 'ended'>, Record<EventType, Cell>> = {
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
    'caller-left': [leads(on.callerLeaves, 'ended', 'hang up c-1: normal', 'hang up c-2: normal', quiet, ...over)],
    'control-lost': [leads(on.bridgeFails, 'ended', 'give back caller', 'hang up c-1: normal', 'hang up c-2: normal', quiet, ...over)],
    'timer-fired': [
      leads(on.fires(1), 'waiting', 'hang up c-1: no-answer', 'hang up c-2: no-answer', 'answer caller', ...waits),
      ignores(on.fires(0)),
    ],
    'handover-requested': [stays(on.press(), 'reply press: call-not-answered')],
    ...noHandover,
  },
  waiting: {
    'leg-dialled': [ignores(on.dialled('c-1'))],
    'leg-ringing': [ignores(on.rings('c-1'))],
    'leg-answered': [strangerHungUp('normal')],
    'leg-joined': [ignores(on.joins('c-1'))],
    'leg-join-failed': [ignores(on.joinFails('c-1'))],
    'leg-ended': [ignores(on.hangsUp('c-1'))],
    'caller-left': [leads(on.callerLeaves, 'ended', quiet, ...over)],
    'control-lost': [leads(on.bridgeFails, 'ended', 'give back caller', quiet, ...over)],
    'timer-fired': [
      leads(on.fires(1), 'ringing', 'sound ringback', 'dial c-1 8001 as agent', 'dial c-2 8002 as agent', 'timer 25000'),
      ignores(on.fires(0)),
    ],
    'handover-requested': [stays(on.press(), 'reply press: call-not-answered')],
    ...noHandover,
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
        'inviting',
        'dial c-3 9001 as peer for h1',
        'dial c-4 9002 as peer for h1',
        'timer 25000',
        'reply press: h1 requested, created',
        'fact handover-requested',
      ),
      stays(on.press('press', 'h1', { to: '12345' }), 'reply press: same-desk'),
      stays(on.press('press', 'h1', { agent: '8002' }), 'reply press: not-your-call'),
    ],
    ...noHandover,
  },
  inviting: {
    'leg-dialled': [notes(on.dialled('c-4')), ignores(unnamed('c-4')), ignores(on.dialled(stranger))],
    'leg-ringing': [notes(on.rings('c-4')), ignores(on.rings('c-1'))],
    'leg-answered': [
      leads(on.answers('c-4'), 'joining', 'join c-4', 'sound nothing', 'hang up c-3: answered-elsewhere', 'fact handover-answered'),
      ignores(on.answers('c-1')),
      strangerHungUp(),
    ],
    'leg-joined': [ignores(on.joins('c-1'))],
    'leg-join-failed': [leads(on.joinFails('c-1'), 'inviting', 'hang up c-1: normal', 'fact handover-released'), ignores(on.joinFails('c-3'))],
    'leg-ended': [
      leads(on.hangsUp('c-1'), 'inviting', 'fact handover-released'),
      leads(on.breaks('c-1'), 'inviting', 'fact handover-released'),
      notes(on.refuses('c-3', 486, 17)),
      ignores(on.hangsUp('c-2')),
    ],
    'caller-left': [
      leads(on.callerLeaves, 'ended', 'hang up c-1: normal', 'hang up c-3: normal', 'hang up c-4: normal', 'fact handover-failed', quiet, ...over),
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
        quiet, ...over,
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
    'handover-change-requested': [
      leads(on.change(merge), 'inviting', 'join c-1', 'sound nothing', 'reply change: h1 ringing', 'fact handover-changed'),
      leads(on.change({ mode: 'transfer', consult: true }), 'inviting', 'sound music', 'reply change: h1 ringing', 'fact handover-changed'),
      stays(on.change(transferNow), 'reply change: h1 ringing'),
      noHandover['handover-change-requested'][0],
    ],
    'handover-confirm-requested': [stays(on.confirm(), 'reply confirm: handover-not-verified'), noHandover['handover-confirm-requested'][0]],
    'handover-outcome-decided': [stays(on.decide(), 'reply decide: not-a-conference'), noHandover['handover-outcome-decided'][0]],
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
    ...noHandover,
  },
}
