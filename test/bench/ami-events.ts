import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Config } from '../../src/config/schema.ts'

/** Header → value; of a header that comes several times, the last. */
export type AmiMessage = Readonly<Record<string, string>>

/** AMI with the events of calls (class `call`): how the dialplan's operator sees who talks, and sends them elsewhere. */
export class AmiEvents {
  readonly #socket: Socket
  readonly #listener: (message: AmiMessage) => void
  #rest = ''

  private constructor(socket: Socket, listener: (message: AmiMessage) => void) {
    this.#socket = socket
    this.#listener = listener
    socket.setEncoding('utf8').on('data', (text: string) => this.#take(text))
  }

  /** @param listener gets the events, and the answers to actions */
  static async connect({ host, amiPort, username, amiPassword }: Config['asterisk'], listener: (message: AmiMessage) => void): Promise<AmiEvents> {
    const socket = connect({ host, port: amiPort, noDelay: true })
    await once(socket, 'connect')
    const ami = new AmiEvents(socket, listener)
    ami.send({ Action: 'Login', Username: username, Secret: amiPassword, Events: 'call' })
    return ami
  }

  send(action: AmiMessage): void {
    this.#socket.write(`${Object.entries(action).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(text: string): void {
    const blocks = `${this.#rest}${text}`.split('\r\n\r\n')
    this.#rest = blocks.pop() ?? ''
    for (const block of blocks) this.#listener(parse(block))
  }
}

const parse = (block: string): AmiMessage =>
  Object.fromEntries(block.split('\r\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]))
