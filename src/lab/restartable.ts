import type { RootProcess } from './process.ts'

/** A program that may be stopped, or killed, and started again on the same port and directory. */
export interface Restartable {
  /** In order: what it holds is written first. */
  stop(): Promise<void>
  /** SIGKILL, as in a crash. */
  kill(): Promise<void>
  /** Nothing happens when it runs. */
  start(): Promise<void>
}

/** @param begin starts it. @param ready resolves when it can be used, and throws when it will not be */
export function restartable(begin: () => Promise<RootProcess>, ready: (started: RootProcess) => Promise<void>): Restartable {
  let current: RootProcess | undefined
  return {
    async start() {
      if (current !== undefined) return
      const started = await begin()
      current = started
      void started.exited.finally(() => {
        if (current === started) current = undefined
      })
      await ready(started)
    },
    stop: async () => await current?.stop(),
    async kill() {
      const killed = current
      killed?.kill('SIGKILL')
      await killed?.exited
    },
  }
}
