import { describe, expect, it } from 'vitest'
import { judgeResponse, pauseAfter, retryAfterLimitMs } from '../../src/tickets/verdict.ts'

const now = Date.UTC(2026, 10, 23)

describe('the verdict on an answer', () => {
  it.each([200, 201, 202, 204, 299])('%i is delivered', (status) => {
    expect(judgeResponse(status, undefined, now)).toBeUndefined()
  })

  it.each([408, 429, 500, 502, 503, 504])('%i is tried again', (status) => {
    expect(judgeResponse(status, undefined, now)).toMatchObject({ verdict: 'retry', code: `http-${status}` })
  })

  it.each([301, 302, 307, 400, 401, 404, 409, 410, 422])('%i is given up', (status) => {
    expect(judgeResponse(status, undefined, now)).toMatchObject({ verdict: 'dead', code: `http-${status}` })
  })

  it.each([
    ['120', 120_000],
    [new Date(now + 30_000).toUTCString(), 30_000],
    [new Date(now - 30_000).toUTCString(), 0],
    ['999999999', retryAfterLimitMs],
    ['soon', undefined],
    [undefined, undefined],
  ])('Retry-After %s asks for %s ms', (header, ms) => {
    expect(judgeResponse(503, header, now)?.retryAfterMs).toBe(ms)
  })
})

describe('the pause before the next attempt', () => {
  const retryMs = [1_000, 10_000]

  it('follows the list, up to a fifth longer, and ends with it', () => {
    expect(pauseAfter(1, retryMs, undefined, 0)).toBe(1_000)
    expect(pauseAfter(1, retryMs, undefined, 1)).toBe(1_200)
    expect(pauseAfter(2, retryMs, undefined, 0)).toBe(10_000)
    expect(pauseAfter(3, retryMs, 5_000, 0)).toBeUndefined()
  })

  it('is no shorter than the receiver asked for', () => {
    expect(pauseAfter(1, retryMs, 5_000, 0)).toBe(5_000)
    expect(pauseAfter(2, retryMs, 5_000, 0)).toBe(10_000)
  })
})
