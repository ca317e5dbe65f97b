/** What a call's facts mean for the caller log of its platform's Zammad (docs.zammad.org/en/latest/api/generic-cti). Pure. */
import type { CallsFact, CallSummary, Fact, HandoverFact } from '../../domain/facts.ts'
import { isHandoverFact, isOfCall } from '../../domain/facts.ts'
import type { FailureReason, Platform } from '../../domain/handover/handover.ts'

export interface CallEvent {
  readonly event: 'newCall' | 'answer' | 'hangup'
  /** The call's; of a hand-over to this platform its own, for it rings here anew. */
  readonly callId: string
  readonly from: string
  readonly to: string
  readonly direction: 'in' | 'out'
  readonly user?: string
  readonly cause?: string
}

/** A call that is in the caller log, by `callId`. */
export interface Logged extends Pick<CallEvent, 'callId' | 'from' | 'to' | 'direction'> {
  /** The call that it is, or is a hand-over of. */
  readonly call: string
}

/** As Zammad knows them; `cancel` where it has no word. */
const causes: Readonly<Partial<Record<FailureReason, string>>> = { busy: 'busy', 'no-answer': 'noAnswer', rejected: 'busy', unreachable: 'notFound' }

/** @param logged those that have not ended there */
export function callEventsOf(fact: Fact, platform: Platform, logged: readonly Logged[]): readonly CallEvent[] {
  if (!isOfCall(fact)) return []
  return isHandoverFact(fact) ? ofHandover(fact, platform, logged) : ofCall(fact, platform, logged)
}

function ofCall({ type, call }: CallsFact, platform: Platform, logged: readonly Logged[]): readonly CallEvent[] {
  if (type === 'call-ended') return logged.filter((one) => one.call === call.id).map((one) => hangup(one, call.answeredAt === undefined ? (causes[call.failure?.reason ?? 'caller-left'] ?? 'cancel') : 'normalClearing'))
  if (call.platform !== platform) return []
  const ours = callOf(call)
  if (type === 'call-arrived' || type === 'call-made') return [{ event: 'newCall', ...ours }]
  if (type === 'call-adopted') return [{ event: 'newCall', ...ours }, answered(ours, call.agent)]
  return type === 'call-answered' ? [answered(ours, call.agent)] : []
}

function ofHandover({ type, call, handover }: HandoverFact, platform: Platform, logged: readonly Logged[]): readonly CallEvent[] {
  const { id, from, to, target, failure } = handover
  if (type === 'handover-released' && from === platform) return logged.filter(({ callId }) => callId === call.id).map((one) => hangup(one, 'forwarded'))
  if (to !== platform) return []
  const there = { callId: id, from: call.caller.number, to, direction: 'in' } as const
  if (type === 'handover-ringing') return [{ event: 'newCall', ...there }]
  if (type === 'handover-answered') return [answered(there, target)]
  if (type !== 'handover-failed' && type !== 'handover-cancelled') return []
  return logged.filter(({ callId }) => callId === id).map((one) => hangup(one, (failure && causes[failure.reason]) ?? 'cancel'))
}

function callOf({ id, caller, dialled, direction }: CallSummary): Pick<CallEvent, 'callId' | 'from' | 'to' | 'direction'> {
  return direction === 'inbound' ? { callId: id, from: caller.number, to: dialled, direction: 'in' } : { callId: id, from: dialled, to: caller.number, direction: 'out' }
}

type Where = Pick<CallEvent, 'callId' | 'from' | 'to' | 'direction'>

const answered = ({ callId, from, to, direction }: Where, user: string | undefined): CallEvent => ({ event: 'answer', callId, from, to, direction, ...(user === undefined ? {} : { user }) })

const hangup = ({ callId, from, to, direction }: Where, cause: string): CallEvent => ({ event: 'hangup', callId, from, to, direction, cause })
