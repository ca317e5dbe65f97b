/**
 * Who hears whom, judged from the sound itself: every party speaks one pure tone, and a recording is searched for them.
 *
 * A tone counts as heard in a window when its spectral line (Goertzel, Hann window) is loud enough *and* stands well
 * above its neighbourhood. Music, ringback and speech put energy on the same frequencies now and then, but with company.
 */
import { endedAtMs, type Recording, slice } from './recording.ts'

/**
 * The parties' tones in Hz: multiples of 25 (whole bins of a 40 ms window), at least one bin from DTMF, from the
 * harmonics of the call progress tones (350, 425, 440, 450, 480, 620 Hz) and from each other's harmonics.
 */
export const partyTones = {
  caller: 575,
  agent: 1100,
  peer: 1550,
  supervisor: 2025,
  secondAgent: 2350,
  secondPeer: 2600,
} as const

/** One window of a recording; levels in dB of full scale, −120 for silence. */
export interface Hearing<Name extends string = string> {
  /** Begin of the window, ms after the first sample. */
  readonly atMs: number
  readonly heard: Readonly<Record<Name, boolean>>
  readonly levelDb: Readonly<Record<Name, number>>
  readonly rmsDb: number
}

const windowMsDefault = 40
const floorDb = -120
/** A phone's tone arrives at about −10 dB; line noise and G.711 rounding stay below −60. */
const audibleDb = -40
/** How far a tone must stand above the loudest of its neighbours. Hann leaks −31 dB at the nearest one looked at. */
const prominenceDb = 20
/** Where the neighbours are looked for, in bins either side: outside the main lobe (±2), inside the next tone's. */
const neighbourBins = [3, 4, 5, 6] as const
const loudDb = -45

const hannWindows = new Map<number, Float64Array>()

function hann(length: number): Float64Array {
  let window = hannWindows.get(length)
  if (window === undefined) {
    window = Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length))
    hannWindows.set(length, window)
  }
  return window
}

/** Mean power (full scale squared) of the spectral line at `frequencyHz`: A²/2 for a sine of amplitude A. */
function linePower(samples: Int16Array, sampleRate: number, frequencyHz: number): number {
  const window = hann(samples.length)
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / sampleRate)
  let last = 0
  let beforeLast = 0
  for (let i = 0; i < samples.length; i++) {
    const next = ((samples[i] ?? 0) / 32768) * (window[i] ?? 0) + coefficient * last - beforeLast
    beforeLast = last
    last = next
  }
  const squared = last * last + beforeLast * beforeLast - coefficient * last * beforeLast
  return (2 * squared) / (samples.length / 2) ** 2
}

function meanPower(samples: Int16Array, window?: Float64Array): number {
  let sum = 0
  let weights = 0
  for (let i = 0; i < samples.length; i++) {
    const weight = window?.[i] ?? 1
    sum += weight * ((samples[i] ?? 0) / 32768) ** 2
    weights += weight
  }
  return weights === 0 ? 0 : sum / weights
}

function decibels(power: number): number {
  return power <= 0 ? floorDb : Math.max(floorDb, 10 * Math.log10(power))
}

/**
 * The share (0 to 1) of the samples' energy that lies on one frequency: 1 for that tone alone, ½ for one of two
 * equally loud tones, 0 for silence.
 */
export function toneShare(samples: Int16Array, sampleRate: number, frequencyHz: number): number {
  const total = meanPower(samples, hann(samples.length))
  return total === 0 ? 0 : Math.min(1, linePower(samples, sampleRate, frequencyHz) / total)
}

function prominent(window: Int16Array, sampleRate: number, frequencyHz: number, levelDb: number): boolean {
  if (levelDb < audibleDb) return false
  const binHz = sampleRate / window.length
  return neighbourBins.every((bins) =>
    [frequencyHz - bins * binHz, frequencyHz + bins * binHz].every(
      (neighbourHz) => levelDb - decibels(linePower(window, sampleRate, neighbourHz)) >= prominenceDb,
    ),
  )
}

/**
 * The timeline of a recording: which tones are heard in each window.
 *
 * @param tones name → Hz
 * @param options.windowMs length of a window; the frequency resolution is its inverse (40 ms: 25 Hz)
 */
export function hearing<Name extends string>(
  samples: Int16Array,
  sampleRate: number,
  tones: Readonly<Record<Name, number>>,
  options: { readonly windowMs?: number } = {},
): Hearing<Name>[] {
  const windowMs = options.windowMs ?? windowMsDefault
  const length = Math.round((sampleRate * windowMs) / 1000)
  const names = Object.keys(tones) as Name[]
  const timeline: Hearing<Name>[] = []
  for (let from = 0; from + length <= samples.length; from += length) {
    const window = samples.subarray(from, from + length)
    const heard = {} as Record<Name, boolean>
    const levelDb = {} as Record<Name, number>
    for (const name of names) {
      levelDb[name] = decibels(linePower(window, sampleRate, tones[name]))
      heard[name] = prominent(window, sampleRate, tones[name], levelDb[name])
    }
    timeline.push({ atMs: (from * 1000) / sampleRate, heard, levelDb, rmsDb: decibels(meanPower(window)) })
  }
  return timeline
}

/**
 * Whose tones are heard in most windows of a span (times on the clock of `startedAtMs`), in the order of `tones`.
 *
 * @throws RangeError when the recording does not reach over the span: nothing recorded is not the same as silence.
 */
export function heardBetween<Name extends string>(
  recording: Recording,
  tones: Readonly<Record<Name, number>>,
  fromMs: number,
  toMs: number,
): Name[] {
  const timeline = timelineOf(recording, tones, fromMs, toMs)
  return (Object.keys(tones) as Name[]).filter(
    (name) => timeline.filter((moment) => moment.heard[name]).length > timeline.length / 2,
  )
}

/** Something loud, and no party's tone in it: music, ringback, an announcement. */
export function loudButNoParty(moment: Hearing): boolean {
  return moment.rmsDb >= loudDb && !Object.values(moment.heard).some(Boolean)
}

/**
 * Whether a span is music or ringback: no party in most windows, and loud in at least an eighth of them (ringback in
 * China sounds for 1 s in 5, music has pauses).
 *
 * @throws RangeError when the recording does not reach over the span.
 */
export function musicOrRingback(
  recording: Recording,
  tones: Readonly<Record<string, number>>,
  fromMs: number,
  toMs: number,
): boolean {
  const timeline = timelineOf(recording, tones, fromMs, toMs)
  const parties = timeline.filter((moment) => Object.values(moment.heard).some(Boolean))
  return parties.length <= timeline.length / 2 && timeline.filter(loudButNoParty).length >= timeline.length / 8
}

function timelineOf<Name extends string>(
  recording: Recording,
  tones: Readonly<Record<Name, number>>,
  fromMs: number,
  toMs: number,
): Hearing<Name>[] {
  const { startedAtMs, sampleRate } = recording
  if (fromMs < startedAtMs || toMs > endedAtMs(recording) || toMs - fromMs < windowMsDefault) {
    throw new RangeError(`recording covers ${startedAtMs} to ${endedAtMs(recording)} ms, not ${fromMs} to ${toMs} ms`)
  }
  return hearing(slice(recording, fromMs, toMs).samples, sampleRate, tones)
}
