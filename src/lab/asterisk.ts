import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type RootProcess, runInRoot, startInRoot } from './process.ts'
import { untilReady } from './wait.ts'

export interface LabAsteriskOptions {
  /** Has `asterisk.conf` and the files that go with it; below `.runtime`. */
  readonly configDir: string
  /** For `asterisk.log`; below `.runtime`. */
  readonly dir: string
  /** Where ARI answers, once it is ready, and to whom. */
  readonly ready: { readonly host: string; readonly httpPort: number; readonly username: string; readonly password: string }
}

export interface LabAsterisk {
  readonly process: RootProcess
  /**
   * Runs a command of Asterisk’s console.
   * @returns what it printed
   * @throws Error when Asterisk cannot be reached
   */
  rx(command: string): Promise<string>
  stop(): Promise<void>
}

/**
 * Starts Asterisk in the root directory; ready when ARI answers and all modules are loaded.
 * @throws Error with the last lines of its log when it does not get ready
 */
export async function startAsterisk({ configDir, dir, ready }: LabAsteriskOptions): Promise<LabAsterisk> {
  mkdirSync(dir, { recursive: true })
  const asterisk = ['asterisk', '-C', join(configDir, 'asterisk.conf')]
  const process = await startInRoot({ name: 'asterisk', command: [...asterisk, '-f', '-n'], logFile: join(dir, 'asterisk.log') })

  const rx = async (command: string): Promise<string> => {
    // Beside it: its control socket is in its own /run.
    const { code, stdout, stderr } = await runInRoot([...asterisk, '-rx', command], { beside: process })
    if (code !== 0) throw new Error(`asterisk -rx '${command}' failed: ${(stdout + stderr).trim()}`)
    return stdout
  }
  const { host, httpPort, username, password } = ready
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${httpPort}/ari/asterisk/info`
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const isReady = async (): Promise<boolean> => {
    const response = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`ARI answers ${response.status}`)
    return (await rx('core waitfullybooted')).includes('fully booted')
  }
  await untilReady(process, isReady, 30_000)
  return { process, rx, stop: async () => await process.stop() }
}
