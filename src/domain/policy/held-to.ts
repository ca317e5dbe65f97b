/** What an agent does, held to what the policy says. */
import type { Mode, Platform, Tracked } from '../handover/handover.ts'
import { type Decision, type DecisionMode, decide, type PolicyFacts } from './decide.ts'

/** What is known of a request in a call, besides who has it and whether there is danger. */
export type CallFacts = Omit<PolicyFacts, 'at' | 'channel' | 'danger'>

/** What an agent does with a request, and for whom. */
export interface Deed {
  readonly mode: DecisionMode
  /** Who has it afterwards; left out where neither has. */
  readonly platform?: Platform
}

/** The policy's decision as it is kept: paragraphs by their numbers, and whether the agent went by it. */
export interface KeptDecision extends Omit<Decision, 'because'> {
  /** Of 启政办发〔2023〕18号, as `§4`. */
  readonly paragraphs: readonly string[]
  readonly followed: boolean
}

export function heldTo(facts: PolicyFacts, { mode, platform }: Deed): KeptDecision {
  const { because, ...decision } = decide(facts)
  return { ...decision, paragraphs: because.map(({ paragraph }) => paragraph), followed: decision.mode === mode && decision.platform === platform }
}

/** Passed on in another way: what the policy said of it stays, and is held to that. */
export function inMode(handover: Tracked, mode: Mode): Tracked {
  const { decision, to } = handover
  return { ...handover, mode, ...(decision ? { decision: { ...decision, followed: decision.mode === mode && decision.platform === to } } : {}) }
}

/** An agent who does otherwise says why; nobody who turns to the police is asked for a reason first. */
export const lacksReason = ({ followed }: KeptDecision, { mode, platform }: Deed, reason: string | undefined): boolean =>
  !followed && reason === undefined && !(platform === '110' && mode !== 'keep')
