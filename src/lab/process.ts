import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import { dyingWithParent, enterCommand, type EnterOptions, entryError } from './enter.ts'
import { logTail } from './log-tail.ts'

export { runInRoot, type RunOptions, type RunResult } from './run.ts'

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** A program that dies with this process, however this process ends. */
export interface LabProcess {
  readonly name: string
  /** Of the program itself, as seen outside. */
  readonly pid: number
  /** Its standard output and standard error, appended. */
  readonly logFile: string
  readonly exited: Promise<Exit>
  /** SIGTERM, then SIGKILL after `graceMs` (default 5000); resolves when it is gone. May be called again. */
  stop(graceMs?: number): Promise<void>
  /** Sends a signal; nothing happens when the program has ended. */
  kill(signal: NodeJS.Signals): void
}
export type RootProcess = LabProcess

export interface StartOptions {
  readonly name: string
  readonly command: readonly string[]
  readonly logFile: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** In the order of their start. */
const running = new Set<LabProcess>()

interface Target {
  /** Program to be signalled; undefined until it is known. */
  pid: number | undefined
}

function spawnLogged(command: readonly string[], options: StartOptions, env: NodeJS.ProcessEnv, cwd?: string): ChildProcess {
  mkdirSync(dirname(options.logFile), { recursive: true })
  const log = openSync(options.logFile, 'a')
  const [program = '', ...args] = command
  // A process group of its own: Ctrl-C in the terminal is for us, who stop the programs in order.
  const child = spawn(program, args, { stdio: ['ignore', log, log, 'pipe'], detached: true, env, ...(cwd === undefined ? {} : { cwd }) })
  closeSync(log)
  return child
}

function supervise(child: ChildProcess, target: Target, { name, logFile }: StartOptions): LabProcess {
  let ended = false
  const { promise: exited, resolve } = Promise.withResolvers<Exit>()
  const kill = (signal: NodeJS.Signals): void => {
    if (ended) return
    // Not in the root directory yet: only the end of the entry itself is certain to be heard.
    if (target.pid === undefined) return void child.kill('SIGKILL')
    try {
      process.kill(target.pid, signal)
    } catch (error) {
      // It ended by itself, and its exit event is on the way.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  const supervised: LabProcess = {
    name,
    logFile,
    exited,
    kill,
    get pid() {
      return target.pid ?? 0
    },
    async stop(graceMs = 5_000) {
      kill('SIGTERM')
      const timer = setTimeout(kill, graceMs, 'SIGKILL')
      await exited
      clearTimeout(timer)
    },
  }
  const finish = (exit: Exit): void => {
    ended = true
    running.delete(supervised)
    resolve(exit)
  }
  child.once('exit', (code, signal) => finish({ code, signal }))
  child.once('error', () => finish({ code: null, signal: null }))
  running.add(supervised)
  return supervised
}

/**
 * Starts a program in the root directory, where only `.runtime` and the programs of the root directory are to be seen.
 * It is the first process of its own process namespace: a signal for which it has no handler does nothing, save SIGKILL.
 * @returns when the namespaces stand and the program is about to run; that it runs well is for the caller to see
 * @throws Error with the reason when the root directory cannot be entered
 */
export async function startInRoot(options: StartOptions & EnterOptions): Promise<RootProcess> {
  const child = spawnLogged(enterCommand(options.command, options), options, process.env)
  const target: Target = { pid: undefined }
  const supervised = supervise(child, target, options)
  const entered = child.stdio[3] as NodeJS.ReadableStream
  const [first] = await Promise.race([once(entered, 'data'), supervised.exited.then(() => [undefined])])
  if (first === undefined) throw entryError(logTail(options.logFile, 5))
  entered.resume()
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  target.pid = Number.parseInt(children, 10) || undefined // none: it has ended already
  return supervised
}

/**
 * Starts a program outside the root directory, with this process’s environment and `env`.
 * @throws Error when it cannot be started
 */
export async function startOnHost(options: StartOptions): Promise<LabProcess> {
  const child = spawnLogged(dyingWithParent(options.command), options, { ...process.env, ...options.env }, options.cwd)
  const supervised = supervise(child, { pid: child.pid }, options)
  await once(child, 'spawn')
  return supervised
}

/** Ends everything that this process started here, the newest first. */
export async function stopAll(): Promise<void> {
  for (const started of [...running].toReversed()) await started.stop()
}

let installed = false

/** Has `stopAll` run on SIGINT, SIGTERM and SIGHUP, then exits; after any other end the kernel kills what was started. */
export function stopAllOnExit(): void {
  if (installed) return
  installed = true
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const leave = (): never => process.exit(128 + constants.signals[signal])
    process.on(signal, () => {
      // The second time is impatience: leave at once.
      if (stopping) leave()
      stopping = true
      void stopAll().then(leave, leave)
    })
  }
}
