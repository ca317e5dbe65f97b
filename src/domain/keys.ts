/** What a key of an agent means as his call stands. Pure. */
import type { Refusal } from './call/actions.ts'
import type { Phase } from './call/state.ts'
import type { Handover, Mode } from './handover/handover.ts'

/** `transfer`, `conference`, `consult` begin a hand-over or go on with one that was begun otherwise; `confirm` is the other desk's; `back` takes back. */
export const keys = ['transfer', 'conference', 'consult', 'confirm', 'back'] as const
export type Key = (typeof keys)[number]

/** The call that an agent is in, as far as his keys need it. */
export interface Part {
  readonly callId: string
  /** The endpoint of his leg. */
  readonly agent: string
  /** His leg's channel. */
  readonly leg: string
  readonly phase: Phase
  /** Under way. */
  readonly handover?: Handover
  /** The last one that was settled. */
  readonly last?: Handover
}

export type Deed =
  /** As `POST /v1/handovers`: one that is under way is shown. */
  | { readonly do: 'press'; readonly mode: Mode; readonly consult: boolean }
  | { readonly do: 'change'; readonly handover: string; readonly mode: Mode; readonly consult: boolean }
  | { readonly do: 'confirm' | 'cancel'; readonly handover: string }
  | { readonly do: 'refuse'; readonly code: Extract<Refusal, 'handover-not-found' | 'not-your-call'> }

const pressOf = { transfer: { mode: 'transfer', consult: false }, conference: { mode: 'conference', consult: false }, consult: { mode: 'transfer', consult: true } } as const

/** A key pressed while the other desk still rings shows what the first one made: only what both desks know of is changed by another key. */
export function deedOf(key: Key, { agent, phase, handover, last }: Part): Deed {
  const own = handover?.agent === agent
  if (key === 'confirm') {
    if (!handover) return { do: 'refuse', code: 'handover-not-found' }
    return handover.target === agent ? { do: 'confirm', handover: handover.id } : { do: 'refuse', code: 'not-your-call' }
  }
  if (key === 'back') {
    const meant = handover ?? last
    if (!meant) return { do: 'refuse', code: 'handover-not-found' }
    return meant.agent === agent ? { do: 'cancel', handover: meant.id } : { do: 'refuse', code: 'not-your-call' }
  }
  const press = pressOf[key]
  if (handover && own && (phase === 'consulting' || (phase === 'conferring' && key !== 'conference'))) {
    // What is consulted about stays a transfer or a three-way call.
    return { do: 'change', handover: handover.id, ...press, ...(key === 'consult' ? { mode: handover.mode } : {}) }
  }
  return { do: 'press', ...press }
}

/** So long a lamp has been lit before its key means what it shows, ms: a key that bounces must not take itself back. */
export const litMs = 1_500

/** A key with a lamp: lit, it does what the lamp means; it takes the ringing back, and ends a consultation by its own way. @param now UTC ms */
export function litDeedOf(key: Key, part: Part, now: number): Deed {
  const { agent, phase, handover } = part
  if (key === 'confirm' || key === 'back' || handover?.agent !== agent) return deedOf(key, part)
  const lit = now - Date.parse(handover.requestedAt) >= litMs
  const takesBack = (phase === 'inviting' && keyOf(handover) === key) || (phase === 'consulting' && key === 'consult')
  return takesBack && lit ? { do: 'cancel', handover: handover.id } : deedOf(key, part)
}

/** Whose lamp a hand-over lights. */
export const keyOf = ({ mode, consult }: Pick<Handover, 'mode' | 'consult'>): 'transfer' | 'conference' | 'consult' => (consult ? 'consult' : mode)
