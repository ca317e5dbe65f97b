import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import { projectDir, runtimeDir } from '../../src/lab/paths.ts'

/** The programs as people start them. */
const started: ChildProcess[] = []

function run(script: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(projectDir, script), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()))
  return { child, output, exited: once(child, 'close').then(([code]) => code as number | null) }
}

/** Command lines of the processes that hold something below this directory of the runtime. */
const left = (name: string): readonly string[] =>
  readdirSync('/proc').flatMap((pid) => {
    if (!/^[0-9]+$/.test(pid)) return []
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return line.includes(join(runtimeDir, 'run', name)) ? [line] : []
    } catch {
      // It ended between the listing and the reading.
      return []
    }
  })

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

describe('npm run demo', () => {
  it('--once --json does the main job and ends with one JSON line that says ok; nothing is left running', async () => {
    const { output, exited } = run('src/cli/demo.ts', '--once', '--json')
    expect(await exited, output.err).toBe(0)
    const result: unknown = JSON.parse(output.out.trim().split('\n').at(-1) ?? '')
    expect(result).toMatchObject({
      handover: { mode: 'transfer', state: 'completed', clock: { press: 0 } },
      hears: { caller: ['peer'], agent: [], peer: ['caller'] },
      ticket: { state: 'delivered', attempts: 1 },
      ok: true,
    })
    expect(left('demo')).toEqual([])
  })

  it('stays up with its addresses until Ctrl-C, then ends everything', async () => {
    const { child, output, exited } = run('src/cli/demo.ts')
    await eventually(() => output.out, (text) => text.includes('Up until Ctrl-C'), 60_000)
    const address = /http:\/\/127\.0\.0\.1:[0-9]+(?=\/v1)/.exec(output.out)?.[0] ?? ''
    expect((await fetch(`${address}/v1/health`)).status).toBe(401)
    expect(left('demo').length).toBeGreaterThan(0)
    child.kill('SIGINT')
    await exited
    await eventually(() => left('demo'), (lines) => lines.length === 0)
  })
})

describe('npm start', () => {
  it('refuses a wrong configuration with the path and the reason', async () => {
    const dir = join(runtimeDir, 'run', 'e2e-start')
    mkdirSync(dir, { recursive: true })
    const file = join(dir, 'wrong.yaml')
    writeFileSync(file, 'http: { apiKeys: [] }\nredis: { url: "http://127.0.0.1" }\n')
    const { output, exited } = run('src/main.ts', '--config', file)
    expect(await exited).toBe(2)
    expect(output.err).toContain('redis/url: must match pattern')
    expect(output.err).toContain('http/apiKeys: ')
    expect(output.out).toBe('')
  })
})
