import type { CallFactType, CallsFact, HandoverFactType, PartyFactType, RecordingFactType } from '../facts.ts'
import { factVersion } from '../facts.ts'
import { type Failure, type Tracked, toRecord } from '../handover/handover.ts'
import { type Instant, iso } from '../instant.ts'
import type { Repair } from './events.ts'
import type { RecordingRecord } from '../recording.ts'
import type { Action } from './actions.ts'
import { followScene } from './recordings.ts'
import { changesBetween, sameScene, type Scene, sceneOf } from './scene.ts'
import type { Call, Leg, State } from './state.ts'
import { summarise } from './summary.ts'

export interface Step {
  readonly state: State
  readonly actions: readonly Action[]
}

export type FactDraft =
  | { readonly type: CallFactType }
  | { readonly type: 'call-back-requested'; readonly platform: Leg['platform'] }
  | { readonly type: 'call-repaired'; readonly repair: Repair; readonly party?: string }
  | { readonly type: HandoverFactType; readonly handover: Tracked }
  | { readonly type: PartyFactType; readonly party: string; readonly endpoint?: string; readonly by?: string; readonly failure?: Failure }
  | { readonly type: RecordingFactType; readonly recording: RecordingRecord; readonly by?: string }

/**
 * What a handler says happens, in this order: `actions`, then the changes of the scene that follow from the new state, then
 * `lastly`. The facts are numbered afterwards, and recorded when all of it has been started.
 */
export interface Draft extends Step {
  readonly lastly?: readonly Action[]
  readonly facts?: readonly FactDraft[]
}

/** Puts the changes of the scene in, numbers the facts, gives each the call as it now stands, and appends their recording. */
export function settle(before: Scene, { state: decided, actions, lastly = [], facts = [] }: Draft, now: Instant): Step {
  const { state, actions: recording } = followScene(before, decided)
  const done = [...actions, ...changesBetween(before, sceneOf(state)), ...recording, ...lastly]
  if (facts.length === 0) return { state, actions: done }
  const call = summarise(state)
  const at = iso(now)
  const recorded = facts.map((fact, i): CallsFact => {
    const base = { version: factVersion, sequence: state.call.sequence + i + 1, at, call } as const
    return 'handover' in fact ? { ...base, type: fact.type, handover: toRecord(fact.handover) } : { ...base, ...fact }
  })
  const numbered = { ...state, call: { ...state.call, sequence: state.call.sequence + facts.length } }
  sameScene(numbered, state)
  return { state: numbered, actions: [...done, { type: 'record', facts: recorded }] }
}

export const nothing = (state: State): Draft => ({ state, actions: [] })

/** New legs to `endpoints`; their ids are derived from the call's, so that a repeated action is harmless. */
export function makeLegs(
  call: Call,
  endpoints: readonly string[],
  to: { platform: Leg['platform']; role: 'agent' | 'peer' | 'guest'; handoverId?: string },
): { call: Call; legs: readonly Leg[]; actions: readonly Action[] } {
  const legs = endpoints.map(
    (endpoint, i): Leg => ({ id: `${call.id}-${call.legCount + i + 1}`, endpoint, platform: to.platform, rang: false }),
  )
  const actions = legs.map(
    (leg): Action => ({
      type: 'dial-leg',
      leg: leg.id,
      endpoint: leg.endpoint,
      platform: leg.platform,
      role: to.role,
      ...(to.handoverId === undefined ? {} : { handoverId: to.handoverId }),
    }),
  )
  return { call: { ...call, legCount: call.legCount + legs.length }, legs, actions }
}

export const hangUp = (legs: readonly Leg[], reason: 'normal' | 'no-answer' | 'answered-elsewhere'): readonly Action[] =>
  legs.map((leg) => ({ type: 'hang-up-leg', leg: leg.id, reason }))

/** Starts the call's one timer; the one before it becomes stale. */
export function startTimer(call: Call, afterMs: number): { call: Call; action: Action } {
  const token = call.timer + 1
  return { call: { ...call, timer: token }, action: { type: 'set-timer', token, afterMs } }
}

/** Makes a running timer stale. */
export const stopTimer = (call: Call): Call => ({ ...call, timer: call.timer + 1 })

export const without = <L extends Leg>(legs: readonly L[], id: string): readonly L[] => legs.filter((leg) => leg.id !== id)
export const find = <L extends Leg>(legs: readonly L[], id: string): L | undefined => legs.find((leg) => leg.id === id)
