import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dyingWithParent } from './enter.ts'

/**
 * Runs `work` while holding an exclusive lock on `file` (flock(2)), waiting for it as long as another process has it.
 * The lock falls with this process, however it ends: the holder reads our pipe and leaves when that closes.
 * @throws Error when util-linux’ `flock` cannot be run; whatever `work` throws.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const [program = '', ...args] = dyingWithParent(['flock', file, 'sh', '-c', 'echo locked; read -r _'])
  const holder = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true })
  const exited = once(holder, 'exit')
  try {
    await Promise.race([
      once(holder.stdout, 'data'),
      exited.then(() => {
        throw new Error(`${file} could not be locked with flock (package util-linux)`)
      }),
    ])
    return await work()
  } finally {
    holder.stdin.end()
    // Its end is only tidying: that flock could not be run was already reported above.
    await exited.catch(() => undefined)
  }
}
