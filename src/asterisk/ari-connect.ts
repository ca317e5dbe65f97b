import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import ari from 'ari-client'
import type { Config } from '../config/schema.ts'
import { AriError } from './ari-error.ts'
import type { AriOperation } from './ari-request.ts'

const connectMs = 10_000

/** What is used of ari-client's. */
export interface AriClient {
  readonly _swagger: {
    readonly apis: Readonly<Record<string, { readonly operations: Readonly<Record<string, AriOperation>> }>>
  }
  start(application: string): PromiseLike<void>
  stop(): void
  ping(): void
  on(event: string, listener: (argument: unknown) => void): void
  removeAllListeners(): void
  readonly _ws?: {
    terminate(): void
    send(text: string): void
    removeAllListeners(event: string): void
    on(event: 'message', listener: (data: Buffer) => void): void
  }
}

// ari-client's Swagger reader prints a notice through a global `log` of its own; stdout is for the log and for results.
Reflect.set(globalThis, 'log', () => undefined)

/** One request of ari-client's Swagger reader, and who is told what came of it. */
interface SwaggerRequest {
  readonly url: string
  readonly headers: { readonly Authorization: string }
  readonly on: {
    /** @throws anything, where the description is not one */
    readonly response: (answer: { readonly obj: unknown }) => void
    readonly error: (answer: { readonly status: number; readonly statusText: string }) => void
  }
}
interface SwaggerReader {
  readonly SwaggerApi: { readonly prototype: { fail: (this: { readonly failure: (message: unknown) => void }, message: unknown) => void } }
  readonly SwaggerHttp: { readonly prototype: { execute: (request: SwaggerRequest) => void } }
}
const fromAriClient = createRequire(import.meta.resolve('ari-client'))
const swagger = fromAriClient('swagger-client') as SwaggerReader
// It tells of a failure and then throws it too, in a listener where nobody can catch it: an Asterisk that is just
// starting (503) would end the process.
swagger.SwaggerApi.prototype.fail = function fail(message) {
  this.failure(message)
}
// Its own transport throws there too, at an answer that is no description, and never tells of a connection that was reset.
swagger.SwaggerHttp.prototype.execute = ({ url, headers, on }) => {
  void describedAt(url, headers.Authorization)
    .then((obj) => on.response({ obj }))
    .catch((error: unknown) => on.error({ status: 500, statusText: String(error) }))
}

/** Asks Asterisk for the description of its API. @throws AriError within 10 s */
export async function connectAri({ host, httpPort, username, ariPassword }: Config['asterisk']): Promise<AriClient> {
  const address = `http://${host}:${httpPort}`
  await expectReady(`${address}/ari/api-docs/resources.json`, `Basic ${Buffer.from(`${username}:${ariPassword}`).toString('base64')}`)
  return inTime<AriClient>(ari.connect(address, username, ariPassword))
}

/** ari-client waits without end where a connection is reset, and asks on where it is refused an answer. @throws AriError */
async function expectReady(url: string, authorization: string): Promise<void> {
  const { status, body } = await fetched(url, authorization).catch((error: unknown) => {
    throw AriError.from('connect', error)
  })
  if (status !== 200) throw AriError.refused('connect', status, body)
}

/** @throws Error where there is no description */
async function describedAt(url: string, authorization: string): Promise<unknown> {
  const { status, body } = await fetched(url, authorization)
  if (status !== 200) throw AriError.refused('connect', status, body)
  const described = JSON.parse(body) as { readonly apis?: unknown }
  if (!Array.isArray(described.apis)) throw new Error(`no description of ARI at ${url}`)
  return described
}

/** By Node's own client, which is there already: calls may be waiting. */
async function fetched(url: string, authorization: string): Promise<{ status: number; body: string }> {
  const asked = get(url, { headers: { authorization }, signal: AbortSignal.timeout(connectMs) })
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: answer.statusCode ?? 0, body: await text(answer) }
}

/** A host that vanishes while it is asked would otherwise be waited for without end. @throws AriError within 10 s */
export async function inTime<T>(connecting: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(AriError.timeout('connect', connectMs)), connectMs)
  })
  try {
    return await Promise.race([connecting, late])
  } catch (error) {
    throw error instanceof AriError ? error : AriError.from('connect', error)
  } finally {
    clearTimeout(timer)
  }
}
