import { describe, expect, test } from 'vitest'
import { endedAtMs, joined, type Recording, slice } from '../../src/lab/recording.ts'
import { heardBetween, hearing, loudButNoParty, musicOrRingback, partyTones, toneShare } from '../../src/lab/tones.ts'
import { sine } from '../../src/lab/wav.ts'

const sampleRate = 8000
const silence = (ms: number) => new Int16Array((ms * sampleRate) / 1000)
const recording = (samples: Int16Array, startedAtMs = 0): Recording => ({ samples, sampleRate, startedAtMs })
const concat = (...parts: Int16Array[]) => Int16Array.from(parts.flatMap((part) => [...part]))
const mixed = (...parts: Int16Array[]) =>
  (parts[0] ?? silence(0)).map((_, i) => parts.reduce((sum, part) => sum + (part[i] ?? 0), 0))

/** ITU-T G.711 A-law there and back, on 13-bit magnitudes. */
function throughALaw(samples: Int16Array): Int16Array {
  return samples.map((sample) => {
    const magnitude = Math.min(Math.abs(sample) >> 4, 2047)
    const segment = Math.max(0, Math.floor(Math.log2(magnitude || 1)) - 4)
    const step = 1 << Math.max(1, segment)
    return Math.sign(sample) * ((Math.floor(magnitude / step) * step + step / 2) << 4)
  })
}

/** The same noise on every run. */
function noise(ms: number, amplitude: number): Int16Array {
  let seed = 1
  return silence(ms).map(() => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return (seed / 1_073_741_824 - 1) * amplitude * 32_767
  })
}

const harmonics = (hz: number) => Array.from({ length: 12 }, (_, i) => hz * (i + 1)).filter((each) => each < 4000)
const judged = (sound: Int16Array) => hearing(sound, sampleRate, partyTones).map(loudButNoParty)
const names = Object.keys(partyTones) as (keyof typeof partyTones)[]

describe('the parties’ tones', () => {
  const dtmf = [697, 770, 852, 941, 1209, 1336, 1477, 1633]
  const callProgress = [350, 425, 440, 450, 480, 620]

  test.each(names)('%s is clear of DTMF, of call progress tones and of the other parties’ harmonics', (name) => {
    const others = names.filter((other) => other !== name).flatMap((other) => harmonics(partyTones[other]))
    const forbidden = [...dtmf, ...callProgress.flatMap((hz) => harmonics(hz)), ...others]
    expect(Math.min(...forbidden.map((hz) => Math.abs(hz - partyTones[name])))).toBeGreaterThanOrEqual(25)
  })

  test.each(names)('%s alone is heard alone in every window, after G.711 too', (name) => {
    const timeline = hearing(throughALaw(sine(partyTones[name], 1000)), sampleRate, partyTones)
    expect(timeline).toHaveLength(25)
    for (const moment of timeline) {
      expect(names.filter((each) => moment.heard[each])).toEqual([name])
      expect(moment.levelDb[name]).toBeCloseTo(-13.5, 0)
    }
  })
})

describe('hearing', () => {
  test('tells all parties who speak at once, one of them 14 dB quieter', () => {
    const all = mixed(...names.map((name) => sine(partyTones[name], 400, sampleRate, name === 'peer' ? 0.02 : 0.1)))
    expect(heardBetween(recording(throughALaw(all)), partyTones, 0, 400)).toEqual(names)
  })

  test('tells when a tone begins and ends', () => {
    const timeline = hearing(concat(silence(400), sine(1100, 400), silence(400)), sampleRate, partyTones)
    const times = timeline.filter((moment) => moment.heard.agent).map((moment) => moment.atMs)
    expect(times).toEqual([400, 440, 480, 520, 560, 600, 640, 680, 720, 760])
  })

  test.each([
    ['silence', silence(1000)],
    ['line noise', noise(1000, 0.001)],
    ['loud noise', noise(1000, 0.3)],
    ['ringback, 450 Hz, distorted', sine(450, 1000).map((sample) => Math.max(-6000, Math.min(6000, sample)))],
    ['North American ringback', mixed(sine(440, 1000), sine(480, 1000))],
    ['a DTMF key', mixed(sine(770, 1000), sine(1336, 1000))],
    ['a tone half a semitone off', sine(1100 * 2 ** (1 / 24), 1000)],
    ['a chord that contains a party’s tone', mixed(sine(1100, 1000, sampleRate, 0.1), sine(1210, 1000, sampleRate, 0.1))],
  ])('hears no party in %s', (_, sound) => {
    expect(heardBetween(recording(sound), partyTones, 0, 1000)).toEqual([])
  })

  test('hears a party above quieter noise', () => {
    expect(heardBetween(recording(mixed(sine(1550, 1000), noise(1000, 0.05))), partyTones, 0, 1000)).toEqual(['peer'])
  })
})

describe('heardBetween', () => {
  const call = recording(concat(sine(575, 1000), silence(1000)), 5000)

  test('reads times on the recording’s own clock', () => {
    expect(heardBetween(call, partyTones, 5200, 5800)).toEqual(['caller'])
    expect(heardBetween(call, partyTones, 6200, 6800)).toEqual([])
  })

  test.each([[4900, 5500], [6500, 7100], [5500, 5500]])('refuses a span that was not recorded: %d to %d', (from, to) => {
    expect(() => heardBetween(call, partyTones, from, to)).toThrow(RangeError)
  })
})

describe('musicOrRingback', () => {
  test('knows ringback by its cadence, and neither silence nor a party', () => {
    const ringback = concat(sine(450, 1000), silence(4000))
    expect(musicOrRingback(recording(ringback), partyTones, 0, 5000)).toBe(true)
    expect(musicOrRingback(recording(silence(1000)), partyTones, 0, 1000)).toBe(false)
    expect(musicOrRingback(recording(sine(575, 1000)), partyTones, 0, 1000)).toBe(false)
  })

  test('loudButNoParty judges one window', () => {
    expect(judged(sine(450, 80))).toEqual([true, true])
    expect(judged(sine(575, 80))).toEqual([false, false])
    expect(judged(silence(80))).toEqual([false, false])
  })
})

test('toneShare is the share of the energy on one frequency', () => {
  const two = mixed(sine(575, 40, sampleRate, 0.2), sine(1100, 40, sampleRate, 0.2))
  expect(toneShare(sine(575, 40), sampleRate, 575)).toBeCloseTo(1, 2)
  expect(toneShare(two, sampleRate, 575)).toBeCloseTo(0.5, 2)
  expect(toneShare(two, sampleRate, 2025)).toBeLessThan(0.001)
  expect(toneShare(silence(40), sampleRate, 575)).toBe(0)
})

test('recordings are joined by time, with silence between them, and cut by time', () => {
  const whole = joined([recording(Int16Array.of(1, 1, 1, 1, 1, 1, 1, 1), 100), recording(Int16Array.of(2, 2), 102)])
  expect([...whole.samples]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2])
  expect(endedAtMs(whole)).toBe(102.25)
  expect(slice(whole, 101.875, 200)).toEqual(recording(Int16Array.of(0, 2, 2), 101.875))
  expect(joined([]).samples).toHaveLength(0)
})
