import type { Apart, Place } from '../domain/call/actions.ts'
import type { Room } from '../domain/call/state.ts'
import { LegGone } from '../calls/call-control.ts'
import { AriError, unlessGone } from './ari-error.ts'
import type { AriLink } from './ari-link.ts'
import type { Bridges } from './bridges.ts'
import { bridgeOf, briefingOf } from './names.ts'
import type { Whispers } from './whispers.ts'

/** `addChannel` of a channel that is gone: not found, or on its way out of the application. */
const legGone = new Set([400, 422])
/** `removeChannel` of one that is not in that bridge: its join may have been lost with the connection. */
const notThere = [400, 404, 409, 422]
const rooms: readonly Room[] = ['call', 'consultation']

/**
 * Legs, in a room or apart. What one move needs is sent at once, since Asterisk carries out one request of the connection
 * after the other; so the next move may be sent before this one is done.
 */
export class Seating {
  readonly #link: AriLink
  readonly #bridges: Bridges
  readonly #whispers: Whispers
  /** Where each leg is, or is on its way to; `unknown`: wherever another process put it, or a move that may not have been carried out. */
  readonly #places = new Map<string, Place | 'unknown'>()

  constructor(link: AriLink, bridges: Bridges, whispers: Whispers) {
    this.#link = link
    this.#bridges = bridges
    this.#whispers = whispers
  }

  /** A leg that another process had. */
  takeOver(leg: string, place: Place | 'unknown'): void {
    this.#places.set(leg, place)
  }

  legEnded(leg: string): void {
    this.#places.delete(leg)
    void this.#whispers.end(leg)
  }

  /** @throws LegGone, AriError */
  async join(callId: string, leg: string, room: Room): Promise<void> {
    const apart = this.#endApart(leg)
    const opened = this.#bridges.openConsultation(callId, room)
    const joined = this.#link.request('bridges', 'addChannel', { bridgeId: bridgeOf(callId, room), channel: leg, absorbDTMF: true })
    this.#places.set(leg, room)
    try {
      await Promise.all([apart, opened, joined])
    } catch (error) {
      this.#unsure(leg)
      if (error instanceof AriError && legGone.has(error.status ?? 0)) throw new LegGone(error.message, { cause: error })
      throw error
    }
  }

  /** @throws AriError */
  async separate(callId: string, leg: string, hears: Apart): Promise<void> {
    const from = this.#places.get(leg)
    const apart = this.#endApart(leg)
    const left = rooms.filter((room) => from === room || from === 'unknown').map((room) => this.#leave(callId, leg, room))
    const sound = hears === 'silence' ? undefined : this.#link.request('channels', hears === 'ringback' ? 'ring' : 'startMoh', { channelId: leg })
    this.#places.set(leg, hears)
    try {
      await Promise.all([apart, ...left, sound])
    } catch (error) {
      this.#unsure(leg)
      throw error
    }
  }

  /** @throws AriError */
  async whisper(callId: string, leg: string, to: string): Promise<void> {
    await this.separate(callId, leg, 'silence')
    await this.#whispers.begin(leg, to)
  }

  async #leave(callId: string, leg: string, room: Room): Promise<void> {
    await unlessGone(this.#link.request('bridges', 'removeChannel', { bridgeId: bridgeOf(callId, room), channel: leg }), notThere)
  }

  /** Ends what the leg hears outside the rooms. */
  async #endApart(leg: string): Promise<void> {
    const [heard, channelId] = [this.#places.get(leg), leg]
    const anything = heard === 'unknown'
    await Promise.all([
      this.#whispers.end(leg),
      // A briefing under way would hold up whatever is asked of the leg next, and with it the socket.
      anything && unlessGone(this.#link.request('playbacks', 'stop', { playbackId: briefingOf(leg) })),
      (anything || heard === 'ringback') && unlessGone(this.#link.request('channels', 'ringStop', { channelId })),
      (anything || heard === 'music') && unlessGone(this.#link.request('channels', 'stopMoh', { channelId })),
    ])
  }

  /** Ended meanwhile, it has no place. */
  #unsure(leg: string): void {
    if (this.#places.has(leg)) this.#places.set(leg, 'unknown')
  }
}
