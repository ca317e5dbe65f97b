import type { CallsFact } from '../facts.ts'
import type { Handover, Mode, Platform } from '../handover/handover.ts'
import type { Room } from './state.ts'

/** What the caller hears while nobody talks with him. `ringing` is SIP 180 before the answer, `ringback` a tone after it. */
export type Background = 'nothing' | 'ringing' | 'ringback' | 'music'

/** What a leg that is in no bridge hears. */
export type Apart = 'ringback' | 'music' | 'silence'

/** Where a leg is: in a bridge; apart, hearing something; or listening to the talk, heard by one leg alone. */
export type Place = Room | Apart | `whisper ${string}`

/** `queue-position-1` and so on; `queue-position-many` beyond the last one that is spoken. */
export type Prompt = 'please-wait' | 'recording-notice' | 'satisfaction' | `queue-position-${number | 'many'}`
export type Briefing = 'briefing-danger' | `briefing-${Mode}`
/** The last place in the queue that has a prompt of its own. */
export const lastSpokenPosition = 10

export const prompts: readonly Prompt[] = [
  'please-wait',
  'recording-notice',
  'satisfaction',
  ...Array.from({ length: lastSpokenPosition }, (_, i) => `queue-position-${i + 1}` as const),
  'queue-position-many',
]

export const refusals = [
  'call-not-answered',
  'call-ended',
  'not-your-call',
  'same-desk',
  'reason-missing',
  'handover-not-found',
  'handover-too-late',
  'handover-settled',
  'handover-not-verified',
  'not-a-conference',
  'party-not-found',
  'party-not-joined',
  'party-already-in',
  'last-party',
  'cannot-whisper',
  'call-not-recorded',
] as const
export type Refusal = (typeof refusals)[number]

export type Reply =
  | { readonly kind: 'handover'; readonly handover: Handover; readonly created: boolean }
  /** The party that the command was about. */
  | { readonly kind: 'party'; readonly party: string }
  /** The command was about the call itself. */
  | { readonly kind: 'call' }
  | { readonly kind: 'refused'; readonly code: Refusal }

export type Action =
  /** Make a leg to `endpoint` and ring it. */
  | {
      readonly type: 'dial-leg'
      readonly leg: string
      readonly endpoint: string
      /** Whose desk is rung: a trunk may lead to both. */
      readonly platform: Platform
      readonly role: 'agent' | 'peer' | 'guest' | 'caller'
      readonly handoverId?: string
      /** Dialled on the trunk `endpoint`. */
      readonly number?: string
    }
  | { readonly type: 'hang-up-leg'; readonly leg: string; readonly reason: 'normal' | 'no-answer' | 'answered-elsewhere' }
  /** Put the leg into one of the call's bridges, out of wherever it is. */
  | { readonly type: 'join-leg'; readonly leg: string; readonly room: Room }
  /** Take the leg out of its bridge. */
  | { readonly type: 'separate-leg'; readonly leg: string; readonly hears: Apart }
  /** Take the leg out of its bridge: it hears the whole talk, and the leg `to` alone hears it. */
  | { readonly type: 'whisper'; readonly leg: string; readonly to: string }
  /** The call's channels so far carry the hand-over's id from now on, for whoever looks at the PBX alone. */
  | { readonly type: 'note-handover'; readonly parties: readonly string[]; readonly handoverId: string }
  /** The party, `caller` or a leg, is not heard by the others, or is again. */
  | { readonly type: 'mute'; readonly party: string; readonly on: boolean }
  | { readonly type: 'open-bridge' }
  /** The call's bridges, the consultation's included. */
  | { readonly type: 'close-bridge' }
  /** Answer the caller and put him into the call's bridge, once. */
  | { readonly type: 'answer-caller' }
  /** The only action that ends a caller's leg: a named person ended the call. */
  | { readonly type: 'hang-up-caller'; readonly endedBy: string }
  /** Back into the dialplan, whose fallback rings the desk without Tandem. */
  | { readonly type: 'give-back-caller' }
  | { readonly type: 'set-background'; readonly sound: Background }
  | { readonly type: 'announce'; readonly prompt: Prompt }
  /** Heard by the leg alone, before what follows is done. */
  | { readonly type: 'brief-leg'; readonly leg: string; readonly prompt: Briefing }
  /** Of what is heard in the room from now on; harmless where it runs already. */
  | { readonly type: 'start-recording'; readonly recording: string; readonly room: Room }
  | { readonly type: 'stop-recording'; readonly recording: string }
  /** Silence takes the place of what is heard, or no longer does. */
  | { readonly type: 'pause-recording'; readonly recording: string; readonly on: boolean }
  | { readonly type: 'set-timer'; readonly token: number; readonly afterMs: number }
  | { readonly type: 'record'; readonly facts: readonly CallsFact[] }
  | { readonly type: 'reply'; readonly command: string; readonly reply: Reply }
