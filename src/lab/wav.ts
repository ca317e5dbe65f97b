/** WAV files with 16-bit PCM (RIFF; "Multimedia Programming Interface and Data Specifications 1.0", 1991). */
import { writeFile } from 'node:fs/promises'

export interface Wav {
  readonly sampleRate: number
  readonly channels: number
  /** Interleaved when there are several channels. */
  readonly samples: Int16Array
}

export const headerBytes = 44

/** Raised for what is not a WAV file of 16-bit PCM. */
export class WavFormatError extends Error {
  override readonly name = 'WavFormatError'
}

/**
 * Reads a WAV file, also one that is still being written: when the length in the header is 0, or reaches past the end,
 * everything to the end counts as sound.
 *
 * @throws WavFormatError
 */
export function parseWav(file: Uint8Array): Wav {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    throw new WavFormatError('no RIFF/WAVE header')
  }
  let format: { sampleRate: number; channels: number } | undefined
  for (let at = 12; at + 8 <= bytes.length; ) {
    const chunk = bytes.toString('latin1', at, at + 4)
    const length = bytes.readUInt32LE(at + 4)
    const body = at + 8
    if (chunk === 'fmt ') {
      if (body + 16 > bytes.length) break
      const bits = bytes.readUInt16LE(body + 14)
      if (bytes.readUInt16LE(body) !== 1 || bits !== 16) throw new WavFormatError('not 16-bit PCM')
      format = { channels: bytes.readUInt16LE(body + 2), sampleRate: bytes.readUInt32LE(body + 4) }
    } else if (chunk === 'data') {
      if (format === undefined) throw new WavFormatError('sound before its format')
      const end = length === 0 || body + length > bytes.length ? bytes.length : body + length
      return { ...format, samples: samplesOf(bytes.subarray(body, end)) }
    }
    at = body + length + (length % 2)
  }
  throw new WavFormatError('no sound in the file')
}

/** Little-endian 16-bit samples; an odd last byte is left out. */
export function samplesOf(bytes: Uint8Array): Int16Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Int16Array.from({ length: Math.floor(view.length / 2) }, (_, i) => view.readInt16LE(i * 2))
}

/** The bytes of a mono WAV file. */
export function encodeWav(samples: Int16Array, sampleRate: number): Buffer {
  const file = Buffer.alloc(headerBytes + samples.length * 2)
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(file.length - 8, 4)
  file.write('WAVEfmt ', 8, 'latin1')
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(sampleRate, 24)
  file.writeUInt32LE(sampleRate * 2, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36, 'latin1')
  file.writeUInt32LE(samples.length * 2, 40)
  // Every machine that this runs on is little-endian, as the format is.
  file.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), headerBytes)
  return file
}

/** A sine; `amplitude` is a share of full scale. */
export function sine(frequencyHz: number, durationMs: number, sampleRate = 8000, amplitude = 0.3): Int16Array {
  const step = (2 * Math.PI * frequencyHz) / sampleRate
  const length = Math.round((durationMs * sampleRate) / 1000)
  return Int16Array.from({ length }, (_, i) => Math.round(32767 * amplitude * Math.sin(step * i)))
}

/** Writes a mono 8 kHz WAV file with one tone of whole Hz, whole seconds long. */
export async function writeToneWav(file: string, frequencyHz: number, seconds: number): Promise<void> {
  const oneSecond = sine(frequencyHz, 1000)
  const samples = new Int16Array(oneSecond.length * seconds)
  for (let second = 0; second < seconds; second++) samples.set(oneSecond, second * oneSecond.length)
  await writeFile(file, encodeWav(samples, 8000))
}
