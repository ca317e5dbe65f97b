import { runInRoot } from './run.ts'

export type Versions = Readonly<Record<string, string>>

/** Program → how to ask it, and where its answer has the version. */
type Questions = Readonly<Record<string, readonly [command: readonly string[], pattern: RegExp]>>

const questions: Questions = {
  asterisk: [['asterisk', '-V'], /^Asterisk (\d[\d.]*)/],
  redis: [['redis-server', '--version'], /v=(\d[\d.]*)/],
  postgres: [['psql', '--version'], /PostgreSQL\) (\d[\d.]*)/],
  baresip: [['baresip', '-h'], /baresip v(\d[\d.]*)/],
  sipp: [['sipp', '-v'], /SIPp v(\d[\d.]*)/],
  sox: [['sox', '--version'], /v(\d[\d.]*)/],
  'espeak-ng': [['espeak-ng', '--version'], /(\d+\.\d[\d.]*)/],
}

const requestTrackerQuestions: Questions = {
  'request-tracker': [['perl', '-I/usr/share/request-tracker5/lib', '-MRT', '-e', 'print $RT::VERSION'], /^(\d+\.\d+\.\d+)/],
}

async function ask(root: string, asked: Questions): Promise<Versions> {
  const answers = await Promise.all(
    Object.entries(asked).map(async ([name, [command, pattern]]) => {
      const { stdout, stderr } = await runInRoot(command, { root })
      const version = pattern.exec(stdout + stderr)?.[1]
      if (version === undefined) throw new Error(`${name} does not run in the root directory: ${(stdout + stderr).trim()}`)
      return [name, version] as const
    }),
  )
  return Object.fromEntries(answers)
}

/**
 * Asks the programs of a root directory for their versions; that also shows that they run there.
 * @throws Error when one does not answer, or is not what Tandem is built for: Asterisk 22, Redis 7 or newer
 */
export async function readVersions(root: string): Promise<Versions> {
  const versions = await ask(root, questions)
  checkVersions(versions)
  return versions
}

/** @throws Error when Request Tracker does not run there, or is not 5 */
export async function readRequestTrackerVersions(root: string): Promise<Versions> {
  const versions = await ask(root, requestTrackerQuestions)
  const { 'request-tracker': version = '' } = versions
  if (!version.startsWith('5.')) throw new Error(`Debian gave Request Tracker ${version}, and Tandem is built for 5.`)
  return versions
}

/** @throws Error when Asterisk is not 22 or Redis older than 7 */
export function checkVersions(versions: Versions): void {
  const { asterisk = '', redis = '' } = versions
  if (!asterisk.startsWith('22.')) {
    throw new Error(
      `Debian gave Asterisk ${asterisk}, and Tandem is built for 22. Take Debian as it was on 1 November 2026, ` +
        'from its snapshot archive: TANDEM_DEBIAN_MIRROR=<address of that day> npm run setup',
    )
  }
  if (Number.parseInt(redis, 10) < 7) throw new Error(`Debian gave Redis ${redis}, and Tandem needs 7 or newer.`)
}
