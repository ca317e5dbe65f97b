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
  return { address: `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`, key: http.apiKeys[0]?.key ?? '' }
}

/** @throws ServiceError */
export async function post({ address, key }: Service, path: string, body: unknown): Promise<ServiceAnswer> {
  try {
    const response = await fetch(`${address}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as ServiceAnswer['body'] }
  } catch (error) {
    const { cause } = error as { cause?: unknown }
    throw new ServiceError(`${address} cannot be asked: ${cause instanceof Error ? cause.message : String(error)}`, { cause: error })
  }
}
