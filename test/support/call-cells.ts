/** The cells of the call's transition table: what is expected of one event. */
import type { Event, EventType } from '../../src/domain/call/events.ts'
import type { Phase } from '../../src/domain/call/state.ts'
import * as on from './call-world.ts'

/** What must become of a call in a phase when the event comes: the phase after it, and all that is done, in any order. */
export interface Case {
  readonly event: Event
  readonly phase?: Phase
  readonly does: readonly string[]
  /** The state after it equals the one before. */
  readonly same: boolean
}
export type Cell = readonly [Case, ...Case[]]

export const leads = (event: Event, phase: Phase, ...does: readonly string[]): Case => ({ event, phase, does, same: false })
/** Nothing is done and nothing changes. */
export const ignores = (event: Event): Case => ({ event, does: [], same: true })
/** Nothing is done; the state remembers it. */
export const notes = (event: Event): Case => ({ event, does: [], same: false })
/** Something is done, the state stays as it is. */
export const stays = (event: Event, ...does: readonly string[]): Case => ({ event, does, same: true })

/** Dialled, the SIP Call-ID is not known. */
export const unnamed = (leg: string): Event => ({ type: 'leg-dialled', leg })
export const stranger = 'somebody-else-1'
export const strangerHungUp = (reason = 'answered-elsewhere') => stays(on.answers(stranger), `hang up ${stranger}: ${reason}`)
export const over = ['close bridge', 'fact call-ended'] as const
export const quiet = 'sound nothing'
export const waits = ['announce please-wait', 'sound music', 'timer 5000', 'fact call-waiting'] as const
export const otherCancel = stays(on.cancel('another'), 'reply cancel: handover-not-found')
export const merge = { mode: 'conference', consult: false } as const
export const transferNow = { mode: 'transfer', consult: false } as const
/** Commands about a hand-over that is not under way. */
export const noHandover = {
  'handover-cancel-requested': [otherCancel],
  'handover-change-requested': [stays(on.change(merge, 'another'), 'reply change: handover-not-found')],
  'handover-confirm-requested': [stays(on.confirm('another'), 'reply confirm: handover-not-found')],
  'handover-outcome-decided': [stays(on.decide('kept', 'another'), 'reply decide: handover-not-found')],
} as const satisfies Partial<Record<EventType, Cell>>
/** The hand-over takes its course: commands about it are too late. */
export const tooLate = {
  'handover-cancel-requested': [stays(on.cancel(), 'reply cancel: handover-too-late'), otherCancel],
  'handover-change-requested': [stays(on.change(merge), 'reply change: handover-too-late'), noHandover['handover-change-requested'][0]],
  'handover-confirm-requested': [stays(on.confirm(), 'reply confirm: handover-too-late'), noHandover['handover-confirm-requested'][0]],
  'handover-outcome-decided': [stays(on.decide(), 'reply decide: handover-too-late'), noHandover['handover-outcome-decided'][0]],
} as const satisfies Partial<Record<EventType, Cell>>
