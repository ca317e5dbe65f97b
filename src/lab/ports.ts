import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

export type PortKind = 'tcp' | 'udp' | 'both'

/** Below the ports that Linux gives to outgoing connections (32768 and up), so that none of those takes one first. */
const lowest = 20_000
const highest = 32_000
/** Given out by this process: a second caller must not get a port whose first caller has not bound it yet. */
const given = new Set<number>()

async function free(port: number, kind: 'tcp' | 'udp', host: string): Promise<boolean> {
  const socket = kind === 'tcp' ? createServer() : createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const bound = once(socket, 'listening')
  if ('listen' in socket) socket.listen({ port, host, exclusive: true })
  else socket.bind({ port, address: host, exclusive: true })
  try {
    await bound
  } catch (error) {
    if (['EADDRINUSE', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw new Error(`Port ${port} of ${host} could not be tried`, { cause: error })
  }
  await new Promise<void>((resolve) => void socket.close(() => resolve()))
  return true
}

async function usable(port: number, kind: PortKind, host: string): Promise<boolean> {
  if (port > 65_535 || given.has(port)) return false
  if (kind !== 'udp' && !(await free(port, 'tcp', host))) return false
  return kind === 'tcp' || (await free(port, 'udp', host))
}

/**
 * @param preferred the usual port: taken when it is free, else the next free one above it
 * @param kind on which transports it must be free
 * @returns a port that was free a moment ago, and that this process gets only once
 * @throws Error when there is none, or `host` is not an address of this machine
 */
export async function freePort(preferred?: number, kind: PortKind = 'tcp', host = '127.0.0.1'): Promise<number> {
  const start = preferred ?? lowest + Math.floor(Math.random() * (highest - lowest))
  for (let port = start; port < start + 1_000; port++) {
    // oxlint-disable-next-line no-await-in-loop -- the first free one is wanted
    if (!(await usable(port, kind, host))) continue
    given.add(port)
    return port
  }
  throw new Error(`There is no free ${kind} port on ${host} from ${start} to ${start + 999}`)
}

/**
 * Contiguous UDP ports for RTP, of which the first is even, as RFC 3550 §11 wants for RTP beside RTCP.
 * @param count how many
 * @param from where to look first
 * @returns the first and the last port
 * @throws Error when no such range is free
 */
export async function freePortRange(count: number, from: number, host = '127.0.0.1'): Promise<[first: number, last: number]> {
  let first = from + (from % 2)
  for (let port = first; port <= 65_535; port++) {
    // oxlint-disable-next-line no-await-in-loop -- a taken port moves the whole range
    if (!(await usable(port, 'udp', host))) first = port + 1 + ((port + 1) % 2)
    else if (port - first + 1 === count) {
      for (let taken = first; taken <= port; taken++) given.add(taken)
      return [first, port]
    }
  }
  throw new Error(`There are no ${count} free UDP ports in a row on ${host} from ${from}`)
}
