import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { projectDir } from '../../src/lab/paths.ts'

const dir = mkdtempSync(join(tmpdir(), 'lab-bootstrap-'))
afterAll(() => rmSync(dir, { recursive: true }))
const bootstrap = join(projectDir, 'src/cli/bootstrap.mjs')

function script(name: string, text: string): string {
  const file = join(dir, name)
  writeFileSync(file, text)
  return file
}

test('a script runs with Node 24, its arguments and its exit code; standard output is its own', () => {
  const text = `
    import { execFileSync } from 'node:child_process'
    const inPath: string = execFileSync('node', ['-p', 'process.version'], { encoding: 'utf8' }).trim()
    console.log(JSON.stringify([process.version === inPath, inPath.split('.')[0], process.argv.slice(2)]))
    process.exitCode = 5`
  const { status, stdout } = spawnSync('node', [bootstrap, script('args.ts', text), '--a', 'b c'], { encoding: 'utf8', cwd: dir })
  expect(stdout).toBe('[true,"v24",["--a","b c"]]\n')
  expect(status).toBe(5)
})

test('without a script it says how it is used', () => {
  const { status, stdout, stderr } = spawnSync('node', [bootstrap], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toContain('usage:')
})

test.each([
  ['SIGTERM', 'SIGTERM', 9],
  ['SIGINT', 'SIGINT', 9],
  ['SIGHUP', 'SIGHUP', 9],
  ['SIGKILL', 'SIGTERM', null],
] as const)('%s to it comes to the script as %s', async (signal, received, code) => {
  const heard = join(dir, `heard-${signal}`)
  const text = `
    import { writeFileSync } from 'node:fs'
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => {
      writeFileSync('${heard}', name)
      process.exit(9)
    })
    setInterval(() => undefined, 1000)
    console.log('up')`
  const child = spawn('node', [bootstrap, script(`${signal}.ts`, text)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  await once(child.stdout, 'data')
  child.kill(signal)
  expect((await exited)[0]).toBe(code)
  await expect.poll(() => existsSync(heard) && readFileSync(heard, 'utf8')).toBe(received)
})
