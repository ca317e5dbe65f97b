import { Agent, request } from 'undici'
import type { Config } from '../../src/config/schema.ts'
import { eventually } from '../../src/lab/eventually.ts'

interface RawEvent {
  readonly type: string
  readonly channel?: { readonly id: string; readonly state: string }
}

/** ARI without a library: keep-alive HTTP and a WebSocket of its own application. The reference. */
export class RawAri {
  readonly application: string
  readonly #base: string
  readonly #authorization: string
  readonly #agent = new Agent({ connections: 4, pipelining: 1 })
  readonly #waiting = new Map<string, () => void>()
  readonly #socket: WebSocket
  #open = false

  private constructor(asterisk: Config['asterisk'], application: string) {
    const { host, httpPort, username, ariPassword } = asterisk
    this.application = application
    this.#base = `http://${host}:${httpPort}/ari`
    this.#authorization = `Basic ${Buffer.from(`${username}:${ariPassword}`).toString('base64')}`
    const url = `ws://${host}:${httpPort}/ari/events?app=${application}&api_key=${username}:${encodeURIComponent(ariPassword)}`
    this.#socket = new WebSocket(url)
    this.#socket.addEventListener('open', () => (this.#open = true))
    this.#socket.addEventListener('message', ({ data }) => this.#event(JSON.parse(String(data)) as RawEvent))
  }

  static async connect(asterisk: Config['asterisk'], application = 'bench'): Promise<RawAri> {
    const ari = new RawAri(asterisk, application)
    await eventually(() => ari.#open, Boolean)
    return ari
  }

  /** Resolves when the event of this type comes for this channel; ask before causing it. */
  event(type: string, channelId: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.set(`${type} ${channelId}`, resolve)
    return promise
  }

  async post(path: string, body?: object): Promise<void> {
    await this.#send('POST', path, body)
  }

  async delete(path: string): Promise<void> {
    await this.#send('DELETE', path)
  }

  async close(): Promise<void> {
    this.#socket.close()
    await this.#agent.close()
  }

  async #send(method: 'POST' | 'DELETE', path: string, body?: object): Promise<void> {
    const { statusCode, body: answer } = await request(`${this.#base}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { authorization: this.#authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await answer.text()
    if (statusCode >= 300 && statusCode !== 404) throw new Error(`${method} ${path}: ${statusCode} ${text}`)
  }

  #event({ type, channel }: RawEvent): void {
    if (!channel) return
    const key = `${type}${type === 'ChannelStateChange' ? `=${channel.state}` : ''} ${channel.id}`
    this.#waiting.get(key)?.()
    this.#waiting.delete(key)
  }
}
