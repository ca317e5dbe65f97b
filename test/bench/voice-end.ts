import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { toneShare } from '../../src/lab/tones.ts'
import { sine } from '../../src/lab/wav.ts'
import { alaw } from '../support/rtp-tone.ts'
import type { Address } from '../support/sip-request.ts'

const frameSamples = 160
const frameMs = 20
const headerBytes = 12
const pcma = 8
/** A packet is somebody's voice when most of its energy is his tone, and it is as loud as a voice. */
const voiceShare = 0.8
const voiceLevel = 1000

/** G.711 A-law to linear, by the octet. */
const linear = Int16Array.from({ length: 256 }, (_, octet) => {
  const bits = octet ^ 0x55
  const [exponent, mantissa] = [(bits >> 4) & 7, bits & 0x0f]
  const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1)
  return bits & 0x80 ? magnitude : -magnitude
})

interface Listening {
  readonly toneHz: number
  readonly resolve: (at: number) => void
  /** Arrival of the packet before, when it was voice. */
  first: number | undefined
}

/**
 * One end's RTP (RFC 3550): PCMA in packets of 20 ms, at a clock of its own that never stops. The sound is one tone, by which
 * the other end tells it from music, ringback and everybody else.
 */
export class VoiceEnd {
  readonly port: number
  readonly #socket: Socket
  readonly #second: Buffer
  readonly #startedAt = performance.now()
  readonly #ssrc = Math.floor(Math.random() * 2 ** 32)
  #frame = 0
  #timer: NodeJS.Timeout | undefined
  #to: Address | undefined
  #sent: ((at: number) => void) | undefined
  #listening: Listening | undefined
  #watched: { readonly toneHz: number; last: number; longest: number } | undefined

  private constructor(socket: Socket, toneHz: number) {
    this.#socket = socket
    this.port = socket.address().port
    this.#second = Buffer.from(Array.from(sine(toneHz, 1000), alaw))
    socket.on('message', (packet) => this.#take(performance.now(), packet))
    this.#tick()
  }

  /** @param toneHz whole Hz */
  static async open(toneHz: number): Promise<VoiceEnd> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new VoiceEnd(socket, toneHz)
  }

  /** Speaks from the next tick of its clock on. @returns `performance.now()` just before the first packet is sent */
  speakTo(to: Address): Promise<number> {
    this.#to = to
    const { promise, resolve } = Promise.withResolvers<number>()
    this.#sent = resolve
    return promise
  }

  silence(): void {
    this.#to = undefined
  }

  /**
   * Listens from now on for a voice.
   * @returns `performance.now()` in the event of the arrival of its first packet, of which the next one is voice too
   */
  hear(toneHz: number): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>()
    this.#listening = { toneHz, resolve, first: undefined }
    return promise
  }

  /**
   * Watches a voice that is being heard.
   * @returns the longest time without it so far, in ms: from one packet of it to the next, less the 20 ms that there are always
   */
  watch(toneHz: number): () => number {
    const watched = { toneHz, last: performance.now(), longest: 0 }
    this.#watched = watched
    return () => Math.max(watched.longest, performance.now() - watched.last - frameMs)
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  /** By the clock: a late timer makes no later frame late. */
  #tick(): void {
    for (; this.#startedAt + this.#frame * frameMs <= performance.now(); this.#frame++) this.#send()
    const due = this.#startedAt + this.#frame * frameMs
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, due - performance.now()))
  }

  #send(): void {
    if (!this.#to) return
    const header = Buffer.alloc(headerBytes)
    header[0] = 0x80
    header[1] = pcma
    header.writeUInt16BE(this.#frame & 0xffff, 2)
    header.writeUInt32BE((this.#frame * frameSamples) >>> 0, 4)
    header.writeUInt32BE(this.#ssrc, 8)
    const at = (this.#frame * frameSamples) % this.#second.length
    this.#sent?.(performance.now())
    this.#sent = undefined
    this.#socket.send([header, this.#second.subarray(at, at + frameSamples)], this.#to.port, this.#to.host)
  }

  #take(at: number, packet: Buffer): void {
    const watched = this.#watched
    if (watched && packet.length >= headerBytes + frameSamples && isVoice(packet.subarray(headerBytes, headerBytes + frameSamples), watched.toneHz)) {
      watched.longest = Math.max(watched.longest, at - watched.last - frameMs)
      watched.last = at
    }
    const listening = this.#listening
    if (!listening || packet.length < headerBytes + frameSamples || (packet[1] ?? 0) % 0x80 !== pcma) return
    if (!isVoice(packet.subarray(headerBytes, headerBytes + frameSamples), listening.toneHz)) listening.first = undefined
    else if (listening.first === undefined) listening.first = at
    else {
      this.#listening = undefined
      listening.resolve(listening.first)
    }
  }
}

function isVoice(payload: Uint8Array, toneHz: number): boolean {
  const samples = Int16Array.from(payload, (octet) => linear[octet] ?? 0)
  const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length)
  return level >= voiceLevel && toneShare(samples, 8000, toneHz) >= voiceShare
}
