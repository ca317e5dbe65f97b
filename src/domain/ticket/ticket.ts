/** A ticket (工单, 警单): the ticket track of a hand-over. Pure. */
import type { RecordingRecord } from '../recording.ts'
import type { Matter, Mode, Platform } from '../handover/handover.ts'
import type { Decision } from '../policy/decide.ts'
import type { KeptDecision } from '../policy/held-to.ts'
import type { Marking } from '../sharing/need-to-know.ts'
import type { Dues } from './deadlines.ts'
import type { IntakeRecord } from './intake.ts'

/** How responsibility is passed on (§4): with a call, or without one (系统推送). */
export const ticketModes = ['transfer', 'conference', 'push'] as const
export type TicketMode = Mode | 'push'

/**
 * `sent`: the receiver has yet to accept or return it; `returned` (退回): the sender has it again; `conferred`: returned, and then settled in a
 * three-way call; `withdrawn`: taken back before it was accepted; the steps of feedback (反馈回写) in between; `closed`: the sender has confirmed;
 * `lapsed`: nobody has said anything for long; a word of the receiver's wakes it.
 */
export const ticketStates = ['sent', 'accepted', 'dispatched', 'on-scene', 'in-progress', 'resolved', 'reported-back', 'returned', 'conferred', 'withdrawn', 'closed', 'lapsed'] as const
export type TicketState = (typeof ticketStates)[number]

/** What the receiver reports on the way, in the order in which it usually happens. */
export const feedbackSteps = ['dispatched', 'on-scene', 'in-progress', 'resolved', 'reported-back'] as const
export type FeedbackStep = (typeof feedbackSteps)[number]

/** How the sender settles it: for good. */
export const settlements = ['closed', 'withdrawn', 'conferred'] as const satisfies readonly TicketState[]
export type Settlement = (typeof settlements)[number]

export const isFinal = ({ state }: Pick<Ticket, 'state'>): boolean => (settlements as readonly TicketState[]).includes(state)

/** Nothing is expected of anybody any more. */
export const isSettled = (ticket: Pick<Ticket, 'state'>): boolean => isFinal(ticket) || ticket.state === 'lapsed'

/** Why the receiver gives it back. */
export const returnCauses = ['not-ours', 'unclear', 'incomplete', 'duplicate', 'wrong-place', 'other'] as const
export type ReturnCause = (typeof returnCauses)[number]

/** Something that one of the two did with it. */
export interface TicketStep {
  /** What it was then, or what was done: `reopened` by the sender, who does not confirm. */
  readonly step: TicketState | 'reopened'
  /** UTC, ISO 8601: when it happened, by whoever told it. */
  readonly at: string
  readonly by: string
  readonly platform: Platform
  readonly text?: string
  readonly cause?: ReturnCause
}

export interface Ticket {
  /** The hand-over's: `ho-…`. */
  readonly id: string
  readonly mode: TicketMode
  readonly callId?: string
  readonly from: Platform
  readonly to: Platform
  readonly state: TicketState
  /** What 110 pushes to 12345 is never urgent (§4). */
  readonly urgency: Decision['urgency']
  readonly matter?: Matter
  /** Registered to the receiver's standard. */
  readonly intake: IntakeRecord
  /** Of a call: required fields that nobody has filled in yet. */
  readonly missing?: readonly string[]
  readonly reason?: string
  /** Not to be shared (§7). */
  readonly needToKnow?: Marking
  readonly decision?: KeptDecision
  /** Numbers that it has in the two platforms' own systems. */
  readonly references: { readonly [platform in Platform]?: string }
  /** By when what is to be done; none where no rule says so. */
  readonly due?: Dues
  /** How often it was returned. */
  readonly returns: number
  /** How often the sender did not confirm; never when left out. */
  readonly reopens?: number
  /** The last `mostSteps`, the oldest first. */
  readonly steps: readonly TicketStep[]
  /** The three-way call that settled it. */
  readonly conference?: string
  /** Of its call, once they have ended. */
  readonly recordings?: readonly TicketRecording[]
  /** Files that were given with it here. */
  readonly attachments?: readonly TicketAttachment[]
  /** Who registered it: an agent, or another system. */
  readonly by: string
  /** UTC, ISO 8601. */
  readonly registeredAt: string
}

/** A recording of a ticket's call. */
export type TicketRecording = Pick<RecordingRecord, 'id' | 'room' | 'durationMs' | 'bytes' | 'sha256'>

/** A file that was given with a ticket (附件). */
export interface TicketAttachment {
  readonly id: string
  /** As its giver calls it. */
  readonly name: string
  /** Media type (RFC 9110 §8.3.1). */
  readonly type: string
  readonly bytes: number
  /** Of the file, hex. */
  readonly sha256: string
  readonly by: string
  readonly platform: Platform
  /** UTC, ISO 8601. */
  readonly at: string
}

export const mostAttachments = 20
export const mostSteps = 100

/** By which tickets are listed: when they were registered, whoever gave them their ids. */
export const placeOf = ({ registeredAt, id }: Pick<Ticket, 'registeredAt' | 'id'>): string => `${registeredAt}~${id}`

/** When something happened, by whoever says so: UTC, and not in the future, in which no deadline begins. @param at @param now ISO 8601 */
export const pastOf = (at: string | undefined, now: string): string => (at !== undefined && Date.parse(at) < Date.parse(now) ? new Date(at).toISOString() : now)

/** What is done with a ticket, and by which platform. */
export type TicketCommand = {
  readonly platform: Platform
  readonly by: string
  /** When it happened, UTC, ISO 8601. */
  readonly at: string
  readonly text?: string
  /** Its number in the platform's own system. */
  readonly reference?: string
  /** It is settled so in the other platform's own record: not refused for what has crossed it. */
  readonly settled?: Settlement
} & (
  | { readonly do: 'accept' | 'close' | 'reopen' | 'withdraw' }
  | { readonly do: 'return'; readonly cause: ReturnCause }
  | { readonly do: 'resend'; readonly intake?: IntakeRecord; readonly matter?: Matter }
  | { readonly do: 'report'; readonly step: FeedbackStep; /** How often it was reopened when it was said; all of them when left out. */ readonly reopens?: number }
  | { readonly do: 'confer'; readonly handover: string }
  | { readonly do: 'complete'; readonly intake: IntakeRecord }
  | { readonly do: 'refer'; readonly reference: string }
  | { readonly do: 'attach'; readonly attachment: TicketAttachment }
  | { readonly do: 'share' }
)

/** Why a command cannot be carried out. */
export const ticketRefusals = ['ticket-not-yours', 'ticket-accepted', 'ticket-returned', 'ticket-not-returned', 'ticket-not-resolved', 'ticket-settled', 'intake-incomplete', 'too-many-attachments'] as const
export type TicketRefusal = (typeof ticketRefusals)[number]
