import type { Place } from '../domain/call/actions.ts'
import { unlessGone } from './ari-error.ts'
import type { AriLink } from './ari-link.ts'
import { briefingOf } from './names.ts'

/** Where each leg is that was joined or separated; `unknown` for one that another process had, and that is in no bridge. */
export class LegPlaces {
  readonly #link: AriLink
  readonly #byLeg = new Map<string, Place | 'unknown'>()

  constructor(link: AriLink) {
    this.#link = link
  }

  of(leg: string): Place | 'unknown' | undefined {
    return this.#byLeg.get(leg)
  }

  set(leg: string, place: Place | 'unknown'): void {
    this.#byLeg.set(leg, place)
  }

  forget(leg: string): void {
    this.#byLeg.delete(leg)
  }

  /** Ends what it hears apart. @throws AriError */
  async endApart(leg: string): Promise<void> {
    const heard = this.#byLeg.get(leg)
    const [anything, channelId] = [heard === 'unknown', leg]
    // A briefing under way would hold up whatever is asked of the leg next, and with it the socket.
    if (anything) await unlessGone(this.#link.request('playbacks', 'stop', { playbackId: briefingOf(leg) }))
    if (anything || heard === 'ringback') await unlessGone(this.#link.request('channels', 'ringStop', { channelId }))
    if (anything || heard === 'music') await unlessGone(this.#link.request('channels', 'stopMoh', { channelId }))
  }
}
