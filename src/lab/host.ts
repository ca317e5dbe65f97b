import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statfsSync } from 'node:fs'
import { dyingWithParent } from './enter.ts'
import { logTail } from './log-tail.ts'
import { runtimeDir } from './paths.ts'

const neededBytes = 1_500_000_000

export interface HostOptions {
  /** Standard output and standard error are appended to it. */
  readonly logFile: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Runs a program on the host, with messages in English; it dies with this process.
 * @returns its exit code; 127 when it cannot be run
 */
export async function runOnHost(command: readonly string[], { logFile, cwd, env = {} }: HostOptions): Promise<number> {
  const [program = '', ...args] = dyingWithParent(command)
  const log = openSync(logFile, 'a')
  const child = spawn(program, args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  closeSync(log)
  return await new Promise((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1))
    child.once('error', () => resolve(127))
  })
}

/** @throws Error that ends with the last lines of the log */
export function failWith(message: string, logFile: string): never {
  throw new Error(`${message}\n--- last lines of ${logFile}:\n${logTail(logFile)}`)
}

function osRelease(): Record<string, string> {
  const lines = readFileSync('/etc/os-release', 'utf8').matchAll(/^([A-Z_]+)="?([^"\n]*)"?$/gm)
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]))
}

/**
 * What the build of the root directory needs of this machine.
 * @throws Error that says what is missing and what is to be done
 */
export async function checkHost(logFile: string): Promise<void> {
  if (process.platform !== 'linux') throw new Error(`This needs Linux, and runs on ${process.platform}. Use a Debian 12 or 13 machine.`)
  const { ID = 'unknown', VERSION_ID = '', PRETTY_NAME = ID } = osRelease()
  // Testing and unstable have no version.
  if (ID !== 'debian' || (VERSION_ID !== '' && Number(VERSION_ID) < 12)) {
    throw new Error(`This needs Debian 12 or newer, and runs on ${PRETTY_NAME}. Use a Debian machine, or a Debian container started with --privileged.`)
  }
  if (process.geteuid?.() !== 0) {
    throw new Error('The root directory can only be made and entered by root. Run this as root, or by npm with sudo installed.')
  }
  for (const program of ['apt-get', 'dpkg-deb', 'perl', 'unshare', 'nsenter', 'setpriv', 'mount', 'chroot']) {
    // oxlint-disable-next-line no-await-in-loop -- the first that is missing is the one to tell
    if ((await runOnHost(['sh', '-c', 'command -v "$1"', 'sh', program], { logFile })) !== 0) {
      throw new Error(`${program} is missing. Install it: apt-get install apt dpkg perl-base util-linux mount coreutils`)
    }
  }
  const { bavail, bsize } = statfsSync(runtimeDir)
  if (bavail * bsize < neededBytes) {
    throw new Error(`The disk of ${runtimeDir} has ${Math.floor((bavail * bsize) / 1e6)} MB left; 1500 MB are needed. Free some space, or clone the project elsewhere.`)
  }
  const namespaces = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--mount-proc', 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp']
  if ((await runOnHost(namespaces, { logFile })) !== 0) {
    failWith('This machine does not permit mount and process namespaces. Use a machine of its own, or a container started with --privileged (a plain chroot will not do).', logFile)
  }
}
