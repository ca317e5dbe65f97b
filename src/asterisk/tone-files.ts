import { testTone } from '../domain/test-call.ts'
import { ringbackClass, testToneClass } from './music-classes.ts'

/** As loud as Asterisk's own tones. */
const amplitude = 7219
const samplesPerMs = 8

interface Burst {
  readonly toneMs: number
  readonly silenceMs: number
}

/** Tones that are played as music on hold: a class each, over and over. */
export const toneFiles: readonly { readonly name: string; readonly sln: Buffer }[] = [
  // China's ringback (GB/T 3380).
  { name: ringbackClass, sln: slnOf(450, [{ toneMs: 1_000, silenceMs: 4_000 }]) },
  { name: testToneClass, sln: slnOf(testTone.hz, testTone.burstsMs.map((toneMs) => ({ toneMs, silenceMs: testTone.pauseMs }))) },
]

/** As Asterisk plays it from a `.sln` file: 16 bits, little endian, 8 kHz, mono. */
function slnOf(hz: number, bursts: readonly Burst[]): Buffer {
  return Buffer.concat(
    bursts.map(({ toneMs, silenceMs }) => {
      const samples = Buffer.alloc((toneMs + silenceMs) * samplesPerMs * 2)
      for (let i = 0; i < toneMs * samplesPerMs; i++) {
        samples.writeInt16LE(Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / (1_000 * samplesPerMs))), i * 2)
      }
      return samples
    }),
  )
}
