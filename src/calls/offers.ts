import { platforms } from '../domain/handover/handover.ts'
import type { CallBook } from './call-book.ts'
import type { Desks } from './desks.ts'

/** Tells whoever waits longest for a desk that something there has become free. */
export class Offers {
  readonly #desks: Desks
  readonly #book: CallBook
  readonly #controlUp: () => boolean
  #planned = false

  constructor(desks: Desks, book: CallBook, controlUp: () => boolean) {
    this.#desks = desks
    this.#book = book
    this.#controlUp = controlUp
  }

  /** After the step that freed it, and after what else is to be done then. */
  soon(): void {
    if (this.#planned) return
    this.#planned = true
    setImmediate(() => {
      this.#planned = false
      if (this.#controlUp()) for (const platform of platforms) this.#offer(platform)
    })
  }

  #offer(platform: (typeof platforms)[number]): void {
    const first = this.#desks.queues.first(platform)
    if (!first || !this.#desks.canServe(platform)) return
    this.#book.get(first.callId)?.deliver({ type: 'desk-free' })
    // There may be more free ones than the first takes.
    if (this.#desks.queues.first(platform) !== first) this.soon()
  }
}
