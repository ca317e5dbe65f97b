/** One timer a call. Injected into the runner, so that tests may drive time. */
export interface Timers {
  set(callId: string, afterMs: number, fire: () => void): void
  clear(callId: string): void
}

/** A timer that is so late has slept with the process. */
const lateMs = 250
/** After a sleep timers come before what waits in the sockets: an answer may be there. */
const listenMs = 200

export function realTimers(): Timers {
  const running = new Map<string, NodeJS.Timeout>()
  const clear = (callId: string) => {
    clearTimeout(running.get(callId))
    running.delete(callId)
  }
  const set = (callId: string, afterMs: number, fire: () => void): void => {
    clear(callId)
    const due = performance.now() + afterMs
    const timer = setTimeout(() => {
      if (performance.now() - due > lateMs) return set(callId, listenMs, fire)
      running.delete(callId)
      return fire()
    }, afterMs)
    running.set(callId, timer)
  }
  return { clear, set }
}
