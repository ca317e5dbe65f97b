import { readFileSync } from 'node:fs'
import { UsageError } from './usage-error.ts'

/** As in `tickets.endpoints[].secrets`. */
const form = /^whsec_[A-Za-z0-9+/=]{32,}$/

/**
 * The secrets to verify with: those of the options, and without any, those of `TANDEM_WEBHOOK_SECRET`, blanks between.
 * @param file one secret a line; empty lines and those that begin with `#` do not count
 * @throws UsageError, which shows no secret
 */
export function webhookSecrets(options: readonly string[], file: string | undefined, env: NodeJS.ProcessEnv): readonly string[] {
  const given = [...checked(options, '--secret'), ...(file === undefined ? [] : checked(linesOf(file), file))]
  if (given.length > 0) return given
  const secrets = checked((env['TANDEM_WEBHOOK_SECRET'] ?? '').split(/\s+/).filter(Boolean), '$TANDEM_WEBHOOK_SECRET')
  if (secrets.length === 0) throw new UsageError('a secret is needed: --secret-file FILE, or $TANDEM_WEBHOOK_SECRET')
  return secrets
}

function linesOf(file: string): readonly string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').map((line) => line.trim())
    return lines.filter((line) => line !== '' && !line.startsWith('#'))
  } catch (error) {
    throw new UsageError(`--secret-file cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function checked(secrets: readonly string[], source: string): readonly string[] {
  const wrong = secrets.findIndex((secret) => !form.test(secret))
  if (wrong >= 0) throw new UsageError(`secret ${wrong + 1} of ${source} is none: it must be whsec_ and at least 32 characters of base64`)
  return secrets
}
