import type { AgentFact, CallsFact, Fact, TestCallFact, TicketFact } from '../domain/facts.ts'
import type { RecordingRecord } from '../domain/recording.ts'
import type { NeedToKnowFact } from '../domain/service-facts.ts'

/** A fact with its place in the journal. */
export interface Entry {
  /** Increasing, without reuse; the cursor of readers and the id of live events. */
  readonly position: number
  /** Count of this service's starts: who wrote it. */
  readonly epoch: number
  readonly fact: Fact
}

export interface OpenCall {
  readonly last: CallsFact
  /** Its last hand-over. */
  readonly handoverId?: string
}

export interface StoredAnswer {
  readonly scope: string
  readonly key: string
  /** SHA-256 of the request, hex. */
  readonly request: string
  readonly status: number
  readonly body: string
  /** UTC ms. */
  readonly at: number
}

/** What a commit came to. `durable: false`: it could not be written; `reason` says why. */
export type Commit = { readonly durable: true } | { readonly durable: false; readonly reason: string }

/**
 * The durable log on the local disk. Calls never wait for it: `append` never rejects, it answers `durable: false`,
 * and the facts that it could not write stay in memory, in order, and are written before later ones once the disk is back.
 */
export interface Journal {
  /** Of this file, for as long as it lasts: positions of another one have nothing to do with its. */
  readonly id: string
  readonly epoch: number
  /** Facts in the order given, group commit, fsync before it resolves. An answer to a keyed request may go with them. */
  append(facts: readonly Fact[], answer?: StoredAnswer): Promise<Commit>
  /** Told after each append, durable or not, in order: positions are given out before the write. */
  onAppended(listener: (entries: readonly Entry[]) => void): () => void
  /** Told after each write that has put facts on disk. @returns how to stop */
  onWritten(listener: () => void): () => void
  read(after: number, limit: number): Promise<readonly Entry[]>
  factsOfHandover(handoverId: string): Promise<readonly Entry[]>
  /** The newest hand-overs first (their ids are in order of time), each as its last fact; `before` is an id. @param except calls whose hand-overs are left out */
  handovers(limit: number, before?: string, except?: readonly string[]): Promise<readonly Entry[]>
  /** The answers of the last day, read once at start. */
  answers(): Promise<readonly StoredAnswer[]>
  /** What each agent said last. */
  agents(): Promise<readonly AgentFact[]>
  /** The last test call of each platform. */
  testCalls(): Promise<readonly TestCallFact[]>
  /** The calls that have not ended, as far as the journal knows. */
  openCalls(): Promise<readonly OpenCall[]>
  /** Its last fact. */
  ticket(id: string): Promise<TicketFact | undefined>
  /** The last fact of each that is not settled. */
  openTickets(): Promise<readonly TicketFact[]>
  /** The newest first (their ids are in order of time), each as its last fact; `before` is an id. @param except records whose tickets are left out */
  tickets(limit: number, before?: string, except?: readonly string[]): Promise<readonly TicketFact[]>
  /** The last fact of each need-to-know record. */
  markings(): Promise<readonly NeedToKnowFact[]>
  /** As it stood last. */
  recording(id: string): Promise<RecordingRecord | undefined>
  /** By their ids: the call's own first. */
  recordingsOfCall(callId: string): Promise<readonly RecordingRecord[]>
  /** Of which it is not known that they have ended. */
  openRecordings(): Promise<readonly RecordingRecord[]>
  health(): { readonly ok: boolean; readonly reason?: string; readonly waiting: number }
  close(): Promise<void>
}
