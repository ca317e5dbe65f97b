import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { dyingWithParent } from '../lab/enter.ts'
import { projectDir, runtimeDir } from '../lab/paths.ts'
import { ensureRoot, requestTrackerRoot } from '../lab/root.ts'
import { sayOnStderr, setUp } from './setup.ts'
import { countTestsIn } from './test-counts.ts'

const report = join(runtimeDir, 'test-report.json')
const tool = (path: string): string => join(projectDir, 'node_modules', path)

/** @returns whether `command` succeeded; it writes to our output and dies with us */
async function succeeds(command: readonly string[]): Promise<boolean> {
  const [program = '', ...args] = dyingWithParent(command)
  const child = spawn(program, args, { cwd: projectDir, stdio: 'inherit' })
  return await new Promise((resolve) => {
    child.once('exit', (code) => resolve(code === 0))
    child.once('error', (error) => {
      sayOnStderr(`${command[0] ?? ''} could not be run: ${error.message}`)
      resolve(false)
    })
  })
}

/** Runs one step, says how it went and how long it took; returns whether it went well. */
async function step(name: string, work: () => Promise<boolean>): Promise<boolean> {
  sayOnStderr(`${name} …`)
  const started = performance.now()
  const good = await work().catch((error: unknown) => {
    sayOnStderr(error instanceof Error ? error.message : String(error))
    return false
  })
  sayOnStderr(`${name}: ${good ? 'ok' : 'FAILED'} after ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return good
}

/**
 * Sets up, then checks types, lint and tests; all steps run, whichever fail.
 * @param vitestArgs handed to vitest: files or directories to keep to, options
 * @returns the names of the steps that failed
 */
async function check(vitestArgs: readonly string[]): Promise<string[]> {
  rmSync(report, { force: true })
  const node = process.execPath
  const commands: Readonly<Record<string, readonly string[]>> = {
    types: [node, tool('typescript/bin/tsc'), '-p', '.'],
    lint: [node, tool('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'],
    tests: [node, tool('vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...vitestArgs],
  }
  const failed: string[] = []
  const made = async (name: string, work: () => Promise<boolean>): Promise<void> => {
    if (!(await step(name, work))) failed.push(name)
  }
  await made('set-up', async () => Boolean(await setUp(sayOnStderr)))
  // Minutes of download, beside what needs neither it nor the clock; whoever asks for some tests may not need it.
  const ticketSystem = vitestArgs.length === 0 ? made('Request Tracker', async () => Boolean(await ensureRoot(() => undefined, requestTrackerRoot))) : undefined
  // oxlint-disable-next-line no-await-in-loop -- one step after the other
  for (const [name, command] of Object.entries(commands)) await made(name, () => succeeds(command))
  await ticketSystem
  return failed
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // What was started dies with us.
  process.on(signal, () => process.exit(128 + constants.signals[signal]))
}
const failedSteps = await check(process.argv.slice(2))
const { passed, failed } = countTestsIn(report)
if (failedSteps.length > 0) sayOnStderr(`failed: ${failedSteps.join(', ')}`)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failedSteps.length === 0 && failed === 0 ? 0 : 1
