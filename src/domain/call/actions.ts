import type { Fact } from '../facts.ts'
import type { Handover } from '../handover/handover.ts'

/** What the caller hears while no desk talks with him. `ringing` is SIP 180 before the answer, `ringback` a tone after it. */
export type Background = 'nothing' | 'ringing' | 'ringback' | 'music'

export const refusals = [
  'call-not-answered',
  'call-ended',
  'not-your-call',
  'same-desk',
  'handover-not-found',
  'handover-too-late',
  'handover-settled',
] as const
export type Refusal = (typeof refusals)[number]

export type Reply =
  | { readonly kind: 'handover'; readonly handover: Handover; readonly created: boolean }
  | { readonly kind: 'refused'; readonly code: Refusal }

export type Action =
  /** Make a leg to `endpoint` and ring it. */
  | { readonly type: 'dial-leg'; readonly leg: string; readonly endpoint: string; readonly role: 'agent' | 'peer'; readonly handoverId?: string }
  | { readonly type: 'hang-up-leg'; readonly leg: string; readonly reason: 'normal' | 'no-answer' | 'answered-elsewhere' }
  /** Put the leg into the call's bridge. */
  | { readonly type: 'join-leg'; readonly leg: string }
  /** Take the leg out of the call's bridge; it hears ringback. */
  | { readonly type: 'separate-leg'; readonly leg: string }
  | { readonly type: 'open-bridge' }
  | { readonly type: 'close-bridge' }
  /** Answer the caller and put him into the call's bridge, once. */
  | { readonly type: 'answer-caller' }
  /** The only action that ends a caller's leg: a named person ended the call. */
  | { readonly type: 'hang-up-caller'; readonly endedBy: string }
  /** Back into the dialplan, whose fallback rings the desk without Tandem. */
  | { readonly type: 'give-back-caller' }
  | { readonly type: 'set-background'; readonly sound: Background }
  | { readonly type: 'announce'; readonly prompt: 'please-wait' }
  | { readonly type: 'set-timer'; readonly token: number; readonly afterMs: number }
  | { readonly type: 'record'; readonly facts: readonly Fact[] }
  | { readonly type: 'reply'; readonly command: string; readonly reply: Reply }
