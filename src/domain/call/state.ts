import type { Failure, Platform, Tracked } from '../handover/handover.ts'
import type { Carried } from '../edge/carried.ts'
import type { CallerKind } from '../policy/decide.ts'
import type { Ring } from './ring.ts'

/** A channel towards a desk or a further party, made by Tandem or adopted. Its id is the ARI channelId. */
export interface Leg {
  readonly id: string
  /** The agent, trunk or destination that is rung. */
  readonly endpoint: string
  readonly platform: Platform
  /** The target has sent 180 or 183. */
  readonly rang: boolean
  readonly sipCallId?: string
  /** Apart from the others, with music (保持). */
  readonly held?: boolean
  /** The same, by the phone's own hold key: only the phone ends it. */
  readonly heldByPhone?: boolean
  /** Hears the others and is not heard (静音). */
  readonly muted?: boolean
}

/** A further party in the call: another service, an interpreter, a supervisor. Responsibility does not pass to it. */
export interface Guest extends Leg {
  readonly joined: boolean
  /** The leg that alone hears it, while it hears the whole talk (耳语). */
  readonly whispersTo?: string
}

/** One recording (录音) of the call: the whole of it from its answer on, or one consultation apart. */
export interface Recording {
  /** Of the call, the call's id; of its n-th consultation, `<call>-consultation-<n>`. */
  readonly id: string
  readonly room: Room
  readonly state: 'starting' | 'recording' | 'finished' | 'failed'
  /** UTC of its first sample. */
  readonly startedAt?: string
  /** Why it failed. */
  readonly reason?: string
}

/** `outbound`: a desk calls the citizen. */
export const directions = ['inbound', 'outbound'] as const
export type Direction = (typeof directions)[number]

/** Calling back somebody who was lost or asked for it; following up (回访) what was handed over. */
export const purposes = ['call-back', 'follow-up'] as const
export type Purpose = (typeof purposes)[number]

export const ratings = [1, 2, 3] as const
export type Rating = (typeof ratings)[number]

export interface Caller {
  readonly channelId: string
  readonly number: string
  readonly name?: string
  /** How often he was marked before as harassing the hotline (恶意骚扰); never when left out. */
  readonly nuisanceMarks?: number
  /** Where his number is known. */
  readonly kind?: CallerKind
  readonly sipCallId?: string
  /** A citizen who was called: by which trunk. */
  readonly trunk?: string
}

/** What a call keeps through all its phases. */
export interface Call {
  readonly id: string
  /** The platform whose number was dialled. */
  readonly platform: Platform
  readonly dialled: string
  readonly direction: Direction
  /** It began in the call centre's own queue or dialplan, and was adopted while they talked. */
  readonly adopted?: true
  /** Of a call that an agent made: what for, and about which ticket. */
  readonly purpose?: Purpose
  readonly ticket?: string
  /** What it brought from another network. */
  readonly carried?: Carried
  readonly caller: Caller
  readonly callerHeld: boolean
  readonly callerMuted: boolean
  readonly arrivedAt: string
  /** UTC of a desk's first answer. */
  readonly answeredAt?: string
  /** The caller's leg has been answered, by a desk or for the music. */
  readonly callerUp: boolean
  /** Number of the last fact. */
  readonly sequence: number
  /** What the waiting caller was told last: his place in the queue (0: none yet), and when; monotonic ms. */
  readonly told?: { readonly place: number; readonly atMono: number }
  /** The other platform's seats were rung for it because its own desk was swamped (§15). */
  readonly overflowed: boolean
  /** Whose seats were rung for the waiting caller last. */
  readonly rung?: Platform
  /** Legs made so far: their ids are derived from it. */
  readonly legCount: number
  /** The running timer's token; a fired timer with another one is stale. */
  readonly timer: number
  readonly guests: readonly Guest[]
  /** Whether it is recorded; settled when it begins. */
  readonly recorded: boolean
  /** The caller has been told so. */
  readonly noticed: boolean
  /** Nothing is heard in the recordings for now: something that must not be kept is being said. */
  readonly recordingPaused: boolean
  readonly recordings: readonly Recording[]
  /** The caller's answer to the satisfaction question: 1 very satisfied, 2 satisfied, 3 dissatisfied. */
  readonly rating?: Rating
  /** The last hand-over that was settled. */
  readonly last?: Tracked
}

interface Base {
  readonly call: Call
}

/** The desk is rung; the caller hears ringing. */
export interface Ringing extends Base {
  readonly phase: 'ringing'
  readonly desk: Platform
  readonly legs: readonly Leg[]
  readonly ring: Ring
}

/** A desk calls the citizen: first its own phone rings, then the citizen’s. */
export interface Calling extends Base {
  readonly phase: 'calling'
  readonly desk: Leg
  /** The citizen's leg; not yet while the desk's own phone rings. */
  readonly callee?: Leg
}

/** Nobody at the desk could be reached; the caller hears music until the desk is rung again. */
export interface Waiting extends Base {
  readonly phase: 'waiting'
  readonly desk: Platform
}

/** Caller and desk talk. */
export interface Talking extends Base {
  readonly phase: 'talking'
  readonly desk: Leg
  /** The desk got the caller without its doing. */
  readonly unaware?: Unaware
}

/** A hand-over failed, or the other desk left a consultation: should this desk leave at once, it could not know yet that it has the caller. */
export interface Unaware {
  /** Monotonic ms. */
  readonly sinceMono: number
  /** Who is rung then. */
  readonly recall: Platform
}

/** The other desk is rung; without `ring` it is waited for until somebody there is free. Without `desk` the first desk has left early, and the caller waits alone. */
export interface Inviting extends Base {
  readonly phase: 'inviting'
  readonly desk?: Leg
  readonly targets: readonly Leg[]
  readonly ring?: Ring
  readonly handover: Tracked
  /** The most telling failure of the targets that have already ended. */
  readonly failure?: Failure
}

/** The desks talk with each other in a bridge of theirs; the caller hears music. */
export interface Consulting extends Base {
  readonly phase: 'consulting'
  readonly desk: Leg
  readonly peer: Leg
  readonly handover: Tracked
}

/** The other desk has answered and is being joined to the caller. */
export interface Joining extends Base {
  readonly phase: 'joining'
  readonly desk?: Leg
  readonly peer: Leg
  readonly handover: Tracked
}

/** Three-way call (三方通话), or a verified transfer that the other desk has yet to confirm. Without `desk` the first desk has left that. */
export interface Conferring extends Base {
  readonly phase: 'conferring'
  readonly desk?: Leg
  readonly peer: Leg
  readonly handover: Tracked
}

/** Caller and the other desk talk; the first desk's leg is being ended. */
export interface Releasing extends Base {
  readonly phase: 'releasing'
  readonly desk: Leg
  readonly peer: Leg
  readonly handover: Tracked
}

/** The caller has left; the others, at least two, talk on until one of them leaves. */
export interface Aftertalk extends Base {
  readonly phase: 'aftertalk'
  readonly desk: Platform
  readonly legs: readonly Leg[]
  readonly room: Room
}

/** The desk has hung up; the caller is asked how satisfied he was. */
export interface Asking extends Base {
  readonly phase: 'asking'
  readonly desk: Platform
  /** Who ended the talk. */
  readonly endedBy: string
}

export interface Ended extends Base {
  readonly phase: 'ended'
  readonly desk: Platform
  readonly endedAt: string
  readonly endedBy: string
  /** Why the citizen could not be reached. */
  readonly failure?: Failure
}

/** The bridges of a call: the caller's, and the one in which desks talk without him. */
export type Room = 'call' | 'consultation'

export type State = Calling | Ringing | Waiting | Talking | Inviting | Consulting | Joining | Conferring | Releasing | Aftertalk | Asking | Ended
export type Phase = State['phase']

export const phases = [
  'calling',
  'ringing',
  'waiting',
  'talking',
  'inviting',
  'consulting',
  'joining',
  'conferring',
  'releasing',
  'aftertalk',
  'asking',
  'ended',
] as const satisfies readonly Phase[]

/** The hand-over under way, if any. */
export const handoverOf = (state: State): Tracked | undefined => ('handover' in state ? state.handover : undefined)

export const isHeld = ({ held, heldByPhone }: Leg): boolean => held === true || heldByPhone === true

/** The legs of the phase, without the guests. */
export function ownLegsOf(state: State): readonly Leg[] {
  switch (state.phase) {
    case 'calling':
      return state.callee ? [state.desk, state.callee] : [state.desk]
    case 'ringing':
    case 'aftertalk':
      return state.legs
    case 'talking':
      return [state.desk]
    case 'inviting':
      return state.desk ? [state.desk, ...state.targets] : state.targets
    case 'joining':
    case 'conferring':
      return state.desk ? [state.desk, state.peer] : [state.peer]
    case 'consulting':
    case 'releasing':
      return [state.desk, state.peer]
    case 'waiting':
    case 'asking':
    case 'ended':
      return []
  }
}

/** Every leg of ours that the state knows. */
export const legsOf = (state: State): readonly Leg[] => [...ownLegsOf(state), ...state.call.guests]

/** The legs that have answered. */
export function answeredLegsOf(state: State): readonly Leg[] {
  return [...ownLegsOf(state).filter((leg) => !rungIn(state).includes(leg)), ...state.call.guests.filter(({ joined }) => joined)]
}

/** The legs of the phase that ring, or are being made to. */
function rungIn(state: State): readonly Leg[] {
  if (state.phase === 'calling') return state.callee ? [state.callee] : [state.desk]
  return state.phase === 'ringing' ? state.legs : state.phase === 'inviting' ? state.targets : []
}

/** The state with one of its legs changed. */
export function withLeg<S extends State>(state: S, id: string, change: (leg: Leg) => Leg): S {
  const one = <L extends Leg>(leg: L): L => (leg.id === id ? { ...leg, ...change(leg) } : leg)
  return {
    ...state,
    call: { ...state.call, guests: state.call.guests.map(one) },
    ...('legs' in state ? { legs: state.legs.map(one) } : {}),
    ...('targets' in state ? { targets: state.targets.map(one) } : {}),
    ...('desk' in state && typeof state.desk === 'object' ? { desk: one(state.desk) } : {}),
    ...('peer' in state ? { peer: one(state.peer) } : {}),
  }
}
