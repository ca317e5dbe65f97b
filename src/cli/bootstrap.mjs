/**
 * Runs `node src/cli/bootstrap.mjs <script.ts> [args…]` with the Node 24 of this project's own dependencies.
 *
 * Needs Node >= 20 and npm. Installs the dependencies first when they are missing or package-lock.json has changed since.
 * Standard output belongs to the script; what is said here goes to standard error.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants as os } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serviceInRealTime } from './real-time.mjs'

const project = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const runtime = join(project, '.runtime')
const stamp = join(project, 'node_modules/.tandem-stamp')
const node24 = join(project, `node_modules/node-linux-${process.arch}/bin/node`)
/** These work in the root directory (see src/lab/root.ts), which only root may enter. */
const needsRoot = /(^|\/)(src\/cli\/(demo|check|setup)\.ts|test\/bench\/)/
const isService = /(^|\/)src\/main\.ts$/
/** Settings of the caller that sudo would otherwise drop. */
const keep = /^(TANDEM_|NODE_OPTIONS$|CI$|TERM$|LANG$|LC_|(NO|FORCE)_COLOR$|(https?|no)_proxy$|(HTTPS?|NO)_PROXY$)/

/** @param {string} message what is wrong and what is to be done @returns {never} */
function fail(message) {
  process.stderr.write(`tandem: ${message}\n`)
  process.exit(1)
}

function lockHash() {
  return createHash('sha256').update(readFileSync(join(project, 'package-lock.json'))).digest('hex')
}

function installed() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash() && existsSync(node24)
}

/** Under the lock, so that of two runs at once one installs and the other finds it done. */
function install() {
  if (installed()) return
  const started = Date.now()
  process.stderr.write('tandem: installing dependencies (npm ci)\n')
  // The cache is ours, so that nothing is written outside the project; the included groups must not depend on NODE_ENV.
  const npm = spawnSync(
    'npm',
    ['ci', '--include=dev', '--include=optional', '--no-update-notifier', '--cache', join(runtime, 'npm')],
    { cwd: project, encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  if (npm.error) fail(`npm could not be run (${npm.error.message}). Install npm, which comes with Node, and run this again.`)
  if (npm.status !== 0) {
    const said = `${npm.stdout}${npm.stderr}`.split('\n').filter((line) => !line.startsWith('npm warn'))
    process.stderr.write(`${said.slice(0, 30).join('\n')}\n`)
    fail('npm ci failed, see above. It needs the npm registry: check the network, or npm’s registry and proxy settings.')
  }
  if (!existsSync(node24)) {
    fail(
      `npm did not install Node 24 for ${process.platform} ${process.arch}: the package node-linux-${process.arch} is ` +
        'missing. Tandem runs on Linux, x64 or arm64, and the registry in use must offer that package.',
    )
  }
  const version = spawnSync(node24, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  if (version.status !== 0 || !version.stdout.startsWith('24.')) {
    fail(`${node24} should be Node 24 but answers: ${(version.stdout || version.stderr || String(version.error)).trim()}`)
  }
  writeFileSync(stamp, lockHash())
  process.stderr.write(`tandem: dependencies installed in ${Math.round((Date.now() - started) / 1000)} s\n`)
}

function installOnce() {
  mkdirSync(runtime, { recursive: true })
  const locked = spawnSync(
    'flock',
    [join(runtime, 'install.lock'), process.execPath, fileURLToPath(import.meta.url), '--install'],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  if (locked.error) fail(`flock could not be run (${locked.error.message}). Install the package util-linux.`)
  if (locked.status !== 0) process.exit(locked.status ?? 1)
}

/** @param {string} program a name to look for on PATH */
function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK)
      return true
    } catch {
      return false // not in this directory
    }
  })
}

/**
 * The script’s process below sudo, which does not pass on signals that come from its own process group.
 * @param {number} pid of sudo
 */
function belowSudo(pid) {
  while (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sudo') {
    pid = Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10)
  }
  return pid
}

/** @param {string} script @param {readonly string[]} args */
function run(script, args) {
  // A user's PATH, and root's after a plain `su`, lacks the directories that have chroot.
  const path = [dirname(node24), process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter)
  const asRoot = needsRoot.test(script) && process.getuid?.() !== 0
  if (asRoot && !onPath('sudo')) {
    fail(`${script} needs root for its private root directory: run it as root, or install sudo.`)
  }
  // When this process is killed outright, the script is told to end. (sudo clears that mark: there it would run on.)
  const dieWithUs = onPath('setpriv') ? ['setpriv', '--pdeathsig', 'TERM'] : []
  const kept = Object.keys(process.env).filter((name) => keep.test(name))
  const [program = node24, ...rest] = asRoot
    ? ['sudo', `--preserve-env=${kept.join(',')}`, '--', 'env', `PATH=${path}`, node24, script, ...args]
    : [...dieWithUs, ...(isService.test(script) ? serviceInRealTime([node24, script, ...args]) : [node24, script, ...args])]
  const child = spawn(program, rest, { stdio: 'inherit', env: { ...process.env, PATH: path } })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      if (!asRoot) child.kill(signal)
      // A terminal's SIGINT reaches the script without us; for the others we, not being root, need sudo again.
      else if (signal !== 'SIGINT' && child.pid) {
        // The shell's own kill: a minimal Debian has no other.
        spawnSync('sudo', ['-n', 'sh', '-c', `kill -s ${signal.slice(3)} ${belowSudo(child.pid)}`], { stdio: 'ignore' })
      }
    })
  }
  child.on('error', (error) => fail(`${program} could not be run: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? os.signals[signal] : 0)))
}

const [script, ...args] = process.argv.slice(2)
if (script === '--install') {
  install()
} else if (script === undefined) {
  fail('usage: node src/cli/bootstrap.mjs <script.ts> [args…]')
} else {
  if (!installed()) installOnce()
  run(resolve(project, script), args)
}
