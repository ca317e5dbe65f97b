import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { type RootProcess, startInRoot } from './process.ts'
import { untilReady } from './wait.ts'

const host = '127.0.0.1'

export interface LabRedis {
  readonly url: string
  readonly port: number
  /** In order: what it holds is written first. */
  stop(): Promise<void>
  /** SIGKILL, as in a crash. */
  kill(): Promise<void>
  /** Again, on the same port and directory; nothing happens when it runs. */
  start(): Promise<void>
}

/** @returns true once the Redis of this very directory answers PING; while it loads its file it answers something else */
async function answers(port: number, dir: string): Promise<boolean> {
  const socket = connect({ port, host })
  try {
    socket.write('PING\r\nCONFIG GET dir\r\n')
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(1_000) })) as [Buffer]
    return answer.toString().startsWith('+PONG') && answer.includes(`\r\n${dir}\r\n`)
  } finally {
    socket.destroy()
  }
}

/**
 * Starts a Redis fit for queues: append-only file, nothing evicted, loopback only.
 * @param options.dir for its data and `redis.log`; below `.runtime`
 * @param options.port 6379, or the next free one, when left out
 * @throws Error with the last lines of its log when it does not get ready
 */
export async function startRedis(options: { readonly dir: string; readonly port?: number }): Promise<LabRedis> {
  const { dir } = options
  const port = options.port ?? (await freePort(6379))
  mkdirSync(dir, { recursive: true })
  const settings = { bind: host, port: String(port), dir, appendonly: 'yes', 'maxmemory-policy': 'noeviction', save: '' }
  const command = ['redis-server', ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])]
  let current: RootProcess | undefined

  const start = async (): Promise<void> => {
    if (current !== undefined) return
    const started = await startInRoot({ name: 'redis', command, logFile: join(dir, 'redis.log') })
    current = started
    void started.exited.finally(() => {
      if (current === started) current = undefined
    })
    await untilReady(started, () => answers(port, dir), 15_000)
  }
  await start()
  return {
    url: `redis://${host}:${port}`,
    port,
    start,
    stop: async () => await current?.stop(),
    async kill() {
      const killed = current
      killed?.kill('SIGKILL')
      await killed?.exited
    },
  }
}
