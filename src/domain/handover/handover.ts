import type { Instant } from '../instant.ts'
import type { KeptDecision } from '../policy/held-to.ts'
import type { MarkingStated } from '../sharing/need-to-know.ts'
import type { IntakeRecord } from '../ticket/intake.ts'

/** The two public desks (§1). A platform is an organisation with a desk and a ticket system. */
export const platforms = ['12345', '110'] as const
export type Platform = (typeof platforms)[number]

export const otherThan = (platform: Platform): Platform => (platform === '12345' ? '110' : '12345')

/** How responsibility is passed on (§4). */
export const modes = ['transfer', 'conference'] as const
export type Mode = (typeof modes)[number]

export const handoverStates = [
  'requested',
  'dialling',
  'ringing',
  'answered',
  'joined',
  'completed',
  'failed',
  'cancelled',
] as const
export type HandoverState = (typeof handoverStates)[number]

export const settledStates: readonly HandoverState[] = ['completed', 'failed', 'cancelled']

/** What became of a three-way call (§4): the other desk took the matter, the first desk kept it, or it was not settled. */
export const outcomes = ['taken', 'kept', 'undecided'] as const
export type Outcome = (typeof outcomes)[number]

/** Why the other desk could not be reached, in words an agent understands. */
export const failureReasons = [
  'busy',
  'no-answer',
  'rejected',
  'unreachable',
  'caller-left',
  'peer-left',
  'control-lost',
] as const
export type FailureReason = (typeof failureReasons)[number]

export interface Failure {
  readonly reason: FailureReason
  /** SIP response code of the target's refusal (RFC 3261 §21), where one was received. */
  readonly sipCode?: number
  /** Q.850 cause as Asterisk reports it (hangup causes page). */
  readonly cause?: number
  readonly causeText?: string
}

/**
 * The split clock: milliseconds since the key was pressed, by a monotonic clock.
 * `released` may precede `answer` when the first desk left early.
 */
export interface SplitClock {
  readonly press: 0
  readonly dial?: number
  readonly ring?: number
  readonly answer?: number
  /** The desks could talk with each other, the caller aside. */
  readonly consulted?: number
  readonly joined?: number
  readonly released?: number
}

export interface Matter {
  readonly category?: string
  readonly item?: string
  /** Of the catalogue that had it as it was named. */
  readonly catalogueVersion?: number
}

/** One act of passing responsibility (转办), §4. */
export interface Handover {
  readonly id: string
  readonly callId: string
  readonly mode: Mode
  readonly state: HandoverState
  /** The desks talk with each other first, while the caller hears music. */
  readonly consult?: boolean
  /** A transfer in which the first desk stays until the other has confirmed. */
  readonly verified?: boolean
  /** The joining desk hears a short announcement first, which the caller does not. */
  readonly briefing?: boolean
  /** Danger to life, property or public safety: 110 has it, whatever else is unsettled (§4). */
  readonly danger?: boolean
  /** What the policy said of it at the press, where facts were given. */
  readonly decision?: KeptDecision
  readonly from: Platform
  readonly to: Platform
  /** The agent who pressed the key. */
  readonly agent: string
  /** The endpoint that answered. */
  readonly target?: string
  readonly matter?: Matter
  readonly reason?: string
  /** What is known for the receiver's form so far, by its field names. */
  readonly intake?: IntakeRecord
  /** Stated at the press: its record is need-to-know from then on (§7). */
  readonly needToKnow?: MarkingStated
  /** UTC, ISO 8601. */
  readonly requestedAt: string
  readonly clock: SplitClock
  readonly failure?: Failure
  /** UTC, ISO 8601. */
  readonly confirmedAt?: string
  readonly outcome?: Outcome
  /** Who has the matter now that the hand-over is completed. */
  readonly responsible?: Platform
}

export type ClockStep = Exclude<keyof SplitClock, 'press'>

/** The hand-over in a new state, the step's time noted once. */
export function advance(handover: Tracked, state: HandoverState, step?: ClockStep, now?: Instant): Tracked {
  return { ...(step && now ? stamp(handover, step, now) : handover), state }
}

/** A hand-over as the machine carries it: with the monotonic instant of the press. */
export interface Tracked extends Handover {
  readonly pressedAtMono: number
}

/** Notes `step` at `now`, unless it was noted before. */
export function stamp(handover: Tracked, step: ClockStep, now: Instant): Tracked {
  if (handover.clock[step] !== undefined) return handover
  const ms = Math.round((now.mono - handover.pressedAtMono) * 1000) / 1000
  return { ...handover, clock: { ...handover.clock, [step]: ms } }
}

/** The record as told to the outside. */
export function toRecord(tracked: Tracked): Handover {
  const { pressedAtMono: _, ...record } = tracked
  return record
}

/**
 * Who has the matter after a three-way call (§4): as it was decided; undecided, the desk that answered first keeps it
 * (首接), but with danger 110 acts first.
 */
export function responsibleAfter({ from, to, danger }: Handover, outcome: Outcome): Platform {
  if (outcome === 'taken') return to
  return outcome === 'undecided' && danger ? '110' : from
}
