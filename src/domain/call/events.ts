import type { Instant } from '../instant.ts'
import type { Matter, Mode, Platform } from '../handover/handover.ts'
import type { Caller } from './state.ts'

/** How a leg ended, as Asterisk tells it. */
export interface LegEnd {
  /** Q.850 cause. */
  readonly cause?: number
  readonly causeText?: string
  /** SIP response code of the target. */
  readonly sipCode?: number
  /** The leg could not be made at all, or broke: nobody hung up. */
  readonly lost: boolean
}

export interface Arrival {
  readonly id: string
  readonly platform: Platform
  readonly dialled: string
  readonly caller: Caller
}

export interface HandoverRequest {
  /** Names the command that waits for the reply. */
  readonly command: string
  readonly handoverId: string
  readonly mode: Mode
  readonly to: Platform
  /** The agent who pressed; the desk that talks when left out. */
  readonly agent?: string
  readonly matter?: Matter
  readonly reason?: string
}

export interface CancelRequest {
  readonly command: string
  readonly handoverId: string
}

export type Event =
  | { readonly type: 'leg-dialled'; readonly leg: string; readonly sipCallId?: string }
  | { readonly type: 'leg-ringing'; readonly leg: string }
  | { readonly type: 'leg-answered'; readonly leg: string }
  | { readonly type: 'leg-joined'; readonly leg: string }
  | { readonly type: 'leg-join-failed'; readonly leg: string }
  | ({ readonly type: 'leg-ended'; readonly leg: string } & LegEnd)
  | { readonly type: 'caller-left' }
  /** Tandem cannot run this call, or will not any longer: the caller goes back to the dialplan. */
  | { readonly type: 'control-lost' }
  | { readonly type: 'timer-fired'; readonly token: number }
  | ({ readonly type: 'handover-requested' } & HandoverRequest)
  | ({ readonly type: 'handover-cancel-requested' } & CancelRequest)

export type EventType = Event['type']
export type EventOf<T extends EventType> = Extract<Event, { type: T }>

export const eventTypes = [
  'leg-dialled',
  'leg-ringing',
  'leg-answered',
  'leg-joined',
  'leg-join-failed',
  'leg-ended',
  'caller-left',
  'control-lost',
  'timer-fired',
  'handover-requested',
  'handover-cancel-requested',
] as const satisfies readonly EventType[]

/** What the machine may know of the world at the moment of an event. */
export interface Context {
  readonly now: Instant
  /** Endpoints of each desk that can be rung now. */
  readonly seats: Readonly<Record<Platform, readonly string[]>>
  readonly ringMs: number
  readonly retryMs: number
}
