/** What a test sees of a desk phone's calls and lamps. */

/** One call of the phone: one dialog (RFC 3261 §12), with a tone as its voice. */
export interface DeskCall {
  readonly state: 'ringing' | 'up' | 'ended'
  /** Of a call that the phone made: there is a dialog, early at least. */
  readonly rings: boolean
  /** Its answer's final code, of a call that the phone made. */
  readonly status: number | undefined
  readonly callId: string
  /** Progress of the phone's REFER as it was notified (RFC 3515 §2.4.4): SIP codes. */
  readonly progress: readonly number[]
  answer(): void
  hangUp(): Promise<void>
  /** The phone's hold key, or its end: a re-INVITE. */
  hold(on: boolean): Promise<void>
  /** A key by RFC 4733. */
  press(digit: string): Promise<void>
  /** A key by INFO, `application/dtmf-relay`. @returns the code of its answer */
  info(digit: string): Promise<number>
  /** The phone's Transfer key: blind to a number, attended to another of its calls (RFC 3891). @returns the code of the REFER's answer */
  refer(to: string | DeskCall, more?: readonly string[]): Promise<number>
}

/** A subscription to a lamp: the dialog states of RFC 4235 that were notified; ` held` with `sip.rendering`. */
export interface Lamp {
  readonly states: readonly string[]
}
