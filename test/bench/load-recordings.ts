import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hearing, partyTones } from '../../src/lab/tones.ts'
import { parseWav } from '../../src/lab/wav.ts'
import { indexesOf, kindOf, type Load, type Shift, talkersOf } from './capacity-load.ts'

const { caller, agent, peer } = partyTones
const tones = { caller, agent, peer }
/** Of each recording one second is heard: at three quarters of it everybody talks who will. */
const listenAt = 0.75

/** Calls whose recording is not there, or has not just those voices in it that talk in the end. */
export async function badRecordings(spool: string, shift: Shift, load: Load): Promise<readonly number[]> {
  const bad = await Promise.all(indexesOf(load).map(async (index) => ((await voicesIn(spool, shift.recordingOf(index))) === talkersOf[kindOf(index)].join() ? [] : [index])))
  return bad.flat()
}

async function voicesIn(spool: string, file: string | undefined): Promise<string> {
  if (file === undefined) return ''
  try {
    const { samples, sampleRate } = parseWav(await readFile(join(spool, file)))
    const from = Math.floor(samples.length * listenAt)
    const timeline = hearing(samples.subarray(from, from + sampleRate), sampleRate, tones)
    const names = Object.keys(tones) as (keyof typeof tones)[]
    return names.filter((name) => timeline.filter(({ heard }) => heard[name]).length > timeline.length / 2).join()
  } catch {
    // There is no such file, or no sound in it: nobody is heard.
    return ''
  }
}
