import { Agent, request } from 'undici'
import type { Config } from '../config/schema.ts'
import { AriError } from './ari-error.ts'

/** One operation as Asterisk's own API description (Swagger 1.1, `/ari/api-docs`) has it, read by ari-client. */
export interface AriOperation {
  /** As `/channels/{channelId}/dial`. */
  readonly path: string
  readonly method: string
  readonly parameters: readonly { readonly name: string; readonly paramType: string }[]
}

/** By name. */
export type AriValues = Readonly<Record<string, string | number | boolean | Readonly<Record<string, string>> | undefined>>

/** Below Asterisk's default `session_keep_alive` of 15 s: a request must not meet a closing connection. */
const keepAliveMs = 10_000

/**
 * Sends ARI requests over kept connections. It takes the place of ari-client's own transport, which drops the status of
 * an answer and stood in the way of the INVITE (some 0.3 ms a request more).
 */
export class AriRequests {
  readonly #base: string
  readonly #authorization: string
  readonly #agent: Agent

  constructor({ host, httpPort, username, ariPassword }: Config['asterisk'], timeoutMs: number) {
    this.#base = `http://${host}:${httpPort}/ari`
    this.#authorization = `Basic ${Buffer.from(`${username}:${ariPassword}`).toString('base64')}`
    this.#agent = new Agent({ keepAliveTimeout: keepAliveMs, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connectTimeout: timeoutMs })
  }

  /** @returns the JSON of the answer, undefined without content @throws AriError */
  async send(name: string, operation: AriOperation, values: AriValues): Promise<unknown> {
    const { url, body } = this.#address(operation, values)
    let statusCode: number
    let text: string
    try {
      const answer = await request(url, {
        method: operation.method.toUpperCase(),
        dispatcher: this.#agent,
        headers: { authorization: this.#authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body }),
      })
      statusCode = answer.statusCode
      text = await answer.body.text()
    } catch (error) {
      throw AriError.from(name, error)
    }
    if (statusCode >= 300) throw AriError.refused(name, statusCode, text)
    return text === '' ? undefined : JSON.parse(text)
  }

  close(): void {
    this.#agent.destroy().catch(() => {
      // Its connections are gone all the same.
    })
  }

  /** What is not in the path goes as JSON, which ARI takes for query parameters too; DELETE and GET have no body. */
  #address({ path, method, parameters }: AriOperation, values: AriValues): { url: string; body?: string } {
    let url = this.#base + path
    const rest: Record<string, AriValues[string]> = {}
    for (const { name, paramType } of parameters) {
      const value = values[name]
      if (value === undefined) continue
      if (paramType === 'path') url = url.replace(`{${name}}`, encodeURIComponent(textOf(value)))
      else rest[name] = value
    }
    const names = Object.keys(rest)
    if (names.length === 0) return { url }
    if (/^(post|put)$/i.test(method)) return { url, body: JSON.stringify(rest) }
    return { url: `${url}?${names.map((name) => `${name}=${encodeURIComponent(textOf(rest[name]))}`).join('&')}` }
  }
}

const textOf = (value: AriValues[string]): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))
