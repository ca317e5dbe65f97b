/**
 * The circuit breaker of one endpoint: after some attempts in a row that failed for now, none are made for a while; then one
 * alone is let through, and says whether the others may follow.
 */
export const circuitStates = ['closed', 'open', 'half-open'] as const
export type CircuitState = (typeof circuitStates)[number]

export interface CircuitSettings {
  /** Failures in a row that open it. */
  readonly failures: number
  /** Until the first probe, ms; doubled with each probe that fails. */
  readonly pauseMs: number
  /** ms */
  readonly longestPauseMs: number
}

/** What an attempt says of its endpoint: it took the message or refused it for good, or nothing can be had from it now. */
export type Sign = 'alive' | 'failing'

export interface Permit {
  readonly probe: boolean
}

export interface Wait {
  /** UTC ms */
  readonly askAgainAt: number
}

export class Circuit {
  readonly #settings: CircuitSettings
  #failures = 0
  /** Since it opened. */
  #failedProbes = 0
  /** UTC ms. */
  #openUntil: number | undefined
  #probing = false

  constructor(settings: CircuitSettings) {
    this.#settings = settings
  }

  /** @param now UTC ms */
  state(now: number): CircuitState {
    if (this.#openUntil === undefined) return 'closed'
    return this.#probing || now >= this.#openUntil ? 'half-open' : 'open'
  }

  /**
   * Asks for an attempt; whoever gets a permit says with it what came of it.
   * @param now UTC ms
   */
  ask(now: number): Permit | Wait {
    if (this.#openUntil === undefined) return { probe: false }
    if (now < this.#openUntil) return { askAgainAt: this.#openUntil }
    if (this.#probing) return { askAgainAt: now + this.#settings.pauseMs }
    this.#probing = true
    return { probe: true }
  }

  /**
   * @param sign undefined: the attempt says nothing of the endpoint
   * @param now UTC ms
   * @returns whether it has closed with this: who waits may come
   */
  tell({ probe }: Permit, sign: Sign | undefined, now: number): boolean {
    if (probe) this.#probing = false
    if (sign === 'alive') {
      const closes = this.#openUntil !== undefined
      this.#failures = 0
      this.#failedProbes = 0
      this.#openUntil = undefined
      return closes
    }
    // What was under way as it opened counts no more.
    if (sign === undefined || (this.#openUntil !== undefined && !probe)) return false
    this.#failures += 1
    if (probe) this.#failedProbes += 1
    if (this.#failures >= this.#settings.failures) this.#openUntil = now + this.#pause()
    return false
  }

  #pause(): number {
    return Math.min(this.#settings.pauseMs * 2 ** Math.min(this.#failedProbes, 20), this.#settings.longestPauseMs)
  }
}
