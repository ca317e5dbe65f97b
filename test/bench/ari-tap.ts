import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Address } from '../support/sip-request.ts'
import { WebSocketFrames } from './websocket-frames.ts'

/** Stands between Tandem and Asterisk's HTTP port, passes all on as it is, and notes when requests on the WebSocket go by. */
export class AriTap {
  readonly port: number
  readonly #server: Server
  readonly #asterisk: Address
  /** Names of the call and of its caller's channel: every request about the call has one of them in it. */
  #names: readonly string[] = []
  #requests: number[] = []
  #ringing = Promise.withResolvers<void>()

  private constructor(server: Server, port: number, asterisk: Address) {
    this.#server = server
    this.port = port
    this.#asterisk = asterisk
    server.on('connection', (socket) => this.#join(socket))
  }

  static async open(asterisk: Address): Promise<AriTap> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the tap has no port')
    return new AriTap(server, address.port, asterisk)
  }

  /** From now on it is this call whose requests are noted. */
  follow(names: readonly string[]): void {
    this.#names = names
  }

  /**
   * The call's requests from now on, up to Asterisk's word that a leg of it rings.
   * @returns `performance.now()` of each on its way to Asterisk
   */
  async untilRinging(): Promise<readonly number[]> {
    const requests: number[] = []
    this.#requests = requests
    this.#ringing = Promise.withResolvers<void>()
    await this.#ringing.promise
    return [...requests]
  }

  /** `performance.now()` of the call's last request. */
  get lastAt(): number {
    return this.#requests.at(-1) ?? 0
  }

  close(): void {
    this.#server.close()
  }

  #join(tandem: Socket): void {
    const asterisk = connect({ ...this.#asterisk, noDelay: true })
    const [asked, told] = [new WebSocketFrames(), new WebSocketFrames()]
    tandem.on('data', (chunk) => {
      const at = performance.now()
      asterisk.write(chunk)
      for (const text of asked.take(chunk)) this.#asked(at, text())
    })
    asterisk.on('data', (chunk) => {
      tandem.write(chunk)
      for (const text of told.take(chunk)) this.#told(text())
    })
    for (const [one, other] of [[tandem, asterisk] as const, [asterisk, tandem] as const]) {
      one.on('close', () => other.destroy())
      // The close that follows is passed on.
      one.on('error', () => undefined)
    }
  }

  #asked(at: number, text: string): void {
    if (this.#concerns(text)) this.#requests.push(at)
  }

  #told(text: string): void {
    if (text.includes('"RINGING"') && this.#concerns(text)) this.#ringing.resolve()
  }

  #concerns(text: string): boolean {
    return this.#names.some((name) => text.includes(name))
  }
}
