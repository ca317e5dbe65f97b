/** Need-to-know records (需要控制知悉范围的事项, §7): what is not shared between the platforms. Pure. */
import type { Platform } from '../handover/handover.ts'

/** Why a record is need-to-know, with the policy's own word (§7). */
export const needToKnowReasons = {
  secret: '涉密',
  stability: '涉稳',
  terrorism: '涉恐',
  case: '涉案',
  'major-sensitive': '涉重大敏感',
} as const
export type NeedToKnowReason = keyof typeof needToKnowReasons
export const reasonNames = Object.keys(needToKnowReasons) as readonly NeedToKnowReason[]

/** As it is stated. */
export interface MarkingStated {
  readonly reason: NeedToKnowReason
  /** Why it is so, in words. */
  readonly cause: string
}

/** A record's marking as it stands. */
export interface Marking extends MarkingStated {
  /** Who marked it: no other platform lifts it. */
  readonly platform: Platform
  readonly by: string
  /** UTC, ISO 8601. */
  readonly at: string
}

/** Which record: a call with all its hand-overs and tickets; or, without a call, a ticket. */
export type RecordRef = { readonly callId: string } | { readonly ticketId: string }

export interface Marked {
  readonly of: RecordRef
  readonly marking: Marking
  /** Whose record it is: the platforms that have had it. */
  readonly platforms: readonly Platform[]
}

export const recordId = (of: RecordRef): string => ('callId' in of ? of.callId : of.ticketId)

/** The record that a ticket belongs to. */
export const recordOfTicket = ({ id, callId }: { readonly id: string; readonly callId?: string }): RecordRef => (callId === undefined ? { ticketId: id } : { callId })

/** With these platforms as well. @returns undefined: it was theirs already */
export function widened(marked: Marked, by: readonly Platform[]): Marked | undefined {
  const added = by.filter((platform) => !marked.platforms.includes(platform))
  return added.length === 0 ? undefined : { ...marked, platforms: [...marked.platforms, ...new Set(added)].toSorted() }
}

/** Only who marked it lifts it. */
export const mayLift = ({ platform }: Marking, by: Platform): boolean => platform === by

export const needToKnowFactTypes = ['need-to-know-marked', 'need-to-know-widened', 'need-to-know-lifted'] as const
export type NeedToKnowFactType = (typeof needToKnowFactTypes)[number]
