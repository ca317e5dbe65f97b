/** Tells every listener everything, in order. */
export class Announcer<T> {
  readonly #listeners = new Set<(told: T) => void>()
  readonly #untold: T[] = []
  readonly #onFault: (error: unknown) => void

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault
  }

  listen(listener: (told: T) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  tell(told: T): void {
    this.#untold.push(told)
    // What a listener appends is told after everyone has heard of this one.
    if (this.#untold.length > 1) return
    while (this.#untold.length > 0) {
      for (const listener of this.#listeners) {
        try {
          listener(this.#untold[0] as T)
        } catch (error) {
          // One reader's fault is not the others', nor the caller's.
          this.#onFault(error)
        }
      }
      this.#untold.shift()
    }
  }
}
