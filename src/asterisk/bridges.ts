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

  /** Harmless when it is there. @throws AriError */
  async open(callId: string, room: Room): Promise<void> {
    const early = room === 'call' ? this.#early.get(callId) : undefined
    this.#early.delete(callId)
    await (early ?? this.#create(callId, room))
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
