import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A wire between the service and Asterisk's HTTP port that can be cut. */
export interface AriProxy {
  readonly port: number
  /** Where it leads; told once Asterisk's port is known. */
  leadTo(port: number): void
  /** Every connection is reset, and none is accepted. */
  cut(): void
  /** Connections stay, and nothing passes any more: half-open. */
  stall(): void
  /** What the service sends still arrives; no answer and no event comes back. */
  deafen(): void
  /** From now on pings get no answer, and all else passes. @returns how many answers were withheld */
  withholdPongs(): () => number
  mend(): void
  close(): Promise<void>
}

/** An empty one (RFC 6455, 5.5.3): two bytes that no text of ARI's has in it. */
const pong = Buffer.from([0x8a, 0x00])

export async function startAriProxy(): Promise<AriProxy> {
  let target = 0
  let withheld = 0
  let state: 'whole' | 'cut' | 'stalled' | 'deaf' | 'without pongs' = 'whole'
  const sockets = new Set<Socket>()
  const withoutPongs = (data: Buffer): Buffer => {
    const at = data.indexOf(pong)
    if (at < 0) return data
    withheld += 1
    return withoutPongs(Buffer.concat([data.subarray(0, at), data.subarray(at + pong.length)]))
  }
  const server = createServer((near) => {
    if (state === 'cut') return void near.destroy()
    const far = connect(target, '127.0.0.1')
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      sockets.add(socket)
      socket.on('data', (data) => {
        if (state === 'stalled' || (state === 'deaf' && socket === far)) return
        other.write(state === 'without pongs' && socket === far ? withoutPongs(data) : data)
      })
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      // Its close follows, and is all that matters.
      socket.on('error', () => undefined)
    }
    return undefined
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const drop = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (port) => (target = port),
    cut() {
      state = 'cut'
      drop()
    },
    stall: () => (state = 'stalled'),
    deafen: () => (state = 'deaf'),
    withholdPongs() {
      state = 'without pongs'
      return () => withheld
    },
    mend() {
      if (state === 'stalled' || state === 'deaf') drop()
      state = 'whole'
    },
    async close() {
      drop()
      server.close()
      await once(server, 'close')
    },
  }
}
