import type { Background } from '../domain/call/actions.ts'
import type { Arrival, LegEnd } from '../domain/call/events.ts'

/** What the call control tells: facts about channels, by channel id. */
export interface ControlListener {
  arrived(arrival: Omit<Arrival, 'id'>): void
  callerLeft(channelId: string): void
  legDialled(leg: string, sipCallId: string | undefined): void
  legRinging(leg: string): void
  legAnswered(leg: string): void
  legEnded(leg: string, end: LegEnd): void
  /** Control is back after a time in which events may have been lost. */
  restored(): void
}

export interface LegOrder {
  readonly leg: string
  readonly callId: string
  readonly endpoint: string
  readonly role: 'agent' | 'peer'
  readonly handoverId?: string
  readonly callerNumber: string
  readonly callerName?: string
}

/**
 * The port to the PBX. Every operation is harmless when repeated. `dialLeg` and `hangUpLeg` never reject: their results
 * come as events. The others reject with the reason when the PBX refuses.
 */
export interface CallControl {
  readonly up: boolean
  dialLeg(order: LegOrder): void
  hangUpLeg(leg: string, reason: 'normal' | 'no-answer' | 'answered-elsewhere'): void
  openBridge(callId: string): Promise<void>
  closeBridge(callId: string): Promise<void>
  answerCaller(callId: string, channelId: string): Promise<void>
  hangUpCaller(channelId: string): Promise<void>
  giveBackCaller(channelId: string, platform: string): Promise<void>
  joinLeg(callId: string, leg: string): Promise<void>
  separateLeg(callId: string, leg: string): Promise<void>
  /** Replaces what the caller hears of ours. */
  setBackground(callId: string, channelId: string, from: Background, to: Background): Promise<void>
  announce(callId: string, prompt: string): Promise<void>
  /** Tells the listener what it missed: hang-ups first, then answers. */
  reconcile(): Promise<void>
}
