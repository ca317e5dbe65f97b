import type { Observed, ObservedRoom } from './comparison.ts'
import type { Carried } from '../domain/edge/carried.ts'
import type { Apart, Background } from '../domain/call/actions.ts'
import type { Adoption, Arrival, LegEnd } from '../domain/call/events.ts'
import type { Platform } from '../domain/handover/handover.ts'
import type { Room } from '../domain/call/state.ts'
import type { Probe, Sound } from '../domain/test-call.ts'

/** What desk phones do beside ringing, answering and hanging up. A *line* is a call that a desk's phone makes by itself: a channel of its own. */
export interface PhoneListener {
  /** `0` to `9`, `*`, `#`; on a leg or a line. */
  digitPressed(leg: string, digit: string): void
  /** The phone's Transfer key (REFER): to a number, or to its own other call (Replaces, RFC 3891). */
  referred(channel: string, to: { readonly extension: string } | { readonly channel: string }): void
  /** It waits for an answer. */
  lineDialled(line: string, endpoint: string, extension: string): void
  lineHeld(line: string, held: boolean): void
  lineEnded(line: string): void
  /** By the phone's own key. @returns whether it is not the call that is held */
  legHeld(leg: string, held: boolean): boolean
  legEnded(leg: string): void
  /** Control is back: what phones were told may be lost. */
  controlBack(): void
}

/** What the call control tells: facts about channels, by channel id. */
export interface ControlListener extends Omit<PhoneListener, 'legEnded' | 'legHeld' | 'controlBack'> {
  arrived(arrival: Omit<Arrival, 'id'>): void
  /** A talk of the call centre's own is in our hands, its desk's leg included. Told again, it changes nothing. */
  adopted(adoption: Adoption): void
  /** `movedOn`: into the dialplan, whose fallback rings the desk for him. */
  callerLeft(channelId: string, movedOn?: boolean): void
  legDialled(leg: string, sipCallId: string | undefined): void
  legRinging(leg: string): void
  legAnswered(leg: string): void
  /** By the phone's own key. */
  legHeld(leg: string, held: boolean): void
  legEnded(leg: string, end: LegEnd): void
  readonly recordings: RecordingListener
  /** Control is back after a time in which events may have been lost; `helped`: in which others may have acted for us. */
  restored(helped?: boolean): void
}

/** What the call control tells of recordings, by id. */
export interface RecordingListener {
  /** @param at UTC of its first sample, ISO 8601 */
  started(recording: string, at: string): void
  /** Its file is closed, whoever ended it. A file that could not be written is told so too. */
  ended(recording: string, startedAt: string | undefined, reason: string): void
}

export interface LegOrder {
  readonly leg: string
  readonly callId: string
  readonly endpoint: string
  /** Whose desk is rung: a trunk may lead to both. */
  readonly platform: Platform
  readonly role: 'agent' | 'peer' | 'guest' | 'caller' | 'test'
  readonly handoverId?: string
  /** To be dialled on the trunk `endpoint`: digits, perhaps behind a plus. */
  readonly number?: string
  readonly callerNumber: string
  readonly callerName?: string
  /** What it tells whoever is rung, where a trunk's network may know. */
  readonly carried?: Carried
  /** The PBX ends the leg after this by itself, whether anybody is in charge or not. */
  readonly limitMs?: number
}

export type Missed = 'caller-left' | 'caller-moved-on' | 'leg-ended' | 'leg-answered'

/** A live call that another process made. */
export interface TakenOver {
  /** The channel of a citizen who called. */
  readonly caller?: string
  readonly legs: readonly { readonly id: string; readonly answered: boolean }[]
  readonly rooms: readonly ObservedRoom[]
}

/** A leg could not be joined because it has just ended: its end is told, or will be. */
export class LegGone extends Error {
  override readonly name = 'LegGone'
}

/** As the rest of the port: harmless when repeated. */
export interface RecordingControl {
  /** Records what is heard in the call's room, into the file that the recording's id names. */
  start(callId: string, recording: string, room: Room): Promise<void>
  stop(recording: string): Promise<void>
  /** Silence takes the place of what is heard, so that the time line stays; or no longer does. */
  pause(recording: string, on: boolean): Promise<void>
  /** Whether it runs in the PBX, whoever began it. */
  isLive(recording: string): Promise<boolean>
}

/** How the phone that asked for a transfer is told of it: NOTIFY with 100, 200, 503, 603 (RFC 3515). */
export type TransferProgress = 'channel_progress' | 'channel_answered' | 'channel_unavailable' | 'channel_declined'

/** What desk phones are told; none of it is waited for by a call, and nothing of it rejects. */
export interface PhoneControl {
  /** To the phone that has sent a REFER on this leg. */
  tellProgress(leg: string, progress: TransferProgress): void
  ringLine(line: string): void
  /** Answers it and brings it where the desks talk with each other. */
  joinLine(callId: string, line: string): void
  /** @param cause Q.850: why it is not answered; it is answered first, and ended at once, when left out */
  endLine(line: string, cause?: number): void
  /** Whether a lamp could be told. @param state as Asterisk's device states have it */
  setLamp(lamp: string, state: string): Promise<void>
}

/** A talk of the call centre's own was not adopted: it goes on as it was. */
export class AdoptionRefused extends Error {
  override readonly name = 'AdoptionRefused'
  readonly code: 'agent-not-in-call' | 'adoption-not-allowed' | 'adoption-failed' | 'asterisk-away'

  constructor(code: AdoptionRefused['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * The port to the PBX. Every operation is harmless when repeated. `dialLeg` and `hangUpLeg` never reject: their results
 * come as events. The others reject with the reason when the PBX refuses.
 */
export interface CallControl {
  readonly up: boolean
  readonly recordings: RecordingControl
  readonly phones: PhoneControl
  dialLeg(order: LegOrder): void
  hangUpLeg(leg: string, reason: 'normal' | 'no-answer' | 'answered-elsewhere'): void
  /** @param caller the channel of a citizen who called */
  openBridge(callId: string, caller?: string): Promise<void>
  /** Adopts the talk that the agent has without us, as the call `callId`; resolves when it has been told. @throws AdoptionRefused */
  adoptTalk(agent: string, callId: string): Promise<void>
  /** The call's bridges. */
  closeBridge(callId: string): Promise<void>
  answerCaller(callId: string, channelId: string): Promise<void>
  hangUpCaller(channelId: string): Promise<void>
  giveBackCaller(channelId: string, platform: Platform): Promise<void>
  /** Into one of the call's bridges, out of the other one or of what the leg heard apart. @throws LegGone */
  joinLeg(callId: string, leg: string, room: Room): Promise<void>
  separateLeg(callId: string, leg: string, hears: Apart): Promise<void>
  /** Out of the bridge: the leg hears the whole talk, and the leg `to` alone hears it. */
  whisper(callId: string, leg: string, to: string): Promise<void>
  /** The channel carries the hand-over's id from now on. */
  noteHandover(channelId: string, handoverId: string): Promise<void>
  /** What the channel says is not passed on, or is again. */
  mute(channelId: string, on: boolean): Promise<void>
  /** Replaces what the caller hears of ours. */
  setBackground(callId: string, channelId: string, from: Background, to: Background): Promise<void>
  /** Heard by the leg alone, which is in no bridge yet; resolves when it has been heard, or could not be. */
  brief(leg: string, prompt: string): Promise<void>
  /**
   * Plays the test tone to an answered leg, which is in no bridge, and listens meanwhile: until enough is heard, `withinMs` have
   * passed or the leg has ended.
   */
  probe(leg: string, withinMs: number, enough: (sounds: readonly Sound[]) => boolean): Promise<Probe>
  /** To the caller, then music. */
  announce(callId: string, prompt: string): Promise<void>
  /** Keeps the call's snapshot with its bridge, as long as that is there. Never rejects. */
  keep(callId: string, snapshot: string): void
  /** The PBX as it is, with the snapshots of the calls that are not known. */
  observe(knows: (callId: string) => boolean): Promise<Observed>
  /** A call that another process had is ours. */
  takeOver(call: TakenOver): void
  /** Something was missed: the listener is told as if it had just happened. */
  tell(missed: Missed, channelId: string): void
  /** Repeats what the PBX may not have been told. */
  sayAgain(live: { has(channelId: string): boolean }): void
  /** Removes what belongs to no call. */
  clear(channels: readonly string[], rooms: readonly ObservedRoom[]): Promise<void>
}
