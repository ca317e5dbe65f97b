/** What an attempt came to, for the one who decides what next. */
export type Verdict = 'retry' | 'dead'

/** An attempt that did not deliver. `code` goes into records and logs. */
export class DeliveryError extends Error {
  readonly verdict: Verdict
  readonly code: string
  readonly retryAfterMs: number | undefined
  /** Begin of the answer's body. */
  readonly answer: string
  /** It was the other end that refused. */
  readonly reached: boolean
  /** It is on its way: nothing is amiss. */
  readonly waiting: boolean

  constructor(verdict: Verdict, code: string, options: ErrorOptions & { retryAfterMs?: number | undefined; answer?: string; reached?: boolean; waiting?: boolean } = {}) {
    super(`not delivered: ${code}`, options)
    this.name = 'DeliveryError'
    this.verdict = verdict
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.answer = options.answer ?? ''
    this.reached = options.reached ?? false
    this.waiting = options.waiting ?? false
  }
}

/** Longest wait that a receiver may ask for, ms. */
export const retryAfterLimitMs = 3_600_000

/**
 * Undefined for 2xx. 408, 429 and 5xx may pass; 410, other 4xx and 3xx will not (Standard Webhooks, operational considerations).
 * @param retryAfter the header (RFC 9110 §10.2.3). @param now UTC, ms. @param answer begin of the body
 */
export function judgeResponse(status: number, retryAfter: string | undefined, now: number, answer = ''): DeliveryError | undefined {
  if (status >= 200 && status < 300) return undefined
  const verdict = status === 408 || status === 429 || status >= 500 ? 'retry' : 'dead'
  return new DeliveryError(verdict, `http-${status}`, { retryAfterMs: readRetryAfter(retryAfter, now), answer, reached: true })
}

function readRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const ms = /^[0-9]+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), retryAfterLimitMs)
}

/**
 * Pause before the next attempt in ms, up to a fifth longer than configured so that many do not come back at once; undefined after the last.
 * @param attempts made so far, from 1. @param random from 0 up to 1.
 */
export function pauseAfter(
  attempts: number,
  retryMs: readonly number[],
  retryAfterMs: number | undefined,
  random: number,
): number | undefined {
  const pause = retryMs[attempts - 1]
  if (pause === undefined) return undefined
  return Math.round(Math.max(pause, retryAfterMs ?? 0) * (1 + random / 5))
}
