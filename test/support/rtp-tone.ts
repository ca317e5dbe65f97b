import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { sine } from '../../src/lab/wav.ts'

const frameSamples = 160
const frameMs = 20
const pcma = 8

/** One sample in A-law (ITU-T G.711). */
export function alaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0
  const magnitude = Math.min(Math.abs(sample) >> 3, 4095)
  const exponent = Math.max(0, Math.floor(Math.log2(magnitude || 1)) - 4)
  const mantissa = (magnitude >> Math.max(1, exponent)) & 0x0f
  return (sign | (exponent << 4) | mantissa) ^ 0x55
}

export interface RtpTone {
  readonly port: number
  /** There instead of where it went before. */
  sendTo(target: { readonly host: string; readonly port: number }): void
  /** Sends back what comes instead, from now on. */
  echo(): void
  stop(): void
}

/** A source of RTP (RFC 3550) that plays one tone of whole Hz in PCMA. */
export async function openRtpTone(frequencyHz: number): Promise<RtpTone> {
  const socket: Socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const second = Buffer.from(Array.from(sine(frequencyHz, 1000), alaw))
  let timer: NodeJS.Timeout | undefined
  let target: { readonly host: string; readonly port: number } | undefined
  return {
    port: socket.address().port,
    sendTo: (to) => {
      target = to
      if (timer !== undefined) return
      const startedAtMs = performance.now()
      let sent = 0
      // Catches up when the timer was late, so that the pace is that of the clock.
      timer = setInterval(() => {
        for (; sent * frameMs <= performance.now() - startedAtMs; sent++) {
          const header = Buffer.from([0x80, pcma, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
          header.writeUInt16BE(sent & 0xffff, 2)
          header.writeUInt32BE(sent * frameSamples, 4)
          const at = (sent * frameSamples) % second.length
          socket.send([header, second.subarray(at, at + frameSamples)], target?.port, target?.host)
        }
      }, frameMs)
    },
    echo: () => {
      socket.removeAllListeners('message').on('message', (packet, { port, address }) => {
        // A source of its own (RFC 3550 §8).
        packet.writeUInt32BE(1, 8)
        socket.send(packet, port, address)
      })
    },
    stop: () => {
      clearInterval(timer)
      timer = undefined
      socket.close()
    },
  }
}
