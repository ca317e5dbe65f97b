import { AriError } from './ari-error.ts'

/** One operation as Asterisk's own API description (Swagger 1.1, `/ari/api-docs`) has it, read by ari-client. */
export interface AriOperation {
  /** As `/channels/{channelId}/dial`. */
  readonly path: string
  readonly method: string
  readonly parameters: readonly { readonly name: string; readonly paramType: string }[]
}

/** By name. */
export type AriValues = Readonly<Record<string, string | number | boolean | Readonly<Record<string, unknown>> | undefined>>

/** Asterisk's answer on the socket. */
export interface AriAnswer {
  readonly type: 'RESTResponse'
  readonly request_id: string
  readonly status_code: number
  readonly message_body?: string
}

export const isAnswer = (message: { type: string }): message is AriAnswer => message.type === 'RESTResponse'

const listenMs = 200

interface Pending {
  readonly name: string
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: AriError) => void
  readonly timer: NodeJS.Timeout
}

/**
 * ARI requests over the events' own WebSocket (Asterisk docs, "ARI REST over WebSocket"; since 22.5). It takes the place
 * of ari-client's transport, which drops the status of an answer and stood in the INVITE's way.
 */
export class AriRequests {
  readonly #timeoutMs: number
  readonly #pending = new Map<string, Pending>()
  #send: ((text: string) => void) | undefined
  #sent = 0

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** The socket to send on; without one, requests are refused, and those under way have an unknown outcome. */
  attach(send: ((text: string) => void) | undefined): void {
    this.#send = send
    for (const [id, { name }] of this.#pending) this.#settle(id)?.reject(new AriError(name, 'the connection was lost', undefined, 'unknown'))
  }

  /** @returns the JSON of the answer, undefined without content @throws AriError */
  request(name: string, operation: AriOperation, values: AriValues): Promise<unknown> {
    const send = this.#send
    if (!send) return Promise.reject(AriError.away(name))
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const id = String((this.#sent += 1))
    this.#pending.set(id, { name, resolve, reject, timer: this.#limit(id) })
    send(JSON.stringify({ type: 'RESTRequest', request_id: id, method: operation.method.toUpperCase(), ...addressOf(operation, values) }))
    return promise
  }

  answered({ request_id: id, status_code: status, message_body: body = '' }: AriAnswer): void {
    const pending = this.#settle(id)
    if (!pending) return
    if (status >= 300) pending.reject(AriError.refused(pending.name, status, body))
    else pending.resolve(body === '' ? undefined : JSON.parse(body))
  }

  /** Over when nothing has come for a while after the limit: the answer to a process that stood still waits in the socket, which is read after the timers. */
  #limit(id: string): NodeJS.Timeout {
    const over = () => {
      const pending = this.#settle(id)
      pending?.reject(AriError.timeout(pending.name, this.#timeoutMs))
    }
    return setTimeout(() => {
      const pending = this.#pending.get(id)
      if (pending) this.#pending.set(id, { ...pending, timer: setTimeout(over, listenMs) })
    }, this.#timeoutMs)
  }

  #settle(id: string): Pending | undefined {
    const pending = this.#pending.get(id)
    clearTimeout(pending?.timer)
    this.#pending.delete(id)
    return pending
  }
}

/** What is not in the path goes as JSON, which ARI takes for query parameters too; DELETE and GET have no body. */
function addressOf({ path, method, parameters }: AriOperation, values: AriValues): { uri: string; content_type?: string; message_body?: string } {
  let uri = path.slice(1)
  const rest: Record<string, AriValues[string]> = {}
  for (const { name, paramType } of parameters) {
    const value = values[name]
    if (value === undefined) continue
    if (paramType === 'path') uri = uri.replace(`{${name}}`, encodeURIComponent(textOf(value)))
    // The event filter is the body itself; variables have their name in it.
    else if (name === 'filter' && typeof value === 'object') Object.assign(rest, value)
    else rest[name] = value
  }
  const names = Object.keys(rest)
  if (names.length === 0) return { uri }
  if (/^(post|put)$/i.test(method)) return { uri, content_type: 'application/json', message_body: JSON.stringify(rest) }
  return { uri: `${uri}?${names.map((name) => `${name}=${encodeURIComponent(textOf(rest[name]))}`).join('&')}` }
}

const textOf = (value: AriValues[string]): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))
