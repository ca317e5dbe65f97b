/** Slows guessing down: after some failures in a row, of a name or from an address, none is tried for a while. Pure but for its memory. */
const freeFailures = 5
const firstPauseMs = 1_000
const longestPauseMs = 900_000
/** Names and addresses remembered. */
const most = 10_000

interface Tried {
  readonly failures: number
  /** Monotonic ms. */
  readonly until: number
}

export class Attempts {
  readonly #tried = new Map<string, Tried>()

  /** @param now monotonic ms @returns how long nothing is tried for one of these, ms; 0: it may be tried */
  waitMs(of: readonly string[], now: number): number {
    return Math.max(0, ...of.map((key) => (this.#tried.get(key)?.until ?? 0) - now))
  }

  failed(of: readonly string[], now: number): void {
    for (const key of of) {
      const failures = (this.#tried.get(key)?.failures ?? 0) + 1
      const pause = failures < freeFailures ? 0 : Math.min(firstPauseMs * 2 ** (failures - freeFailures), longestPauseMs)
      this.#tried.delete(key)
      this.#tried.set(key, { failures, until: now + pause })
    }
    // The longest unheard of first.
    for (const key of this.#tried.keys()) {
      if (this.#tried.size <= most) return
      this.#tried.delete(key)
    }
  }

  succeeded(of: readonly string[]): void {
    for (const key of of) this.#tried.delete(key)
  }
}
