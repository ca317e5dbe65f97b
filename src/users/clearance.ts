/** Who is cleared for need-to-know records (§7). Pure. */
import type { Platform } from '../domain/handover/handover.ts'
import type { Marked, NeedToKnowReason } from '../domain/sharing/need-to-know.ts'
import type { Role, Who } from './roles.ts'

/** For which reasons each role is cleared, on the record's own platform. */
export type Clearances = Readonly<Record<Role, readonly NeedToKnowReason[]>>

/** @param who nobody when left out */
export const isCleared = (who: Pick<Who, 'role' | 'platform'> | undefined, { marking, platforms }: Marked, cleared: Clearances): boolean =>
  who?.platform !== undefined && platforms.includes(who.platform) && cleared[who.role].includes(marking.reason)

/** What a question to the ledger leaves out: markings are there too, and these are newer. */
export interface Withheld {
  /** Records. */
  readonly records: readonly string[]
  /** Of others that are marked there, seen are those of this platform, for these reasons. */
  readonly platform?: Platform
  readonly reasons: readonly NeedToKnowReason[]
  /** And these. */
  readonly handled: readonly string[]
}
