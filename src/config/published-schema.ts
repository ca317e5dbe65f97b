import { ConfigSchema } from './schema.ts'

/** The JSON schema for people’s editors: what has a default need not be written. */
export function publishedSchema(): unknown {
  return relax(JSON.parse(JSON.stringify(ConfigSchema)))
}

function relax(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(relax)
  if (schema === null || typeof schema !== 'object') return schema
  const relaxed = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, relax(value)]))
  const { required, properties } = schema as { required?: string[]; properties?: Record<string, object> }
  if (!required || !properties) return relaxed
  return { ...relaxed, required: required.filter((name) => !('default' in (properties[name] ?? {}))) }
}
