import type { Instant } from '../instant.ts'
import type { IntakeRecord } from '../ticket/intake.ts'
import type { MarkingStated } from '../sharing/need-to-know.ts'
import type { Carried } from '../edge/carried.ts'
import type { CallFacts } from '../policy/held-to.ts'
import type { Matter, Mode, Outcome, Platform } from '../handover/handover.ts'
import type { Caller, Purpose, Room } from './state.ts'

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
  /** What it brought from another network. */
  readonly carried?: Carried
}

/** A talk in which Tandem had no part is adopted: the call centre's own `Queue()` or `Dial()` has brought the two together. */
export interface Adoption extends Arrival {
  /** UTC of the caller's arrival at the PBX. */
  readonly arrivedAt: string
  /** The desk's leg. */
  readonly desk: { readonly id: string; readonly endpoint: string; readonly sipCallId?: string }
}

/** A desk wants to talk with a citizen. */
export interface OutboundOrder {
  readonly id: string
  readonly platform: Platform
  /** Whose phone rings first. */
  readonly agent: string
  /** Digits, perhaps behind a plus. */
  readonly number: string
  /** The trunk that leads to the citizens' carrier. */
  readonly trunk: string
  readonly purpose?: Purpose
  readonly ticket?: string
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
  readonly intake?: IntakeRecord
  /** It is not to be shared (§7). */
  readonly needToKnow?: MarkingStated
  readonly consult?: boolean
  readonly verified?: boolean
  readonly briefing?: boolean
  readonly danger?: boolean
  /** What is known of the request: the policy's decision is kept with the hand-over. */
  readonly facts?: CallFacts
}

/** A command about a hand-over under way. */
export interface HandoverCommand {
  readonly command: string
  readonly handoverId: string
}

/** Another way to go on: a transfer becomes a three-way call or back, a consultation begins or ends. */
export interface ChangeRequest extends HandoverCommand {
  readonly mode: Mode
  readonly consult: boolean
}

export interface PartyCommand {
  readonly command: string
  /** `caller`, or a leg. */
  readonly party: string
}

export type Event =
  | { readonly type: 'leg-dialled'; readonly leg: string; readonly sipCallId?: string }
  | { readonly type: 'leg-ringing'; readonly leg: string }
  | { readonly type: 'leg-answered'; readonly leg: string }
  | { readonly type: 'leg-joined'; readonly leg: string; readonly room: Room }
  /** `gone`: it has just ended. */
  | { readonly type: 'leg-join-failed'; readonly leg: string; readonly gone: boolean }
  | ({ readonly type: 'leg-ended'; readonly leg: string } & LegEnd)
  /** `lost`: nobody hung up, the PBX itself was gone. */
  | { readonly type: 'caller-left'; readonly lost?: true }
  /** Tandem cannot run this call, or will not any longer: the caller goes back to the dialplan. */
  | { readonly type: 'control-lost' }
  | { readonly type: 'timer-fired'; readonly token: number }
  /** The desk that the call waits for can be rung now. */
  | { readonly type: 'desk-free' }
  /** The caller pressed a key of his phone: `0` to `9`, `*`, `#`. */
  | { readonly type: 'digit-pressed'; readonly digit: string }
  | ({ readonly type: 'handover-requested' } & HandoverRequest)
  | ({ readonly type: 'handover-cancel-requested' } & HandoverCommand)
  | ({ readonly type: 'handover-change-requested' } & ChangeRequest)
  /** The other desk confirms a verified transfer. */
  | ({ readonly type: 'handover-confirm-requested' } & HandoverCommand)
  /** What the desks decided in their three-way call. */
  | ({ readonly type: 'handover-outcome-decided'; readonly outcome: Outcome } & HandoverCommand)

/** About parties, in whatever phase. */
export type PartyEvent =
  | { readonly type: 'party-invite-requested'; readonly command: string; readonly endpoint: string }
  | ({ readonly type: 'party-change-requested'; readonly held?: boolean; readonly heldByPhone?: boolean; readonly muted?: boolean; readonly whisperTo?: string | null } & PartyCommand)
  /** `by`: who drops it. */
  | ({ readonly type: 'party-drop-requested'; readonly by: string } & PartyCommand)

/** About recordings, in whatever phase. */
export type RecordingEvent =
  /** `at`: UTC of its first sample, ISO 8601. */
  | { readonly type: 'recording-started'; readonly recording: string; readonly at: string }
  /** It could not be begun or paused, or ended by itself. */
  | { readonly type: 'recording-failed'; readonly recording: string; readonly reason: string }
  /** `by`: who asks for it. */
  | { readonly type: 'recording-change-requested'; readonly command: string; readonly paused: boolean; readonly by: string }

/** What a comparison with the PBX found to be otherwise than the call knew, and put right. */
export const repairs = ['control-restored', 'caller-left', 'caller-moved-on', 'leg-ended', 'leg-answered', 'place-restored'] as const
export type Repair = (typeof repairs)[number]

/** Told before the event that it leads to. */
export interface RepairEvent {
  readonly type: 'repaired'
  readonly repair: Repair
  /** `caller`, or a leg. */
  readonly party?: string
}

export type AnyEvent = Event | PartyEvent | RecordingEvent | RepairEvent
export type EventType = Event['type']
export type EventOf<T extends EventType> = Extract<Event, { type: T }>

/** What the PBX tells of a leg. */
export type LegEvent = EventOf<'leg-dialled' | 'leg-ringing' | 'leg-answered' | 'leg-ended'>

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
  'desk-free',
  'digit-pressed',
  'handover-requested',
  'handover-cancel-requested',
  'handover-change-requested',
  'handover-confirm-requested',
  'handover-outcome-decided',
] as const satisfies readonly EventType[]

/** Endpoints that are rung together. */
export interface Route {
  readonly endpoints: readonly string[]
  /** How long it may ring before the next route is tried; the whole ring time when left out. */
  readonly ringMs?: number
}

/** What can be done at a desk at the moment. */
export interface DeskNow {
  /** In their order; empty: nobody can be rung now. */
  readonly routes: readonly Route[]
  /** As `routes`, whoever waits before this call: for one that is being rung for already. */
  readonly reachable: readonly Route[]
  /** For a hand-over with danger: reserved channels included, whoever waits. */
  readonly dangerRoutes: readonly Route[]
  /** Somebody is there, busy perhaps: it is worth waiting. */
  readonly staffed: boolean
  /** Calls that wait for it before this one. */
  readonly ahead: number
  /** The other desk's seats that its calls may overflow to now (互助, §15). */
  readonly overflow: readonly Route[]
}

/** What the machine may know of the world at the moment of an event. */
export interface Context {
  readonly now: Instant
  readonly desks: Readonly<Record<Platform, DeskNow>>
  /** How long a desk is rung, all its routes together. */
  readonly ringMs: number
  /** How long a route may give no sign of ringing before the next one is tried. */
  readonly routeMs: number
  readonly retryMs: number
  /** When the first desk of a transfer is released: as the other desk rings, or as it has answered. */
  readonly releaseAt: 'ringing' | 'answer'
  /** Calls that begin now are recorded. */
  readonly recorded: boolean
  /** Callers are told so, while the desk rings. */
  readonly notice: boolean
  /** How long the caller may answer the satisfaction question (满意度); 0: it is not asked. */
  readonly satisfactionMs: number
}
