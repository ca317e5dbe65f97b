/** What can be asked of calls from outside, and how it is answered. */
import type { Reply } from '../domain/call/actions.ts'
import type { AdoptionRefused } from './call-control.ts'
import type { HandoverRequest, OutboundOrder } from '../domain/call/events.ts'
import type { Platform } from '../domain/handover/handover.ts'
import type { Commit } from '../journal/journal.ts'

export type CommandRefusal = 'call-not-found' | 'agent-not-in-call' | 'destination-not-found' | 'destination-busy' | 'outbound-not-configured' | 'asterisk-away' | AdoptionRefused['code']
export type CommandReply = Reply | { readonly kind: 'refused'; readonly code: CommandRefusal }
export interface CommandResult {
  readonly reply: CommandReply
  readonly committed: Promise<Commit>
}

const nothingToCommit: Promise<Commit> = Promise.resolve({ durable: true })
export const refusedBy = (code: CommandRefusal): CommandResult => ({ reply: { kind: 'refused', code }, committed: nothingToCommit })

export interface OutboundCommand extends Pick<OutboundOrder, 'agent' | 'number' | 'purpose' | 'ticket'> {}

export interface PressCommand extends Omit<HandoverRequest, 'command' | 'handoverId' | 'to'> {
  /** The other platform when left out. */
  readonly to?: Platform
  /** The call; found by `agent` when left out. */
  readonly callId?: string
}

export interface PartyChange {
  readonly held?: boolean
  readonly muted?: boolean
  /** The desk's leg that alone is to hear this further party; null: all hear it again. */
  readonly whisperTo?: string | null
}
