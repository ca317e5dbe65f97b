import { spawn } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import { besideCommand, enterCommand, type EnterOptions, entryError } from './enter.ts'
import type { RootProcess } from './process.ts'

export interface RunOptions extends EnterOptions {
  /** Joins the namespaces of this program, and so its /run and /tmp, instead of new ones. */
  readonly beside?: RootProcess
  /** Sent to its standard input. */
  readonly input?: string
  /** After which it is killed; 30,000 when left out. */
  readonly timeoutMs?: number
}

export interface RunResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a short command in the root directory to its end. Like every program there it dies with this process.
 * @returns its exit code (null: ended by a signal) and what it wrote, as UTF-8; a code other than 0 is no error here
 * @throws Error when the root directory cannot be entered, or the time is over
 */
export async function runInRoot(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { beside, input, timeoutMs = 30_000 } = options
  const [program = '', ...args] = beside === undefined ? enterCommand(command, options) : besideCommand(beside.pid, command, options)
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], detached: true })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve)
    child.once('error', (error) => reject(entryError(String(error))))
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, timeoutMs)
  // A command that does not read its input closes it; that is its right.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const entered = child.stdio[3] as NodeJS.ReadableStream
  const written = Promise.all([buffer(child.stdout), buffer(child.stderr), buffer(entered)])
  const code = await ended.finally(() => clearTimeout(timer))
  const [stdout, stderr, mark] = (await written).map((part) => part.toString('utf8'))
  if (late) throw new Error(`${command.join(' ')} was not done after ${timeoutMs} ms`)
  if (beside === undefined && mark === '') throw entryError(stderr ?? '')
  return { code, stdout: stdout ?? '', stderr: stderr ?? '' }
}
