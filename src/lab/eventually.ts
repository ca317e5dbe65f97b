import { setTimeout as pause } from 'node:timers/promises'

const everyMs = 20

/**
 * Asks again and again until the answer is good.
 * @returns the good answer
 * @throws Error with the last answer when there was none within `timeoutMs` (default 10 s)
 */
export async function eventually<T>(ask: () => Promise<T> | T, isGood: (answer: T) => boolean, timeoutMs = 10_000): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one question after the other
    const answer = await ask()
    if (isGood(answer)) return answer
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms; at last: ${JSON.stringify(answer)}`)
    // oxlint-disable-next-line no-await-in-loop -- the pause between two questions
    await pause(everyMs)
  }
}
