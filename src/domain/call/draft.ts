import type { CallFactType, Fact, HandoverFactType } from '../facts.ts'
import { factVersion } from '../facts.ts'
import { type Tracked, toRecord } from '../handover/handover.ts'
import { type Instant, iso } from '../instant.ts'
import type { Action } from './actions.ts'
import type { Call, Leg, State } from './state.ts'
import { summarise } from './summary.ts'

export interface Step {
  readonly state: State
  readonly actions: readonly Action[]
}

type FactDraft = { readonly type: CallFactType } | { readonly type: HandoverFactType; readonly handover: Tracked }

/** What a handler says happens: the facts are numbered afterwards, and recorded after the actions have been started. */
export interface Draft extends Step {
  readonly facts?: readonly FactDraft[]
}

/** Numbers the facts, gives each the call as it now stands, and appends their recording. */
export function settle({ state, actions, facts = [] }: Draft, now: Instant): Step {
  if (facts.length === 0) return { state, actions }
  const call = summarise(state)
  const at = iso(now)
  const recorded = facts.map((fact, i): Fact => {
    const base = { version: factVersion, sequence: state.call.sequence + i + 1, at, call } as const
    return 'handover' in fact ? { ...base, type: fact.type, handover: toRecord(fact.handover) } : { ...base, type: fact.type }
  })
  const numbered = { ...state, call: { ...state.call, sequence: state.call.sequence + facts.length } }
  return { state: numbered, actions: [...actions, { type: 'record', facts: recorded }] }
}

export const nothing = (state: State): Draft => ({ state, actions: [] })

/** New legs to `endpoints`; their ids are derived from the call's, so that a repeated action is harmless. */
export function makeLegs(
  call: Call,
  endpoints: readonly string[],
  to: { platform: Leg['platform']; role: 'agent' | 'peer'; handoverId?: string },
): { call: Call; legs: readonly Leg[]; actions: readonly Action[] } {
  const legs = endpoints.map(
    (endpoint, i): Leg => ({ id: `${call.id}-${call.legCount + i + 1}`, endpoint, platform: to.platform, rang: false }),
  )
  const actions = legs.map(
    (leg): Action => ({
      type: 'dial-leg',
      leg: leg.id,
      endpoint: leg.endpoint,
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

export const without = (legs: readonly Leg[], id: string): readonly Leg[] => legs.filter((leg) => leg.id !== id)
export const find = (legs: readonly Leg[], id: string): Leg | undefined => legs.find((leg) => leg.id === id)
export const replace = (legs: readonly Leg[], changed: Leg): readonly Leg[] =>
  legs.map((leg) => (leg.id === changed.id ? changed : leg))
