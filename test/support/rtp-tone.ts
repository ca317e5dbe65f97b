import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { sine } from '../../src/lab/wav.ts'

const frameSamples = 160
const frameMs = 20
const pcma = 8
/** Payload type of telephone events in the SDP of these test parties. */
export const telephoneEvent = 101
const digits = '0123456789*#'
/** A key that is held for this many frames; its end is said three times (RFC 4733 §2.5.1.4). */
const [eventFrames, endFrames] = [5, 3]

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
  /** Presses a key: telephone events (RFC 4733) in the place of the tone, as phones do. Resolves when it has been let go. */
  press(digit: string): Promise<void>
  stop(): void
}

interface Pressing {
  readonly event: number
  readonly fromFrame: number
  readonly done: () => void
}

/** A source of RTP (RFC 3550) that plays one tone of whole Hz in PCMA. */
export async function openRtpTone(frequencyHz: number): Promise<RtpTone> {
  const socket: Socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const second = Buffer.from(Array.from(sine(frequencyHz, 1000), alaw))
  let timer: NodeJS.Timeout | undefined
  let target: { readonly host: string; readonly port: number } | undefined
  let pressing: Pressing | undefined
  let sent = 0
  const send = (payloadType: number, marker: boolean, frame: number, payload: Buffer) => {
    const header = Buffer.from([0x80, payloadType | (marker ? 0x80 : 0), 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    header.writeUInt16BE(sent & 0xffff, 2)
    header.writeUInt32BE(frame * frameSamples, 4)
    socket.send([header, payload], target?.port, target?.host)
  }
  const sendEvent = ({ event, fromFrame, done }: Pressing) => {
    const nth = sent - fromFrame
    const payload = Buffer.from([event, 10 | (nth >= eventFrames ? 0x80 : 0), 0, 0])
    payload.writeUInt16BE(Math.min(nth + 1, eventFrames) * frameSamples, 2)
    send(telephoneEvent, nth === 0, fromFrame, payload)
    if (nth < eventFrames + endFrames - 1) return
    pressing = undefined
    done()
  }
  return {
    port: socket.address().port,
    sendTo: (to) => {
      target = to
      if (timer !== undefined) return
      const startedAtMs = performance.now()
      // Catches up when the timer was late, so that the pace is that of the clock.
      timer = setInterval(() => {
        for (; sent * frameMs <= performance.now() - startedAtMs; sent++) {
          const at = (sent * frameSamples) % second.length
          if (pressing) sendEvent(pressing)
          else send(pcma, false, sent, second.subarray(at, at + frameSamples))
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
    press: async (digit) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      pressing = { event: digits.indexOf(digit), fromFrame: sent, done: resolve }
      await promise
    },
    stop: () => {
      pressing?.done()
      clearInterval(timer)
      timer = undefined
      socket.close()
    },
  }
}
