/** Sound with its place in time: `startedAtMs` is on whichever clock the maker uses (phones: `performance.now()`). */
export interface Recording {
  readonly samples: Int16Array
  readonly sampleRate: number
  readonly startedAtMs: number
}

/** When a recording ends, on the clock of its start. */
export function endedAtMs({ samples, sampleRate, startedAtMs }: Recording): number {
  return startedAtMs + (samples.length * 1000) / sampleRate
}

/** The part of a recording from `fromMs` to `toMs`; shorter when the recording does not reach that far. */
export function slice(recording: Recording, fromMs: number, toMs: number): Recording {
  const { samples, sampleRate, startedAtMs } = recording
  const index = (ms: number) =>
    Math.min(samples.length, Math.max(0, Math.round(((ms - startedAtMs) * sampleRate) / 1000)))
  const from = index(fromMs)
  return {
    sampleRate,
    samples: samples.subarray(from, index(toMs)),
    startedAtMs: startedAtMs + (from * 1000) / sampleRate,
  }
}

/** One recording of many with the same sample rate, oldest first: silence between them, the later one wins an overlap. */
export function joined(recordings: readonly Recording[]): Recording {
  const [first] = recordings
  if (first === undefined) return { samples: new Int16Array(0), sampleRate: 8000, startedAtMs: 0 }
  const { sampleRate, startedAtMs } = first
  const offset = (ms: number) => Math.max(0, Math.round(((ms - startedAtMs) * sampleRate) / 1000))
  const samples = new Int16Array(
    Math.max(...recordings.map((recording) => offset(recording.startedAtMs) + recording.samples.length)),
  )
  for (const recording of recordings) samples.set(recording.samples, offset(recording.startedAtMs))
  return { samples, sampleRate, startedAtMs }
}
