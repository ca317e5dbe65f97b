import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Address } from './sip-request.ts'
import { WebSocketFrames } from './websocket-frames.ts'

/** Requests about one call, from now on. */
export interface Watch {
  /** `performance.now()` of their arrival on the way to Asterisk, up to Asterisk's word that the other desk rings. */
  readonly requests: Promise<readonly number[]>
}

interface Watching {
  /** Names of the call and of its caller's channel: every request about the call has one of them in it. */
  readonly names: readonly string[]
  readonly at: number[]
  readonly resolve: (at: readonly number[]) => void
}

/** Stands between Tandem and Asterisk's HTTP port, passes all on as it is, and notes when requests on the WebSocket go by. */
export class AriTap {
  readonly port: number
  readonly #server: Server
  readonly #asterisk: Address
  #watching: Watching | undefined

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

  /** One at a time. */
  watch(names: readonly string[]): Watch {
    const { promise, resolve } = Promise.withResolvers<readonly number[]>()
    this.#watching = { names, at: [], resolve }
    return { requests: promise }
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
    const watching = this.#watching
    if (watching?.names.some((name) => text.includes(name))) watching.at.push(at)
  }

  #told(text: string): void {
    const watching = this.#watching
    if (!watching || !text.includes('"RINGING"') || !watching.names.some((name) => text.includes(name))) return
    this.#watching = undefined
    watching.resolve(watching.at)
  }
}
