import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logTail } from '../../src/lab/log-tail.ts'
import { projectDir, runtimeDir } from '../../src/lab/paths.ts'
import { runInRoot, startInRoot, startOnHost, stopAll } from '../../src/lab/process.ts'
import { ensureRoot } from '../../src/lab/root.ts'

let dir = ''
beforeAll(async () => {
  await ensureRoot(() => undefined)
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  dir = mkdtempSync(join(runtimeDir, 'test/process-'))
}, 600_000)
afterAll(async () => {
  await stopAll()
  rmSync(dir, { recursive: true })
})

/** Command lines of all processes that hold `mark`; the dead that nobody has waited for have none. */
function commandLines(mark: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return '' // ended since the directory was read
      }
    })
    .filter((line) => line.includes(mark))
}

let marks = 0
/** A number of seconds that no other process sleeps. */
const newMark = (): string => `${86_400 + process.pid}.${++marks}`
const sleeper = (mark: string): string[] => ['sh', '-c', `sleep ${mark} & trap "kill $!; exit 3" TERM; echo up; wait`]

test('a command sees the root directory, our runtime directory and nothing else of the host', async () => {
  const { stdout } = await runInRoot(['sh', '-c', `ls -d ${dir} ${projectDir}/package.json; asterisk -V; echo $$`])
  expect(stdout).toMatch(new RegExp(`^${dir}\nAsterisk 22\\.[^\n]*\n1\n$`))
})

test('a command gets its input, directory, environment and user; its code comes back', async () => {
  const command = ['sh', '-c', 'cat; pwd; echo $WORD; id -un; echo oops >&2; exit 7']
  const result = await runInRoot(command, { input: 'in\n', cwd: '/usr', env: { WORD: 'a b' }, user: 'postgres' })
  expect(result).toEqual({ code: 7, stdout: 'in\n/usr\na b\npostgres\n', stderr: 'oops\n' })
})

test('a command that takes too long is ended with all that it started', async () => {
  const mark = newMark()
  await expect(runInRoot(sleeper(mark), { timeoutMs: 300 })).rejects.toThrow('not done after 300 ms')
  await expect.poll(() => commandLines(mark)).toEqual([])
})

test('a root directory that is not there is an error with the reason', async () => {
  await expect(runInRoot(['true'], { root: '/nonexistent' })).rejects.toThrow(/could not be entered: .*nonexistent/s)
  const start = startInRoot({ name: 'none', command: ['true'], logFile: join(dir, 'none.log'), root: '/nonexistent' })
  await expect(start).rejects.toThrow(/could not be entered: .*nonexistent/s)
})

test.each([
  ['in the root directory', startInRoot],
  ['on the host', startOnHost],
])('a program %s gets SIGTERM itself, logs to its file, and stops once', async (where, start) => {
  const logFile = join(dir, `${where.replaceAll(' ', '-')}.log`)
  const started = await start({ name: where, command: sleeper(newMark()), logFile })
  await expect.poll(() => logTail(logFile)).toBe('up')
  expect(readFileSync(`/proc/${started.pid}/comm`, 'utf8')).toBe('sh\n')
  await Promise.all([started.stop(), started.stop()])
  expect(await started.exited).toEqual({ code: 3, signal: null })
  await started.stop()
  started.kill('SIGTERM')
})

test('a program that ignores SIGTERM is killed after its grace', async () => {
  const mark = newMark()
  const started = await startInRoot({ name: 'deaf', command: ['sleep', mark], logFile: join(dir, 'deaf.log') })
  await started.stop(100)
  expect(commandLines(mark)).toEqual([])
})

test('a frozen program can be thawed and stopped', async () => {
  const logFile = join(dir, 'frozen.log')
  const started = await startInRoot({ name: 'frozen', command: sleeper(newMark()), logFile })
  const state = () => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${started.pid}/status`, 'utf8'))?.[1]
  await expect.poll(() => logTail(logFile)).toBe('up')
  started.kill('SIGSTOP')
  await expect.poll(state).toBe('T')
  started.kill('SIGCONT')
  await expect.poll(state).toBe('S')
  await started.stop()
})

test('a command beside a program shares its /run', async () => {
  const logFile = join(dir, 'beside.log')
  const command = ['sh', '-c', "trap 'exit 0' TERM; echo here > /run/mark; echo up; while :; do sleep 0.1; done"]
  const started = await startInRoot({ name: 'beside', command, logFile })
  await expect.poll(() => logTail(logFile)).toBe('up')
  expect(await runInRoot(['cat', '/run/mark'], { beside: started })).toMatchObject({ code: 0, stdout: 'here\n' })
  expect(await runInRoot(['cat', '/run/mark'])).toMatchObject({ code: 1 })
  await started.stop()
})

test('all ends, the newest first', async () => {
  const order: string[] = []
  for (const name of ['first', 'second', 'third']) {
    const logFile = join(dir, `${name}.log`)
    // oxlint-disable-next-line no-await-in-loop -- the order of their start is what is looked at
    const started = await (name === 'second' ? startOnHost : startInRoot)({ name, command: sleeper(newMark()), logFile })
    void started.exited.finally(() => order.push(name))
    // oxlint-disable-next-line no-await-in-loop -- as above
    await expect.poll(() => logTail(logFile)).toBe('up')
  }
  await stopAll()
  expect(order).toEqual(['third', 'second', 'first'])
})

const parentScript = (mark: string): string => `
import { startInRoot, startOnHost, stopAllOnExit } from '${projectDir}/src/lab/process.ts'
stopAllOnExit()
const command = ${JSON.stringify(sleeper(mark))}
await startInRoot({ name: 'a', command, logFile: '${dir}/a.log' })
await startInRoot({ name: 'b', command, logFile: '${dir}/b.log', user: 'postgres' })
await startOnHost({ name: 'c', command: ['sleep', '${mark}'], logFile: '${dir}/c.log' })
setInterval(() => undefined, 1000)
`

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('nothing is left when the process that started them gets %s', async (signal) => {
  const mark = newMark()
  const file = join(dir, `parent-${signal}.ts`)
  writeFileSync(file, parentScript(mark))
  const parent = spawn(process.execPath, [file], { stdio: ['ignore', 'ignore', 'inherit'] })
  const exited = once(parent, 'exit')
  // Each of the two in the root directory: its entry, the shell, its sleep. On the host: the sleep.
  await expect.poll(() => commandLines(mark).filter((line) => line.startsWith('sleep')).length).toBe(3)
  parent.kill(signal)
  await exited
  await expect.poll(() => commandLines(mark)).toEqual([])
})
