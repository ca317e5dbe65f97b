import type { Config } from '../config/schema.ts'
import type { Context } from '../domain/call/events.ts'
import type { Instant } from '../domain/instant.ts'
import type { Desks } from './desks.ts'

/** What the machine of one call may know; a desk is looked at only when the machine asks. */
export const contextOf = (callId: string, desks: Desks, { calls, recording }: Config, now: Instant): Context => ({
  now,
  desks: {
    get '12345'() {
      return desks.at('12345', callId)
    },
    get '110'() {
      return desks.at('110', callId)
    },
  },
  ringMs: calls.ringMs,
  routeMs: calls.routeMs,
  retryMs: calls.retryMs,
  releaseAt: calls.release,
  satisfactionMs: calls.satisfactionMs,
  recorded: recording.enabled,
  notice: recording.notice,
})
