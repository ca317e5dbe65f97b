import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runtimeDir } from './paths.ts'

const defaultFile = join(runtimeDir, 'secrets.json')

function read(file: string): Record<string, string> {
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
  } catch (error) {
    throw new Error(`${file} is damaged. Remove it, and new secrets will be made.`, { cause: error })
  }
}

/**
 * Random secrets, made once and kept in `.runtime/secrets.json`, which only its owner may read.
 * @param names what they are for
 * @returns name → 32 random bytes, base64url
 * @throws Error when the file is damaged or cannot be written
 */
export function labSecrets(names: readonly string[], file = defaultFile): Record<string, string> {
  const kept = read(file)
  const missing = names.filter((name) => kept[name] === undefined)
  if (missing.length > 0) {
    for (const name of missing) kept[name] = randomBytes(32).toString('base64url')
    mkdirSync(dirname(file), { recursive: true })
    // By way of a second file: a reader sees the old secrets or the new ones, never half.
    const next = `${file}.${process.pid}`
    writeFileSync(next, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 })
    renameSync(next, file)
  }
  return Object.fromEntries(names.map((name) => [name, kept[name] ?? '']))
}

/** @returns the secret `name` as Standard Webhooks writes it: `whsec_` and 32 bytes, base64 */
export function webhookSecret(name: string, file = defaultFile): string {
  const { [name]: secret = '' } = labSecrets([name], file)
  return `whsec_${Buffer.from(secret, 'base64url').toString('base64')}`
}
