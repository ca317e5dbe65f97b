import { loadConfig } from '../config/load.ts'

/** The service cannot be asked, or what it answers is no answer of Tandem's. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
}

export interface Service {
  readonly address: string
  readonly key: string
}

export interface ServiceAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** The running service: as the environment has it, else as its configuration does. @throws ServiceError, ConfigError */
export function serviceAt(file: string | undefined, env: NodeJS.ProcessEnv): Service {
  const { TANDEM: address, TANDEM_API_KEY: key } = env
  if (address !== undefined && file === undefined) {
    if (key === undefined) throw new ServiceError('$TANDEM is set, but $TANDEM_API_KEY is not')
    return { address, key }
  }
  const { http } = loadConfig(file ?? env['TANDEM_CONFIG'] ?? 'tandem.yaml', env)
  // Who listens everywhere listens here.
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[http.host] ?? http.host
  return { address: `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`, key: plainKey(http.apiKeys[0]?.key, key) }
}

/** A configuration may have the key's hash alone. @throws ServiceError */
function plainKey(configured = '', given: string | undefined): string {
  const key = given ?? configured
  if (key.startsWith('sha256:')) throw new ServiceError('the configuration has only the hash of its first key: set $TANDEM_API_KEY')
  return key
}

/** @throws ServiceError */
export const post = (service: Service, path: string, body: unknown): Promise<ServiceAnswer> => ask(service, 'POST', path, body)

/** @throws ServiceError */
export async function ask({ address, key }: Service, method: string, path: string, body?: unknown): Promise<ServiceAnswer> {
  try {
    const response = await fetch(`${address}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: response.status === 204 ? {} : ((await response.json()) as ServiceAnswer['body']) }
  } catch (error) {
    const { cause } = error as { cause?: unknown }
    throw new ServiceError(`${address} cannot be asked: ${cause instanceof Error ? cause.message : String(error)}`, { cause: error })
  }
}
