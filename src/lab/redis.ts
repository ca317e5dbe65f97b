import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { startInRoot } from './process.ts'
import { type Restartable, restartable } from './restartable.ts'
import { untilReady } from './wait.ts'

const host = '127.0.0.1'

export interface LabRedis extends Restartable {
  readonly url: string
  readonly port: number
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
  const program = restartable(
    () => startInRoot({ name: 'redis', command, logFile: join(dir, 'redis.log') }),
    (started) => untilReady(started, () => answers(port, dir), 15_000),
  )
  await program.start()
  return { ...program, url: `redis://${host}:${port}`, port }
}
