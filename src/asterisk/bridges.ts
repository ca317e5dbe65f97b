import type { Room } from '../domain/call/state.ts'
import { AriError, unlessGone } from './ari-error.ts'
import type { AriLink } from './ari-link.ts'
import { bridgeOf } from './names.ts'

/** The bridges of calls: made, and destroyed. */
export class Bridges {
  readonly #link: AriLink
  readonly #application: string
  /** Made before their call begins. */
  readonly #early = new Map<string, Promise<void>>()
  /** Calls that have a consultation's; `false`: that may have one. */
  readonly #consultations = new Map<string, boolean>()

  constructor(link: AriLink, application: string) {
    this.#link = link
    this.#application = application
  }

  /** The call's, which will begin soon: whoever opens it then need not wait. */
  openEarly(callId: string): void {
    const opened = this.#create(callId, 'call')
    this.#early.set(callId, opened)
    // Told to whoever opens it.
    opened.catch(() => undefined)
  }

  /** The call's. Harmless when it is there. @throws AriError */
  async open(callId: string): Promise<void> {
    const early = this.#early.get(callId)
    this.#early.delete(callId)
    await (early ?? this.#create(callId, 'call'))
  }

  /** Where the room is the consultation's: it is made when it is first needed. @throws AriError */
  async openConsultation(callId: string, room: Room): Promise<void> {
    if (room !== 'consultation' || this.#consultations.get(callId)) return
    // Who comes next need not ask again: Asterisk does one after the other.
    this.#consultations.set(callId, true)
    try {
      await this.#create(callId, room)
    } catch (error) {
      this.#consultations.set(callId, false)
      throw error
    }
  }

  /** It is there: another process made it. */
  takeOver(callId: string, room: Room): void {
    if (room === 'consultation') this.#consultations.set(callId, true)
  }

  /** All of the call's. Harmless when they are gone. @throws AriError */
  async close(callId: string): Promise<void> {
    const consultation = this.#consultations.delete(callId) && this.destroy(callId, 'consultation')
    await Promise.all([consultation, this.destroy(callId, 'call')])
  }

  /** Harmless when it is gone. @throws AriError */
  async destroy(callId: string, room: Room): Promise<void> {
    await unlessGone(this.#link.request('bridges', 'destroy', { bridgeId: bridgeOf(callId, room) }))
  }

  /** The call does not begin. */
  forget(callId: string): void {
    const early = this.#early.get(callId)
    if (!this.#early.delete(callId)) return
    // An empty one that stays is found by the next comparison.
    early?.then(() => this.destroy(callId, 'call')).catch(() => undefined)
  }

  async #create(callId: string, room: Room): Promise<void> {
    // dtmf_events keeps a two-party bridge from becoming native_rtp, where keys are lost.
    try {
      await this.#link.request('bridges', 'create', { bridgeId: bridgeOf(callId, room), type: 'mixing,dtmf_events', name: this.#application })
    } catch (error) {
      // Made before the connection was lost: it is there. Asterisk says so with a 500.
      if (!(error instanceof AriError) || !error.message.includes('duplicate bridge id')) throw error
    }
  }
}
