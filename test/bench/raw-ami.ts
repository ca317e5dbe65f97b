import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Config } from '../../src/config/schema.ts'

/** AMI as it is: actions in text over TCP. */
export class RawAmi {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.resume()
  }

  static async connect({ host, amiPort, username, amiPassword }: Config['asterisk']): Promise<RawAmi> {
    const socket = connect({ host, port: amiPort, noDelay: true })
    await once(socket, 'data')
    const ami = new RawAmi(socket)
    const answered = once(socket, 'data')
    ami.send({ Action: 'Login', Username: username, Secret: amiPassword, Events: 'off' })
    const [answer] = (await answered) as [Buffer]
    if (!answer.toString().includes('Success')) throw new Error(`AMI: ${answer.toString().trim()}`)
    return ami
  }

  send(action: Readonly<Record<string, string>>): void {
    this.#socket.write(`${Object.entries(action).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  }

  close(): void {
    this.#socket.destroy()
  }
}
