import type { Instant } from '../domain/instant.ts'

/** One timer a call. Injected into the runner, so that tests may drive time. */
export interface Timers {
  set(callId: string, afterMs: number, fire: () => void): void
  clear(callId: string): void
}

/** When a process that stood still runs on, its timers come before what waits in its sockets: an answer may be there. */
const listenMs = 100

export function realTimers(): Timers {
  const running = new Map<string, NodeJS.Timeout>()
  const clear = (callId: string) => {
    clearTimeout(running.get(callId))
    running.delete(callId)
  }
  const set = (callId: string, afterMs: number, fire: () => void): void => {
    clear(callId)
    const listened = () => {
      running.delete(callId)
      fire()
    }
    running.set(callId, setTimeout(() => running.set(callId, setTimeout(listened, listenMs)), afterMs))
  }
  return { clear, set }
}

/** From the epoch: another process can go on with it. */
export const realNow = (): Instant => ({ mono: performance.timeOrigin + performance.now(), utc: Date.now() })
