import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Value } from 'typebox/value'
import { parseDocument } from 'yaml'
import { crossChecks } from './cross-checks.ts'
import { type Config, ConfigSchema } from './schema.ts'

export interface Problem {
  /** Where, as `agents/0/password`. */
  readonly path: string
  readonly reason: string
}

/** The configuration is refused; `problems` names every place and reason, never a value. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[]

  constructor(file: string, problems: readonly Problem[]) {
    super([`configuration ${file} is refused:`, ...problems.map((p) => `  ${p.path || '(top)'}: ${p.reason}`)].join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** Reads, fills in and checks one YAML file. Relative paths in it start at its own directory. @throws ConfigError */
export function loadConfig(file: string, env: NodeJS.ProcessEnv = process.env): Config {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(file, [{ path: '', reason: `cannot be read: ${error instanceof Error ? error.message : String(error)}` }])
  }
  const config = parseConfig(text, env, file)
  const fromHere = (path: string) => resolve(dirname(file), path)
  return {
    ...config,
    journal: { ...config.journal, path: fromHere(config.journal.path) },
    recording: { ...config.recording, directory: fromHere(config.recording.directory) },
    ...(config.ledger ? { ledger: { ...config.ledger, checkpointFile: fromHere(config.ledger.checkpointFile), keyFile: fromHere(config.ledger.keyFile) } } : {}),
  }
}

/** @throws ConfigError */
export function parseConfig(text: string, env: NodeJS.ProcessEnv, file = 'text'): Config {
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw new ConfigError(file, document.errors.map((e) => ({ path: `line ${e.linePos?.[0].line ?? '?'}`, reason: e.message.split('\n')[0] ?? e.code })))
  }
  const missing: Problem[] = []
  const value = Value.Default(ConfigSchema, substitute(document.toJS(), env, '', missing))
  if (missing.length > 0) throw new ConfigError(file, missing)
  if (!Value.Check(ConfigSchema, value)) throw new ConfigError(file, schemaProblems(value))
  const config: Config = value
  const problems = crossChecks(config)
  if (problems.length > 0) throw new ConfigError(file, problems)
  return config
}

/** `${NAME}` in a string is the environment's; one that is not set is a problem. */
function substitute(value: unknown, env: NodeJS.ProcessEnv, path: string, missing: Problem[]): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Z_][A-Z0-9_]*)\}/g, (whole, name: string) => {
      const found = env[name]
      if (found === undefined) missing.push({ path, reason: `environment variable ${name} is not set` })
      return found ?? whole
    })
  }
  const at = (key: string | number) => (path ? `${path}/${key}` : String(key))
  if (Array.isArray(value)) return value.map((item, i) => substitute(item, env, at(i), missing))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substitute(item, env, at(key), missing)]))
  }
  return value
}

function schemaProblems(value: unknown): readonly Problem[] {
  const problems = [...Value.Errors(ConfigSchema, value)].map((error): Problem => {
    const path = error.instancePath.replace(/^\//, '')
    const params: Record<string, unknown> = { ...error.params }
    if (error.keyword === 'required') return { path, reason: `is lacking ${String(params.requiredProperties)}` }
    if (error.keyword === 'additionalProperties') return { path, reason: `unknown: ${String(params.additionalProperties)}` }
    if (error.keyword === 'enum') return { path, reason: `must be one of ${[params.allowedValues].flat().join(', ')}` }
    // Said by `additionalProperties` already.
    if (error.keyword === 'boolean') return { path, reason: '' }
    return { path, reason: error.message }
  })
  const telling = problems.filter(({ reason }) => reason !== '')
  return telling.length > 0 ? telling : [{ path: '', reason: 'does not follow the schema' }]
}
