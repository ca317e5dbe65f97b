import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Came } from './receiver-process.ts'

export interface CountingReceiver {
  readonly url: string
  count(): Promise<number>
  /** What came since it was last asked, in its order. */
  take(): Promise<readonly Came[]>
  stop(): void
}

/** Starts a ticket system that counts, in a process of its own. */
export async function startReceiver(): Promise<CountingReceiver> {
  const child = fork(new URL('receiver-process.ts', import.meta.url), { serialization: 'advanced' })
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  const asked = async <T>(question: string): Promise<T> => {
    child.send(question)
    const [answer] = (await once(child, 'message')) as [T]
    return answer
  }
  return {
    url,
    count: async () => (await asked<{ count: number }>('count')).count,
    take: async () => (await asked<{ came: readonly Came[] }>('take')).came,
    stop: () => void child.kill('SIGKILL'),
  }
}

/** The system's monotonic clock, ms: the same in every process. */
export const clock = (): number => Number(process.hrtime.bigint()) / 1e6
