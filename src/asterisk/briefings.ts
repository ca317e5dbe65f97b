import type { Logger } from 'pino'
import type { AriLink } from './ari-link.ts'
import { briefingOf } from './names.ts'

/** Then the desk gets the caller, whatever has become of the briefing, ms. */
const longestMs = 10_000
/** Time in which the end of a leg is told that cut a playback short, ms. */
const legEndMs = 500

/** Announcements to legs that are in no bridge yet. */
export class Briefings {
  readonly #link: AriLink
  readonly #language: string
  readonly #logger: Logger
  /** Who waits for a briefing's end, by leg. */
  readonly #waiting = new Map<string, () => void>()

  constructor(link: AriLink, language: string, logger: Logger) {
    this.#link = link
    this.#language = language
    this.#logger = logger
  }

  /** Resolves when it has been heard, or could not be. */
  async play(leg: string, prompt: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.set(leg, resolve)
    const timer = setTimeout(resolve, longestMs)
    try {
      await this.#link.request('channels', 'playWithId', { channelId: leg, playbackId: briefingOf(leg), media: `sound:tandem/${prompt}`, lang: this.#language })
      await promise
    } catch (error) {
      // A briefing is a courtesy: without it the desk gets the caller all the same.
      this.#logger.warn({ err: error, leg }, 'a briefing could not be played')
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(leg)
    }
  }

  /** One that failed did so because the leg is ending, as a rule: that is told first, then the briefing is over. */
  finished({ id, state }: { readonly id: string; readonly state: string }): void {
    const over = this.#waiting.get(id.slice(briefingOf('').length))
    if (state === 'failed') setTimeout(() => over?.(), legEndMs)
    else over?.()
  }

  legEnded(leg: string): void {
    this.#waiting.get(leg)?.()
  }
}
