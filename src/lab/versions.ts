import { runInRoot } from './run.ts'

export type Versions = Readonly<Record<string, string>>

/** Program → how to ask it, and where its answer has the version. */
const questions: Readonly<Record<string, readonly [command: readonly string[], pattern: RegExp]>> = {
  asterisk: [['asterisk', '-V'], /^Asterisk (\d[\d.]*)/],
  redis: [['redis-server', '--version'], /v=(\d[\d.]*)/],
  postgres: [['psql', '--version'], /PostgreSQL\) (\d[\d.]*)/],
  baresip: [['baresip', '-h'], /baresip v(\d[\d.]*)/],
  sipp: [['sipp', '-v'], /SIPp v(\d[\d.]*)/],
  sox: [['sox', '--version'], /v(\d[\d.]*)/],
  'espeak-ng': [['espeak-ng', '--version'], /(\d+\.\d[\d.]*)/],
}

/**
 * Asks the programs of a root directory for their versions; that also shows that they run there.
 * @throws Error when one does not answer, or is not what Tandem is built for: Asterisk 22, Redis 7 or newer
 */
export async function readVersions(root: string): Promise<Versions> {
  const answers = await Promise.all(
    Object.entries(questions).map(async ([name, [command, pattern]]) => {
      const { stdout, stderr } = await runInRoot(command, { root })
      const version = pattern.exec(stdout + stderr)?.[1]
      if (version === undefined) throw new Error(`${name} does not run in the root directory: ${(stdout + stderr).trim()}`)
      return [name, version] as const
    }),
  )
  const versions = Object.fromEntries(answers)
  checkVersions(versions)
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
