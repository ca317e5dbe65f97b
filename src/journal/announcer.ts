import type { Entry } from './journal.ts'

type Listener = (entries: readonly Entry[]) => void

/** Tells every listener of every append, in order. */
export class Announcer {
  readonly #listeners = new Set<Listener>()
  readonly #untold: (readonly Entry[])[] = []
  readonly #onFault: (error: unknown) => void

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  tell(entries: readonly Entry[]): void {
    this.#untold.push(entries)
    // What a listener appends is told after everyone has heard of this one.
    if (this.#untold.length > 1) return
    for (let next = this.#untold[0]; next; next = this.#untold[0]) {
      for (const listener of this.#listeners) {
        try {
          listener(next)
        } catch (error) {
          // One reader's fault is not the others', nor the caller's.
          this.#onFault(error)
        }
      }
      this.#untold.shift()
    }
  }
}
