import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import { keys, settings } from './given-http.ts'

export interface GivenTandem {
  /** Of its HTTP interface. */
  readonly url: string
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: object): Promise<T>
  start(): Promise<void>
  /** As a crash does it. */
  kill(): Promise<void>
}

/** A whole Tandem, as it is run, but for its Asterisk, which is away: tickets need none. @param more of the configuration, in the place of what is usual */
export async function givenTandem(dir: string, port: number, more: Readonly<Record<string, unknown>>): Promise<GivenTandem> {
  mkdirSync(dir, { recursive: true })
  const usual = parse(settings(join(dir, 'journal.sqlite'), {}, { http: port, asterisk: await freePort() })) as Readonly<Record<string, unknown>>
  const config = join(dir, 'tandem.yaml')
  writeFileSync(config, stringify({ ...usual, ...more }), { mode: 0o600 })
  const url = `http://127.0.0.1:${port}`
  const headers = { authorization: `Bearer ${keys.desk}`, 'content-type': 'application/json' }
  let service: ChildProcess | undefined
  const up = async () => fetch(`${url}/v1/health`, { headers }).then(({ ok }) => ok, () => false)
  const ask = async <T>(path: string, init: RequestInit): Promise<T> => (await fetch(`${url}${path}`, { ...init, headers, signal: AbortSignal.timeout(10_000) })).json() as Promise<T>
  return {
    url,
    get: (path) => ask(path, {}),
    post: (path, body) => ask(path, { method: 'POST', body: JSON.stringify(body) }),
    async start() {
      const log = createWriteStream(join(dir, 'tandem.log'), { flags: 'a' })
      service = spawn(process.execPath, [join(import.meta.dirname, '../../src/service.ts'), '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] })
      service.stdout?.pipe(log)
      service.stderr?.pipe(log)
      await eventually(up, Boolean, 20_000)
    },
    async kill() {
      if (service?.exitCode === null && service.kill('SIGKILL')) await once(service, 'exit')
    },
  }
}
