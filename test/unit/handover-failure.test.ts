import { describe, expect, it } from 'vitest'
import { failureOf, tellingFailure } from '../../src/domain/handover/failure.ts'
import type { FailureReason } from '../../src/domain/handover/handover.ts'

describe('why a target did not take the call', () => {
  it.each([
    ['486 Busy Here', { sipCode: 486, cause: 17 }, 'busy', 'busy'],
    ['600 Busy Everywhere', { sipCode: 600, cause: 17 }, 'busy', 'busy'],
    ['busy on a trunk that gives no SIP code', { cause: 17 }, 'busy', 'busy'],
    ['603 Decline', { sipCode: 603, cause: 21 }, 'rejected', 'rejected'],
    ['403 Forbidden', { sipCode: 403, cause: 21 }, 'rejected', 'rejected'],
    ['rejected on a trunk that gives no SIP code', { cause: 21 }, 'rejected', 'rejected'],
    ['480 Temporarily Unavailable', { sipCode: 480, cause: 19 }, 'no-answer', 'unreachable'],
    ['408 Request Timeout', { sipCode: 408, cause: 18 }, 'no-answer', 'unreachable'],
    ['no user responding', { cause: 18 }, 'no-answer', 'unreachable'],
    ['no answer from user', { cause: 19 }, 'no-answer', 'unreachable'],
    ['normal clearing', { cause: 16 }, 'no-answer', 'unreachable'],
    ['404 Not Found', { sipCode: 404, cause: 1 }, 'unreachable', 'unreachable'],
    ['503 Service Unavailable', { sipCode: 503, cause: 34 }, 'unreachable', 'unreachable'],
    ['no channel could be made', { causeText: 'Allocation failed' }, 'unreachable', 'unreachable'],
    ['486 without a cause', { sipCode: 486 }, 'busy', 'busy'],
    ['600 without a cause', { sipCode: 600 }, 'busy', 'busy'],
    ['603 without a cause', { sipCode: 603 }, 'rejected', 'rejected'],
    ['403 without a cause', { sipCode: 403 }, 'rejected', 'rejected'],
    ['480 without a cause', { sipCode: 480 }, 'no-answer', 'unreachable'],
    ['408 without a cause', { sipCode: 408 }, 'no-answer', 'unreachable'],
  ] as const)('%s', (_, end, havingRung, otherwise) => {
    expect(failureOf({ ...end, rang: true })).toEqual({ reason: havingRung, ...end })
    expect(failureOf({ ...end, rang: false })).toEqual({ reason: otherwise, ...end })
  })
})

describe('the most telling of two failures', () => {
  const order: readonly FailureReason[] = ['rejected', 'busy', 'no-answer', 'unreachable']

  it.each(order.flatMap((one, i) => order.map((other, k) => ({ one, other, telling: i <= k ? one : other }))))(
    '$one and $other: $telling',
    ({ one, other, telling }) => {
      expect(tellingFailure({ reason: one, sipCode: 1 }, { reason: other, sipCode: 2 })).toEqual({
        reason: telling,
        sipCode: telling === one ? 1 : 2,
      })
    },
  )

  it('the only one', () => {
    expect(tellingFailure(undefined, { reason: 'busy' })).toEqual({ reason: 'busy' })
  })
})
