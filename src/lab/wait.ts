import { setTimeout as pause } from 'node:timers/promises'
import { logTail } from './log-tail.ts'
import type { LabProcess } from './process.ts'

/**
 * Asks a program that was just started, every 20 ms, until it is ready.
 * @param isReady asked again and again; an error counts as no
 * @throws Error with the last lines of its log when it ends instead or the time is over; it is stopped then
 */
export async function untilReady(started: LabProcess, isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  let ended = false
  void started.exited.then(() => (ended = true))
  let last: unknown = 'no'
  const ask = async (): Promise<boolean> => {
    try {
      return await isReady()
    } catch (error) {
      last = error // Not ready is what is expected at first; the last reason is told when the time is over.
      return false
    }
  }
  // oxlint-disable-next-line no-await-in-loop -- one question after the other
  while (!(await ask())) {
    if (ended || performance.now() > deadline) {
      const what = ended ? 'ended instead of getting ready' : `was not ready after ${timeoutMs} ms (${String(last)})`
      await started.stop()
      throw new Error(`${started.name} ${what}\n--- last lines of ${started.logFile}:\n${logTail(started.logFile)}`)
    }
    await pause(20)
  }
}
