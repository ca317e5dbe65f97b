import { Agent, request } from 'undici'
import type { Config } from '../../src/config/schema.ts'
import { eventually } from '../../src/lab/eventually.ts'

/** The parts of an event that the benchmarks read. */
export interface RawEvent {
  readonly type: string
  /** Of `ChannelEnteredBridge`. */
  readonly bridge?: { readonly id: string; readonly bridge_class: string }
  readonly channel?: { readonly id: string; readonly caller: { readonly number: string } }
  readonly peer?: { readonly id: string }
  readonly dialstatus?: string
}

/** ARI without a library: keep-alive HTTP and a WebSocket of its own application. The reference. */
export class RawAri {
  readonly application: string
  readonly #base: string
  readonly #authorization: string
  readonly #agent = new Agent({ connections: 4, pipelining: 1 })
  readonly #waiting = new Set<{ readonly test: (event: RawEvent) => boolean; readonly resolve: (event: RawEvent) => void }>()
  readonly #socket: WebSocket
  #open = false

  private constructor(asterisk: Config['asterisk'], application: string, everything: boolean) {
    const { host, httpPort, username, ariPassword } = asterisk
    this.application = application
    this.#base = `http://${host}:${httpPort}/ari`
    this.#authorization = `Basic ${Buffer.from(`${username}:${ariPassword}`).toString('base64')}`
    const url = `ws://${host}:${httpPort}/ari/events?app=${application}&api_key=${username}:${encodeURIComponent(ariPassword)}&subscribeAll=${everything}`
    this.#socket = new WebSocket(url)
    this.#socket.addEventListener('open', () => (this.#open = true))
    this.#socket.addEventListener('message', ({ data }) => this.#event(JSON.parse(String(data)) as RawEvent))
  }

  /** @param everything events of other applications too */
  static async connect(asterisk: Config['asterisk'], application = 'bench', everything = false): Promise<RawAri> {
    const ari = new RawAri(asterisk, application, everything)
    await eventually(() => ari.#open, Boolean)
    return ari
  }

  /** The first such event from now on: ask before causing it. */
  event(test: (event: RawEvent) => boolean): Promise<RawEvent> {
    const { promise, resolve } = Promise.withResolvers<RawEvent>()
    this.#waiting.add({ test, resolve })
    return promise
  }

  /** The channel has entered the application; ask before causing it. */
  async started(channelId: string): Promise<void> {
    await this.event(({ type, channel }) => type === 'StasisStart' && channel?.id === channelId)
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

  #event(event: RawEvent): void {
    for (const waiting of this.#waiting) {
      if (!waiting.test(event)) continue
      this.#waiting.delete(waiting)
      waiting.resolve(event)
    }
  }
}
