import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** What an application asks of the server. */
export interface ApplicationRequest {
  readonly id: string
  readonly transaction: string
  readonly dialog: string
  readonly proxy: string | undefined
  readonly sip: string
}

/** The application’s side of drachtio-server: frames `<bytes>#<payload>` over TCP. */
export class ApplicationPort {
  readonly #secret: string
  readonly #own: string
  readonly #asked: (request: ApplicationRequest, application: Socket) => void
  readonly #routes = new Map<Socket, Set<string>>()

  /** @param own what it tells of its own address */
  constructor(secret: string, own: string, asked: (request: ApplicationRequest, application: Socket) => void) {
    this.#secret = secret
    this.#own = own
    this.#asked = asked
  }

  async listen(host: string, port: number): Promise<void> {
    const server = createServer((socket) => this.#joined(socket))
    server.listen(port, host)
    await once(server, 'listening')
  }

  /** Who has asked for these requests. */
  applicationFor(method: string): Socket | undefined {
    return [...this.#routes].find(([, methods]) => methods.has(method.toLowerCase()))?.[0]
  }

  tell(application: Socket, payload: string): void {
    const text = `${randomUUID()}|${payload}`
    application.write(`${Buffer.byteLength(text)}#${text}`)
  }

  /** @param what `OK|…`, or `NOK|reason` */
  reply(application: Socket, id: string, what: string): void {
    this.tell(application, `response|${id}|${what}`)
  }

  #joined(socket: Socket): void {
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#routes.delete(socket))
    let kept = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      kept = Buffer.concat([kept, chunk])
      for (let hash = kept.indexOf('#'); hash > 0; hash = kept.indexOf('#')) {
        const end = hash + 1 + Number(kept.toString('utf8', 0, hash))
        if (kept.length < end) return
        const payload = kept.toString('utf8', hash + 1, end)
        kept = kept.subarray(end)
        this.#message(socket, payload)
      }
    })
  }

  #message(socket: Socket, payload: string): void {
    const [leader = '', ...rest] = payload.split('\r\n')
    const [id = '', kind, first = '', second = '', third] = leader.split('|')
    if (kind === 'authenticate') {
      if (first !== this.#secret) return this.reply(socket, id, 'NO|incorrect secret')
      this.#routes.set(socket, new Set())
      this.reply(socket, id, `OK|${this.#own}|v0.9.0|${this.#own}`)
    } else if (kind === 'route') {
      this.#routes.get(socket)?.add(first.toLowerCase())
      this.reply(socket, id, 'OK')
    } else if (kind === 'ping') this.reply(socket, id, 'OK')
    else if (kind === 'sip' && this.#routes.has(socket)) this.#asked({ id, transaction: first, dialog: second, proxy: third, sip: rest.join('\r\n') }, socket)
    else this.reply(socket, id, 'NO|Unknown message type')
  }
}
