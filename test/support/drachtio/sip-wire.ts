import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Address {
  readonly proto: 'udp' | 'tcp'
  readonly host: string
  readonly port: number
}

/** Where a SIP URI leads. */
export function addressOf(uri: string): Address {
  const [, host = '', port] = /^sips?:(?:[^@]*@)?([^:;>?]+)(?::(\d+))?/i.exec(uri) ?? []
  return { proto: /;transport=tcp/i.test(uri) ? 'tcp' : 'udp', host, port: Number(port ?? 5060) }
}

const keyOf = ({ host, port }: Address): string => `${host}:${port}`
const longest = 65_536

/** SIP over UDP and TCP (RFC 3261 §18): each message whole, with its sender. */
export class SipWire {
  readonly #host: string
  readonly #port: number
  readonly #received: (text: string, from: Address) => void
  readonly #failed: (to: Address) => void
  readonly #udp = createSocket('udp4')
  readonly #streams = new Map<string, Socket>()

  constructor(host: string, port: number, received: (text: string, from: Address) => void, failed: (to: Address) => void) {
    this.#host = host
    this.#port = port
    this.#received = received
    this.#failed = failed
  }

  async start(): Promise<void> {
    this.#udp.on('message', (packet, { address, port }) => this.#received(packet.toString(), { proto: 'udp', host: address, port }))
    // An ICMP error of somebody who is not there.
    this.#udp.on('error', () => undefined)
    this.#udp.bind(this.#port, this.#host)
    await once(this.#udp, 'listening')
    const server = createServer((socket) => this.#read(socket, { proto: 'tcp', host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }))
    server.listen(this.#port, this.#host)
    await once(server, 'listening')
  }

  send(text: string, to: Address): void {
    if (to.proto === 'udp') {
      this.#udp.send(text, to.port, to.host, () => undefined)
      return
    }
    const known = this.#streams.get(keyOf(to))
    const stream = known ?? connect({ host: to.host, port: to.port, localAddress: this.#host })
    if (!known) this.#read(stream, to)
    stream.write(text)
  }

  #read(socket: Socket, from: Address): void {
    this.#streams.set(keyOf(from), socket)
    socket.setNoDelay(true)
    socket.on('error', () => this.#failed(from))
    socket.on('close', () => this.#streams.delete(keyOf(from)))
    let kept = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      kept += chunk
      for (;;) {
        kept = kept.replace(/^(\r\n)+/, '')
        const end = kept.indexOf('\r\n\r\n')
        // What has no end is no SIP.
        if (end < 0 && kept.length > longest) socket.destroy()
        if (end < 0) return
        const length = Number(/^(?:content-length|l)\s*:\s*(\d+)/im.exec(kept.slice(0, end))?.[1] ?? 0)
        if (kept.length < end + 4 + length) return
        const message = Buffer.from(kept.slice(0, end + 4 + length), 'latin1').toString()
        kept = kept.slice(end + 4 + length)
        this.#received(message, from)
      }
    })
  }
}
