/** A live call as it is kept with the PBX, as long as the call itself: whoever takes over goes on from it. */
import type { CallsFact } from '../facts.ts'
import { type Phase, phases, type State } from './state.ts'

/** Counts the forms of `State`: one that is not understood is not guessed at. */
const version = 2

export interface CallSnapshot {
  readonly state: State
  /** The running timer, and when it fires; `mono` of `Instant`, ms. */
  readonly timer?: { readonly token: number; readonly at: number }
  /** The last facts that were not yet known to be in the journal. */
  readonly facts: readonly CallsFact[]
}

/** Asterisk closes a WebSocket whose frame has more than 65,535 bytes: far below that, with what quoting adds. */
const mostBytes = 24_000

/** The oldest of the facts are left out where it would become too long: they have had the most time to be written. The very first one stays, which says that the journal has none. */
export function toText(snapshot: CallSnapshot): string {
  const text = JSON.stringify({ version, ...snapshot })
  const { facts } = snapshot
  if (facts.length < 2 || Buffer.byteLength(text) <= mostBytes) return text
  const [first, ...rest] = facts
  const newest = rest.slice(Math.ceil(rest.length / 2))
  return toText({ ...snapshot, facts: first?.sequence === 1 ? [first, ...newest] : newest })
}

/** @returns undefined for a text that this program did not write, or an earlier one in another form */
export function fromText(text: string): CallSnapshot | undefined {
  let read: Partial<CallSnapshot> & { readonly version?: number }
  try {
    read = JSON.parse(text) as typeof read
  } catch {
    // Cut off or foreign: as good as none.
    return undefined
  }
  const phase: Phase | undefined = read.state?.phase
  if (read.version !== version || !read.state || !phase || !phases.includes(phase)) return undefined
  return { state: read.state, facts: read.facts ?? [], ...(read.timer ? { timer: read.timer } : {}) }
}

/**
 * The state after all that the journal knows of the call: numbers go on behind its last fact, and what that one told is not
 * told again. The dialling of a leg alone is not worth a snapshot.
 */
export function after(state: State, last: CallsFact | undefined): State {
  if (!last || last.sequence <= state.call.sequence) return state
  const call = { ...state.call, sequence: last.sequence }
  if (state.phase !== 'inviting' || last.type !== 'handover-dialled' || last.handover.id !== state.handover.id) return { ...state, call }
  return { ...state, call, handover: { ...last.handover, pressedAtMono: state.handover.pressedAtMono } }
}

/** Whether the state says what became of the hand-over: it is under way, or the call's last one. */
export const knowsHandover = (state: State, handoverId: string): boolean =>
  ('handover' in state && state.handover.id === handoverId) || state.call.last?.id === handoverId
