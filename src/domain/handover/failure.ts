import type { Failure, FailureReason } from './handover.ts'

/** What is known of a target that did not take the call. */
export interface Refused {
  readonly cause?: number
  readonly causeText?: string
  readonly sipCode?: number
  readonly rang: boolean
}

/** Q.850 causes by which Asterisk reports SIP answers (measured: 486, 600 → 17; 603, 403 → 21; 480 → 19; 408 → 18). */
const userBusy = 17
const noUserResponding = 18
const noAnswerFromUser = 19
const callRejected = 21

/** Why a target did not take the call, in one of the words that agents are shown. */
export function failureOf(end: Refused): Failure {
  return { reason: reasonOf(end), ...pick(end) }
}

function reasonOf({ cause, sipCode, rang }: Refused): FailureReason {
  if (sipCode === 486 || sipCode === 600 || cause === userBusy) return 'busy'
  if (sipCode === 603 || sipCode === 403 || cause === callRejected) return 'rejected'
  if (rang && (sipCode === 480 || sipCode === 408 || cause === noUserResponding || cause === noAnswerFromUser)) return 'no-answer'
  return rang && cause === 16 ? 'no-answer' : 'unreachable'
}

/** With several targets: the one that tells the agent most. */
export function tellingFailure(one: Failure | undefined, other: Failure): Failure {
  const order: readonly FailureReason[] = ['rejected', 'busy', 'no-answer', 'unreachable']
  if (!one) return other
  const rank = (failure: Failure) => order.indexOf(failure.reason)
  return rank(one) <= rank(other) ? one : other
}

function pick({ cause, causeText, sipCode }: Refused): Omit<Failure, 'reason'> {
  return {
    ...(sipCode === undefined ? {} : { sipCode }),
    ...(cause === undefined ? {} : { cause }),
    ...(causeText === undefined ? {} : { causeText }),
  }
}
