import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkHost, failWith, runOnHost } from './host.ts'
import { withLock } from './lock.ts'
import { logTail } from './log-tail.ts'
import { fetchMmdebstrap, perlEnv, removeMmdebstrap } from './mmdebstrap.ts'
import { runtimeDir } from './paths.ts'
import { readRequestTrackerVersions, readVersions, type Versions } from './versions.ts'

const suite = 'forky'

export interface RootRecipe {
  /** Of its directory and its log below `.runtime`. */
  readonly name: string
  readonly packages: readonly string[]
  /** That its programs need and Debian’s packages do not make. */
  readonly directories: readonly string[]
  /** @throws Error when a program does not run there, or is not what Tandem is built for */
  readonly readVersions: (root: string) => Promise<Versions>
}

/** All that Tandem runs with, and most tests. */
export const usualRoot: RootRecipe = {
  name: 'root',
  packages: ['asterisk', 'asterisk-moh-opsound-gsm', 'redis-server', 'postgresql', 'baresip-core', 'sip-tester', 'sox', 'espeak-ng'],
  // Asterisk answers 500 to every recording without it.
  directories: ['var/spool/asterisk/recording'],
  readVersions,
}

/** A ticket system to test with; built when a test first asks for it. */
export const requestTrackerRoot: RootRecipe = {
  name: 'root-request-tracker',
  packages: ['request-tracker5', 'rt5-db-sqlite', 'rt5-standalone'],
  directories: [],
  readVersions: readRequestTrackerVersions,
}

/** The last file that a build writes: there is no finished root directory without it. */
const stampName = 'tandem.json'

export interface Root {
  readonly path: string
  /** Program name → version, Node’s included. */
  readonly versions: Versions
}

interface Stamp {
  readonly recipe: string
  readonly versions: Versions
}

const pathOf = ({ name }: RootRecipe): string => join(runtimeDir, name)
const logOf = ({ name }: RootRecipe): string => join(runtimeDir, `${name}.log`)
const hashOf = ({ packages }: RootRecipe): string => createHash('sha256').update(JSON.stringify({ suite, packages, format: 1 })).digest('hex')

function finished(recipe: RootRecipe): Root | undefined {
  const path = pathOf(recipe)
  const file = join(path, stampName)
  if (!existsSync(file)) return undefined
  const stamp = JSON.parse(readFileSync(file, 'utf8')) as Stamp
  if (stamp.recipe !== hashOf(recipe)) return undefined
  return { path, versions: { ...stamp.versions, node: process.versions.node } }
}

/** Never into another file system: a mount that a killed build left behind would be the host’s own /dev. */
function removeTree(path: string): void {
  execFileSync('rm', ['-rf', '--one-file-system', path])
}

/** Settings of this machine’s apt that its network needs; mmdebstrap itself starts from none. */
function hostAptOptions(): string[] {
  const dump = execFileSync('apt-config', ['dump', '--no-empty', '--format', '%F "%v";%n', 'Acquire'], { encoding: 'utf8' })
  return dump.split('\n').filter((line) => /^Acquire::(https?::[^ ]*Proxy|Check-Valid-Until|Check-Date) /i.test(line))
}

async function debootstrap(recipe: RootRecipe, target: string, progress: (line: string) => void): Promise<void> {
  const { packages } = recipe
  const logFile = logOf(recipe)
  progress('fetching mmdebstrap')
  const { script, perlLib } = await fetchMmdebstrap(logFile)
  const temporary = `${target}.tmp`
  mkdirSync(temporary)
  const mirror = process.env['TANDEM_DEBIAN_MIRROR']
  const attempt = async (aptOptions: readonly string[]): Promise<boolean> => {
    removeTree(target)
    // Namespaces of its own: whatever ends the build also ends its mounts and processes.
    const namespaces = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--']
    const options = ['--mode=root', '--variant=essential', `--include=${packages.join(',')}`, ...aptOptions.map((option) => `--aptopt=${option}`)]
    const command = [...namespaces, 'perl', script, ...options, suite, target, ...(mirror === undefined ? [] : [mirror])]
    return (await runOnHost(command, { logFile, env: { TMPDIR: temporary, ...perlEnv(perlLib) } })) === 0
  }
  progress(`building the root directory (Debian ${suite}: ${packages.join(', ')}); half a minute on a good network`)
  const options = hostAptOptions()
  let done = await attempt(options)
  if (!done && /is expired|Release file .* expired/.test(logTail(logFile, 60))) {
    progress('the mirror’s index is older than its date allows; building again without that check (signatures are still checked)')
    done = await attempt([...options, 'Acquire::Check-Valid-Until "false"'])
  }
  removeTree(temporary)
  if (!done) {
    failWith('The root directory could not be built. Check the network, or name another mirror: TANDEM_DEBIAN_MIRROR=http://… npm run setup', logFile)
  }
}

/** What Debian’s packages leave to be done. */
function furnish(root: string, { directories }: RootRecipe): void {
  for (const directory of directories) mkdirSync(join(root, directory), { recursive: true })
  // No name is looked up anywhere but here. Removed first: through a link the host's own file would be written.
  for (const [name, text] of Object.entries({ 'resolv.conf': '', hosts: '127.0.0.1 localhost\n::1 localhost\n' })) {
    const file = join(root, 'etc', name)
    rmSync(file, { force: true })
    writeFileSync(file, text)
  }
}

async function build(recipe: RootRecipe, progress: (line: string) => void): Promise<Root> {
  const path = pathOf(recipe)
  writeFileSync(logOf(recipe), '')
  await checkHost(logOf(recipe))
  for (const left of globSync(`${recipe.name}.building*`, { cwd: runtimeDir })) removeTree(join(runtimeDir, left))
  const target = `${path}.building-${process.pid}`
  const started = Date.now()
  try {
    await debootstrap(recipe, target, progress)
    furnish(target, recipe)
    const versions = await recipe.readVersions(target)
    writeFileSync(join(target, stampName), JSON.stringify({ recipe: hashOf(recipe), versions } satisfies Stamp, null, 2))
    removeTree(path)
    renameSync(target, path)
  } finally {
    removeTree(target)
    removeMmdebstrap()
  }
  progress(`root directory ready after ${Math.round((Date.now() - started) / 1000)} s`)
  const root = finished(recipe)
  if (root === undefined) throw new Error(`${path} vanished while it was being made. Run this again.`)
  return root
}

/**
 * A root directory below `.runtime`, built when it is missing or its recipe has changed; needs root. Nothing of the
 * host is changed: the tools are unpacked beside it, and the build has its own mounts and package lists.
 * @param progress told in a line what takes long
 * @throws Error that says what is to be done, with the last lines of the log where one helps
 */
export async function ensureRoot(progress: (line: string) => void, recipe: RootRecipe = usualRoot): Promise<Root> {
  mkdirSync(runtimeDir, { recursive: true })
  // One lock for all of them: they are built with the same tools.
  return finished(recipe) ?? (await withLock(join(runtimeDir, 'root.lock'), async () => finished(recipe) ?? (await build(recipe, progress))))
}
