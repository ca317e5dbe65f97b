import type { Config } from '../config/schema.ts'
import { type Key, keys } from '../domain/keys.ts'

/** By key; a key without a code has none. */
export type Codes = Readonly<Partial<Record<Key, string>>>

/** The codes that are in use. */
export function codesOf({ keys: { codes } }: Pick<Config, 'keys'>): Codes {
  return Object.fromEntries(keys.filter((key) => codes[key] !== 'none').map((key) => [key, codes[key]]))
}

interface Pressed {
  readonly digits: string
  /** Monotonic ms. */
  readonly atMs: number
}

/** Finds codes in the digits that each leg sends. No code is the beginning of another one (the configuration sees to it). */
export class Digits {
  readonly #codes: Codes
  readonly #pauseMs: number
  readonly #pressed = new Map<string, Pressed>()

  /** @param pauseMs longest between two digits of a code */
  constructor(codes: Codes, pauseMs: number) {
    this.#codes = codes
    this.#pauseMs = pauseMs
  }

  /** @param nowMs monotonic @returns the key whose code this digit completes */
  pressed(leg: string, digit: string, nowMs: number): Key | undefined {
    const before = this.#pressed.get(leg)
    const digits = before && nowMs - before.atMs <= this.#pauseMs ? before.digits + digit : digit
    const key = keys.find((known) => this.#codes[known] === digits)
    const beginning = key === undefined ? this.#longestBeginning(digits) : ''
    if (beginning === '') this.#pressed.delete(leg)
    else this.#pressed.set(leg, { digits: beginning, atMs: nowMs })
    return key
  }

  forget(leg: string): void {
    this.#pressed.delete(leg)
  }

  /** After a wrong digit a code may begin anew: its last digits may be a code's first. */
  #longestBeginning(digits: string): string {
    const codes = Object.values(this.#codes)
    for (let from = 0; from < digits.length; from++) {
      const rest = digits.slice(from)
      if (codes.some((code) => code.startsWith(rest))) return rest
    }
    return ''
  }
}
