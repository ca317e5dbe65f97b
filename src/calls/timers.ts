/** One timer a call. Injected into the runner, so that tests may drive time. */
export interface Timers {
  set(callId: string, afterMs: number, fire: () => void): void
  clear(callId: string): void
}

export function realTimers(): Timers {
  const running = new Map<string, NodeJS.Timeout>()
  const clear = (callId: string) => {
    clearTimeout(running.get(callId))
    running.delete(callId)
  }
  return {
    clear,
    set(callId, afterMs, fire) {
      clear(callId)
      running.set(
        callId,
        setTimeout(() => {
          running.delete(callId)
          fire()
        }, afterMs),
      )
    },
  }
}
