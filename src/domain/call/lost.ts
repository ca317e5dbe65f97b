import { type CallsFact, factVersion } from '../facts.ts'
import { type Handover, settledStates } from '../handover/handover.ts'
import { type Instant, iso } from '../instant.ts'
import { dialable } from './moves.ts'

/**
 * The end of a call that was lost with the PBX while nobody was in charge, told from the journal alone: a hand-over under
 * way has failed, and a citizen who was in the call is called back by the desk that had him.
 * @param last the call's last fact
 * @param handover its last hand-over, as it stood last
 * @param talks its parties talk on, but nobody can tell what becomes of them
 */
export function lostWithPbx({ call, sequence }: CallsFact, handover: Handover | undefined, now: Instant, talks = false): readonly CallsFact[] {
  const at = iso(now)
  const { failure: _, ...known } = call
  const ended = { ...known, state: 'ended', endedAt: at, endedBy: talks ? 'control-lost' : 'asterisk', parties: [] } as const
  const failed = failureOf(handover)
  const waits = !talks && call.parties.some(({ id }) => id === 'caller') && dialable.test(call.caller.number)
  const told = [
    ...(failed ? [{ type: 'handover-failed', handover: failed } as const] : []),
    ...(waits ? [{ type: 'call-back-requested', platform: call.desk } as const] : []),
    { type: 'call-ended' } as const,
  ]
  return told.map((fact, i) => ({ version: factVersion, sequence: sequence + i + 1, at, call: ended, ...fact }))
}

/** A hand-over that was lost with the process that began it, told from the journal alone. @returns undefined for one that is settled */
export function failedHandover({ call, sequence }: CallsFact, handover: Handover | undefined, now: Instant): CallsFact | undefined {
  const failed = failureOf(handover)
  return failed && { version: factVersion, sequence: sequence + 1, at: iso(now), call, type: 'handover-failed', handover: failed }
}

const failureOf = (handover: Handover | undefined) =>
  handover && !settledStates.includes(handover.state) ? ({ ...handover, state: 'failed', failure: { reason: 'control-lost' } } as const) : undefined
