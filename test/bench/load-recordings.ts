import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { hearing, partyTones } from '../../src/lab/tones.ts'
import { headerBytes, parseWav } from '../../src/lab/wav.ts'
import { indexesOf, kindOf, type Load, type Shift, talkersOf } from './capacity-load.ts'

const { caller, agent, peer } = partyTones
const tones = { caller, agent, peer }
/** Of each recording one second is heard: at three quarters of it everybody talks who will. */
const listenAt = 0.75
/** Asterisk's `wav`: 16-bit PCM at 8 kHz, mono. */
const bytesPerSec = 16_000

/** Calls whose recording is not there, or has not just those voices in it that talk in the end. */
export async function badRecordings(spool: string, shift: Shift, load: Load): Promise<readonly number[]> {
  const bad: number[] = []
  for (const index of indexesOf(load)) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    if ((await voicesIn(spool, shift.recordingOf(index))) !== talkersOf[kindOf(index)].join()) bad.push(index)
  }
  return bad
}

async function voicesIn(spool: string, file: string | undefined): Promise<string> {
  if (file === undefined) return ''
  try {
    const { samples, sampleRate } = parseWav(await secondOf(join(spool, file)))
    const timeline = hearing(samples, sampleRate, tones)
    const names = Object.keys(tones) as (keyof typeof tones)[]
    return names.filter((name) => timeline.filter(({ heard }) => heard[name]).length > timeline.length / 2).join()
  } catch {
    // There is no such file, or no sound in it: nobody is heard.
    return ''
  }
}

/** The header, and one second of what comes behind it. */
async function secondOf(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const sound = size - headerBytes
    const [head, second] = [Buffer.alloc(headerBytes), Buffer.alloc(bytesPerSec)]
    await file.read(head, 0, headerBytes, 0)
    await file.read(second, 0, bytesPerSec, headerBytes + Math.floor((sound * listenAt) / bytesPerSec) * bytesPerSec)
    return Buffer.concat([head, second])
  } finally {
    await file.close()
  }
}
