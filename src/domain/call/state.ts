import type { Failure, Platform, Tracked } from '../handover/handover.ts'

/** A channel that Tandem made towards a desk. Its id is the ARI channelId. */
export interface Leg {
  readonly id: string
  /** The agent or trunk that is rung. */
  readonly endpoint: string
  readonly platform: Platform
  /** The target has sent 180 or 183. */
  readonly rang: boolean
  readonly sipCallId?: string
}

export interface Caller {
  readonly channelId: string
  readonly number: string
  readonly name?: string
  readonly sipCallId?: string
}

/** What a call keeps through all its phases. */
export interface Call {
  readonly id: string
  /** The platform whose number was dialled. */
  readonly platform: Platform
  readonly dialled: string
  readonly caller: Caller
  readonly arrivedAt: string
  /** UTC of a desk's first answer. */
  readonly answeredAt?: string
  /** The caller's leg has been answered, by a desk or for the music. */
  readonly callerUp: boolean
  /** Number of the last fact. */
  readonly sequence: number
  /** Legs made so far: their ids are derived from it. */
  readonly legCount: number
  /** The running timer's token; a fired timer with another one is stale. */
  readonly timer: number
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
  /** When a hand-over failed and left the caller with this desk; monotonic ms. */
  readonly failedAtMono?: number
}

/** The other desk is rung. Without `desk` the first desk has left early, and the caller waits alone. */
export interface Transferring extends Base {
  readonly phase: 'transferring'
  readonly desk?: Leg
  /** The desk's leg is out of the caller's bridge. */
  readonly separated: boolean
  readonly targets: readonly Leg[]
  readonly handover: Tracked
  /** The most telling failure of the targets that have already ended. */
  readonly failure?: Failure
}

/** The other desk has answered and is being joined to the caller. */
export interface Joining extends Base {
  readonly phase: 'joining'
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

export interface Ended extends Base {
  readonly phase: 'ended'
  readonly desk: Platform
  readonly endedAt: string
  readonly endedBy: string
}

export type State = Ringing | Waiting | Talking | Transferring | Joining | Releasing | Ended
export type Phase = State['phase']

export const phases = ['ringing', 'waiting', 'talking', 'transferring', 'joining', 'releasing', 'ended'] as const satisfies readonly Phase[]

/** The hand-over under way, if any. */
export const handoverOf = (state: State): Tracked | undefined => ('handover' in state ? state.handover : undefined)

/** Every leg of ours that the state knows. */
export function legsOf(state: State): readonly Leg[] {
  switch (state.phase) {
    case 'ringing':
      return state.legs
    case 'talking':
      return [state.desk]
    case 'transferring':
      return state.desk ? [state.desk, ...state.targets] : state.targets
    case 'joining':
      return state.desk ? [state.desk, state.peer] : [state.peer]
    case 'releasing':
      return [state.desk, state.peer]
    case 'waiting':
    case 'ended':
      return []
  }
}
