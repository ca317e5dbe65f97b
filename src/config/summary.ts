import type { Config } from './schema.ts'

const secretKeys = new Set(['password', 'ariPassword', 'amiPassword', 'key', 'apiKey', 'secret', 'secrets', 'token', 'cti'])

/** Every setting for the log at start; secrets only as `configured`. A password inside a URL is left out too. */
export function safeSummary(config: Config): unknown {
  return hide(config)
}

function hide(value: unknown, key = ''): unknown {
  if (secretKeys.has(key)) return 'configured'
  if (typeof value === 'string') return value.replace(/\/\/[^/@]*@/, '//configured@')
  if (Array.isArray(value)) return value.map((item) => hide(item))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, hide(v, k)]))
  }
  return value
}
