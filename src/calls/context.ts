import type { Config } from '../config/schema.ts'
import type { Context } from '../domain/call/events.ts'
import type { Instant } from '../domain/instant.ts'
import type { Desks } from './desks.ts'

/** What the machine of one call may know; a desk is looked at only when the machine asks. */
export const contextOf = (callId: string, desks: Desks, config: Config['calls'], now: Instant): Context => ({
  now,
  desks: {
    get '12345'() {
      return desks.at('12345', callId)
    },
    get '110'() {
      return desks.at('110', callId)
    },
  },
  ringMs: config.ringMs,
  routeMs: config.routeMs,
  retryMs: config.retryMs,
  releaseAt: config.release,
  satisfactionMs: config.satisfactionMs,
})
