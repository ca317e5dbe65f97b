import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RecordingRecord, recordingName } from '../../src/domain/recording.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Stack } from '../../src/lab/stack.ts'
import { type Hearing, hearing } from '../../src/lab/tones.ts'
import { parseWav } from '../../src/lab/wav.ts'
import { tones, type Voice } from './given-call.ts'
import { openEvents, type ServerEvent } from './sse-client.ts'

export const fileOf = (stack: Stack, id: string): string => join(stack.config.recording.directory, `${recordingName(id)}.wav`)

/** What is to be heard in a recording, window by window of 40 ms. */
export function heardIn(file: Uint8Array): readonly Hearing<Voice>[] {
  const { samples, sampleRate } = parseWav(file)
  return hearing(samples, sampleRate, tones)
}

export const heardInFile = (stack: Stack, id: string): readonly Hearing<Voice>[] => heardIn(readFileSync(fileOf(stack, id)))

/** Half the width in windows of a look around, which overhears the gaps that a busy machine leaves in a phone's tone. */
const around = 5

/** Who is heard, in order, `music` being ringback too; what lasts less than 200 ms is a change under way. */
export function storyIn(moments: readonly Hearing<Voice>[]): readonly string[] {
  const mostly = (at: number, is: (moment: Hearing<Voice>) => boolean) => {
    const near = moments.slice(Math.max(0, at - around), at + around + 1)
    return near.filter(is).length > near.length / 2
  }
  const whoAt = (_: unknown, at: number): string => {
    const voices = (Object.keys(tones) as Voice[]).filter((name) => mostly(at, ({ heard }) => heard[name]))
    return voices.join('+') || (mostly(at, ({ rmsDb }) => rmsDb < -60) ? 'silence' : 'music')
  }
  const runs = moments.map(whoAt).reduce<{ who: string; length: number }[]>((all, who) => {
    const last = all.at(-1)
    if (last?.who === who) last.length += 1
    else all.push({ who, length: 1 })
    return all
  }, [])
  return runs.filter(({ length }) => length >= 5).map(({ who }) => who).filter((who, at, all) => who !== all[at - 1])
}

/** Where in the recording a voice is heard first, and where last, ms. */
export function spanOf(moments: readonly Hearing<Voice>[], voice: Voice): { readonly fromMs: number; readonly toMs: number } {
  const heard = moments.filter((moment) => moment.heard[voice])
  return { fromMs: heard[0]?.atMs ?? Number.NaN, toMs: (heard.at(-1)?.atMs ?? Number.NaN) + 40 }
}

/** All that is told of a call until this number of its recordings has been finished. */
export async function factsOf(stack: Stack, callId: string, finished = 1): Promise<readonly ServerEvent[]> {
  const reader = await openEvents(`${stack.api.address}/v1/events?call=${callId}`, { authorization: `Bearer ${stack.api.key}`, 'last-event-id': '0' })
  const done = () => reader.events.filter(({ event }) => event === 'recording-finished').length >= finished && reader.events.some(({ event }) => event === 'call-ended')
  while (!done()) {
    const known = reader.events.length
    // oxlint-disable-next-line no-await-in-loop -- one event after the other
    await reader.readTo(known + 1)
    if (reader.events.length === known) throw new Error(`the stream ended after ${reader.events.map(({ event }) => event).join(', ')}`)
  }
  reader.leave()
  return reader.events
}

export async function recordingsOf(stack: Stack, callId: string): Promise<readonly RecordingRecord[]> {
  return (await stack.api.get<{ items: RecordingRecord[] }>(`/v1/calls/${callId}/recordings`)).body.items
}

/** Where in the recording something lies that was told so, ms. */
export function placeOf(facts: readonly ServerEvent[], type: string, startedAt: string | undefined): number {
  const at = facts.find(({ event }) => event === type)?.data.at
  return Date.parse(at ?? '') - Date.parse(startedAt ?? '')
}

/** Asterisk records nothing any more. */
export async function expectNoRecorder(stack: Stack): Promise<void> {
  await eventually(() => stack.asterisk.rx('core show channels'), (channels) => !channels.includes('Recorder/'))
}
