import { rootDir, runtimeDir } from './paths.ts'

/** How a program is run inside the root directory. */
export interface EnterOptions {
  /** Working directory as seen inside; `/` when left out. */
  readonly cwd?: string
  /** Added to a small clean environment. */
  readonly env?: Readonly<Record<string, string>>
  /** User of the root directory to run as; root when left out. */
  readonly user?: string
  /** The root directory; the project's own when left out. */
  readonly root?: string
}

const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8' }

/**
 * Mounts of the new namespace, then the program in place of the shell: the program is process 1 of its own process
 * namespace, whose end the kernel makes the end of everything started in it. Writes to descriptor 3 when all is mounted.
 */
const script = `set -e
root=$1 runtime=$2; shift 2
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$root$runtime"
mount --bind "$runtime" "$root$runtime"
echo entered >&3
exec 3>&-
exec chroot "$root" "$@"`

/** Inside the root directory: environment, directory and user, then the program itself. */
function inside(command: readonly string[], { cwd = '/', env = {}, user }: EnterOptions): string[] {
  const variables = Object.entries({ ...environment, ...env }).map(([name, value]) => `${name}=${value}`)
  // A change of user clears the parent-death signal that `unshare --kill-child` set: ask for it again.
  const asUser =
    user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--pdeathsig', 'KILL', '--']
  return ['env', '-i', `--chdir=${cwd}`, ...variables, ...asUser, ...command]
}

/** Command line that dies with the process that starts it. */
export const dyingWithParent = (command: readonly string[]): string[] => ['setpriv', '--pdeathsig', 'KILL', '--', ...command]

/**
 * Command line that runs `command` in the root directory, in mount and process namespaces of its own. Its first process
 * has the program as its only child, and dies with its parent and the program with it. Descriptor 3 must be a pipe.
 */
export function enterCommand(command: readonly string[], options: EnterOptions = {}): string[] {
  const namespaces = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child=KILL', '--']
  const entry = ['sh', '-c', script, 'sh', options.root ?? rootDir, runtimeDir]
  return dyingWithParent([...namespaces, ...entry, ...inside(command, options)])
}

/** Command line that runs `command` in the namespaces of a program that is already in the root directory. */
export function besideCommand(pid: number, command: readonly string[], options: EnterOptions = {}): string[] {
  return dyingWithParent(['nsenter', `--target=${pid}`, '--mount', '--pid', '--root', '--', ...inside(command, options)])
}

/** @param output what the failed entry said @returns an error that says what is to be done */
export function entryError(output: string): Error {
  const advice = /not permitted|permission denied/i.test(output)
    ? ' This machine does not permit mount and process namespaces: run as root on a machine of its own, or in a container started with --privileged.'
    : ''
  return new Error(`The root directory could not be entered: ${output.trim() || 'no message'}.${advice}`)
}
