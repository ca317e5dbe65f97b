import { factVersion, type Fact, isNeedToKnowFact, isOfCall, recordOfFact } from '../domain/facts.ts'
import type { Platform } from '../domain/handover/handover.ts'
import type { NeedToKnowFact } from '../domain/service-facts.ts'
import { type Marked, type MarkingStated, mayLift, type NeedToKnowFactType, type RecordRef, recordId, widened } from '../domain/sharing/need-to-know.ts'
import { erased } from '../domain/ticket/erasure.ts'
import type { Journal } from '../journal/journal.ts'

/** Who does something with a marking, and when: UTC, ISO 8601. */
export interface By {
  readonly platform: Platform
  readonly by: string
  readonly at: string
  /** The ticket system that told it. */
  readonly via?: string
}

/** Which records are need-to-know, in memory: asked for each request and each fact. What it makes is a fact, for its caller to write. */
export class Markings {
  readonly #marked = new Map<string, Marked>()

  /** @throws SqlError when the journal cannot be read */
  static async load(journal: Pick<Journal, 'markings'>): Promise<Markings> {
    const markings = new Markings()
    for (const fact of await journal.markings()) markings.#keep(fact)
    return markings
  }

  of(record: string): Marked | undefined {
    return this.#marked.get(record)
  }

  /** The last marked last. */
  all(): readonly Marked[] {
    return [...this.#marked.values()]
  }

  /** Another platform's is not to be changed. */
  mayChange(record: string, by: Platform): boolean {
    const known = this.of(record)
    return !known || mayLift(known.marking, by)
  }

  /** @returns undefined: it is marked so already */
  mark(of: RecordRef, platforms: readonly Platform[], { reason, cause }: MarkingStated, { platform, by, at, via }: By): NeedToKnowFact | undefined {
    const known = this.of(recordId(of))
    if (known?.marking.reason === reason) return undefined
    const marking = { reason, cause, platform, by, at }
    return this.#fact('need-to-know-marked', { of, marking, platforms: [...new Set([...(known?.platforms ?? []), ...platforms])].toSorted() }, { platform, by, at, ...(via === undefined ? {} : { via }) })
  }

  /** It has been handed over. @returns undefined: it is not marked, or was theirs already */
  widen(record: string, platforms: readonly Platform[], by: By): NeedToKnowFact | undefined {
    const known = this.of(record)
    const wider = known && widened(known, platforms)
    return wider && this.#fact('need-to-know-widened', wider, by)
  }

  /** @returns undefined: it is not marked */
  lift(record: string, cause: string, by: By): NeedToKnowFact | undefined {
    const known = this.of(record)
    return known && this.#fact('need-to-know-lifted', known, by, cause)
  }

  /** What was said as its cause is forgotten; it stays marked. @returns undefined: it is not marked */
  erase(record: string, by: string, at: string): NeedToKnowFact | undefined {
    const known = this.of(record)
    return known && this.#fact('need-to-know-marked', { ...known, marking: { ...known.marking, cause: erased } }, { platform: known.marking.platform, by, at })
  }

  /** A call's facts as they are written: with its marking, behind what it does to markings. */
  alongside(fact: Fact): readonly Fact[] {
    if (!isOfCall(fact)) return [fact]
    const caused = this.#causedBy(fact)
    const known = this.of(fact.call.id)
    return [...caused, known ? { ...fact, call: { ...fact.call, needToKnow: known.marking } } : fact]
  }

  #causedBy(fact: Extract<Fact, { call: object }>): readonly NeedToKnowFact[] {
    const { call, at } = fact
    const of = { callId: call.id }
    if (fact.type !== 'handover-requested' || !('handover' in fact)) return []
    const { handover } = fact
    const [platforms, by] = [[call.platform, handover.from, handover.to], { platform: handover.from, by: handover.agent, at }] as const
    const made = handover.needToKnow && !this.of(call.id) ? this.mark(of, platforms, handover.needToKnow, by) : this.widen(call.id, platforms, by)
    return made ? [made] : []
  }

  #fact(type: NeedToKnowFactType, { of, ...marked }: Marked, by: By, cause?: string): NeedToKnowFact {
    const fact = { type, version: factVersion, ...by, ...of, ...marked, ...(cause === undefined ? {} : { cause }) } as const
    this.#keep(fact)
    return fact
  }

  #keep(fact: NeedToKnowFact): void {
    const record = recordOfFact(fact)
    if (record === undefined || !isNeedToKnowFact(fact)) return
    this.#marked.delete(record)
    if (fact.type === 'need-to-know-lifted') return
    const { marking, platforms } = fact
    this.#marked.set(record, { of: fact.callId === undefined ? { ticketId: record } : { callId: record }, marking, platforms })
  }
}
