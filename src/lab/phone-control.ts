/**
 * The wire to a running baresip: its `ctrl_tcp` module, JSON in netstrings over TCP (baresip 1.1,
 * `modules/ctrl_tcp/ctrl_tcp.c`). It serves one connection at a time.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** An event as baresip words it; `type` is `CALL_INCOMING`, `CALL_CLOSED`, `REGISTER_OK` and the like. */
export interface BaresipEvent {
  readonly event: true
  readonly type: string
  readonly class: string
  readonly param?: string
  readonly direction?: 'incoming' | 'outgoing'
  readonly peeruri?: string
  readonly peerdisplayname?: string
  readonly id?: string
}

interface BaresipResponse {
  readonly response: true
  readonly ok: boolean
  readonly data: string
  readonly token?: string
}

/** A command that baresip refused, or that it can no longer answer. */
export class PhoneCommandError extends Error {
  override readonly name = 'PhoneCommandError'
}

export interface PhoneControl {
  /**
   * Runs one command of baresip's menu and returns what it printed.
   *
   * @throws PhoneCommandError when baresip refuses it or is gone
   */
  command(name: string, params?: string): Promise<string>
  close(): void
}

/** `<length>:<bytes>,` (D. J. Bernstein, "Netstrings", 1997). */
export function encodeNetstring(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text)}:${text},`)
}

/** The whole netstrings at the start of `bytes`, and what is left behind them. */
export function decodeNetstrings(bytes: Buffer): { texts: string[]; rest: Buffer } {
  const texts: string[] = []
  let rest = bytes
  for (;;) {
    const colon = rest.indexOf(':')
    const length = Number(rest.toString('latin1', 0, Math.max(colon, 0)))
    if (colon < 1 || rest.length < colon + length + 2) return { texts, rest }
    texts.push(rest.toString('utf8', colon + 1, colon + 1 + length))
    rest = rest.subarray(colon + length + 2)
  }
}

async function connected(port: number, deadline: number): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
      return socket
    } catch (cause) {
      if (performance.now() > deadline) throw new PhoneCommandError(`no baresip on port ${port}`, { cause })
      await delay(20)
    }
  }
}

/**
 * Connects to a baresip that may still be starting.
 *
 * @param onEvent called for every event, in order
 * @throws PhoneCommandError when nothing listens within `timeoutMs`
 */
export async function connectControl(
  port: number,
  onEvent: (event: BaresipEvent) => void,
  timeoutMs = 5000,
): Promise<PhoneControl> {
  const socket = await connected(port, performance.now() + timeoutMs)
  const waiting = new Map<string, { resolve: (data: string) => void; reject: (error: Error) => void }>()
  let unread: Buffer = Buffer.alloc(0)
  let tokens = 0

  const settle = (response: BaresipResponse) => {
    const waiter = waiting.get(response.token ?? '')
    waiting.delete(response.token ?? '')
    if (response.ok) waiter?.resolve(response.data)
    else waiter?.reject(new PhoneCommandError(response.data.trim()))
  }
  socket.setNoDelay(true)
  socket.on('data', (chunk) => {
    const { texts, rest } = decodeNetstrings(Buffer.concat([unread, chunk]))
    unread = rest
    for (const text of texts) {
      const message = JSON.parse(text) as BaresipEvent | BaresipResponse | { message: true }
      if ('response' in message) settle(message)
      else if ('event' in message) onEvent(message)
    }
  })
  socket.on('close', () => {
    for (const waiter of waiting.values()) waiter.reject(new PhoneCommandError('baresip is gone'))
    waiting.clear()
  })
  // What a broken connection means is told by 'close', which always follows.
  socket.on('error', () => undefined)

  return {
    command: (name, params) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) {
          reject(new PhoneCommandError(`baresip is gone: ${name}`))
          return
        }
        const token = String(++tokens)
        waiting.set(token, { resolve, reject })
        socket.write(encodeNetstring(JSON.stringify({ command: name, ...(params && { params }), token })))
      }),
    close: () => {
      socket.destroy()
    },
  }
}
