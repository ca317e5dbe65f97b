import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failWith, runOnHost } from './host.ts'
import { logTail } from './log-tail.ts'
import { runtimeDir } from './paths.ts'

/** Debian’s tool that makes a root directory, unpacked below the project instead of installed. */
export interface Mmdebstrap {
  readonly script: string
  /** Directories for PERL5LIB; empty when the host’s perl has all modules. */
  readonly perlLib: string
}

const tools = join(runtimeDir, 'tools')
const unpacked = join(tools, 'unpacked')

/** Read after the host’s own files: state and cache are ours, and no hook of the host runs. */
const aptConf = `
Dir::State::lists "${tools}/lists";
Dir::Cache "${tools}/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`

async function fetchAndUnpack(packages: readonly string[], logFile: string): Promise<void> {
  const apt = ['apt-get', '-c', join(tools, 'apt.conf')]
  // A source of the host that has nothing to do with us may fail; whether the packages come is what counts.
  await runOnHost([...apt, 'update'], { logFile })
  if ((await runOnHost([...apt, 'download', ...packages], { logFile, cwd: tools })) !== 0) {
    failWith(`${packages.join(', ')} could not be fetched from this machine’s Debian mirror. Check the network and /etc/apt/sources.list*.`, logFile)
  }
  for (const name of packages) {
    const [file = name] = globSync(`${name}_*.deb`, { cwd: tools })
    // oxlint-disable-next-line no-await-in-loop -- a later package must not unpack beside a failed one
    if ((await runOnHost(['dpkg-deb', '-x', join(tools, file), unpacked], { logFile })) !== 0) failWith(`${file} could not be unpacked.`, logFile)
  }
}

/** A minimal Debian has only `perl-base`, which lacks modules that mmdebstrap loads. */
async function perlHasModules(logFile: string): Promise<boolean> {
  const modules = 'use Pod::Usage; use Digest::SHA; use File::Find; use Math::BigInt; use Term::ANSIColor; use Time::HiRes; require "syscall.ph"; require "sys/ioctl.ph"'
  return (await runOnHost(['perl', '-e', modules], { logFile })) === 0
}

/** @throws Error when it cannot be fetched, with the last lines of the log */
export async function fetchMmdebstrap(logFile: string): Promise<Mmdebstrap> {
  removeMmdebstrap()
  mkdirSync(join(tools, 'lists/partial'), { recursive: true })
  mkdirSync(join(tools, 'cache/archives/partial'), { recursive: true })
  writeFileSync(join(tools, 'apt.conf'), aptConf)
  const complete = await perlHasModules(logFile)
  const version = /^\d+\.\d+/.exec(execFileSync('perl', ['-e', 'printf "%vd", $^V'], { encoding: 'utf8' }))?.[0] ?? ''
  await fetchAndUnpack(['mmdebstrap', ...(complete ? [] : ['perl', `perl-modules-${version}`, `libperl${version}`])], logFile)
  const script = join(unpacked, 'usr/bin/mmdebstrap')
  const perlLib = complete ? '' : globSync([`usr/share/perl/${version}`, `usr/lib/*/perl/${version}`], { cwd: unpacked }).map((dir) => join(unpacked, dir)).join(':')
  // perl without its modules is not the only thing that could be wrong with it: let it compile the script.
  if ((await runOnHost(['perl', script, '--version'], { logFile, env: perlEnv(perlLib) })) !== 0) {
    throw new Error(`mmdebstrap does not run with this machine’s perl ${version}:\n${logTail(logFile)}`)
  }
  return { script, perlLib }
}

export const perlEnv = (perlLib: string): Record<string, string> => (perlLib === '' ? {} : { PERL5LIB: perlLib })

export function removeMmdebstrap(): void {
  rmSync(tools, { recursive: true, force: true })
}
