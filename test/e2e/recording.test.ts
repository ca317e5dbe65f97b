import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { recordingName } from '../../src/domain/recording.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { type Hearing, hearing } from '../../src/lab/tones.ts'
import { parseWav } from '../../src/lab/wav.ts'
import { clear, expectHearing, givenTalk, press, settled, tones, type Voice } from '../support/given-call.ts'

let stack: Stack
let phones: Record<Voice, Phone>

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-recording', calls: { ringMs: 5_000, retryMs: 1_000 }, recording: { enabled: true } })
  const [caller, agent, peer] = [await stack.citizen({ toneHz: tones.caller }), await stack.agent('1001', tones.agent), await stack.agent('2001', tones.peer)]
  phones = { caller, agent, peer, guest: peer }
}, 120_000)
afterEach(() => clear(stack, phones.caller, phones.agent, phones.peer))
afterAll(() => stopAll())

/** What is to be heard in a recording, window by window. */
function heardIn(id: string): readonly Hearing<Voice>[] {
  const { samples, sampleRate } = parseWav(readFileSync(join(stack.dir, 'asterisk/spool/recording', `${recordingName(id)}.wav`)))
  return hearing(samples, sampleRate, tones)
}

/** Who is heard, one entry a change: windows in which the talk is just changing are left out. */
function story(moments: readonly Hearing<Voice>[]): readonly string[] {
  const names = moments.map(({ heard }) => (Object.keys(heard) as Voice[]).filter((name) => heard[name]).join('+'))
  const steady = names.filter((who, i) => names.slice(i, i + 10).every((next) => next === who) || names.slice(Math.max(0, i - 9), i + 1).every((last) => last === who))
  return steady.filter((who, i) => who !== steady[i - 1])
}

describe('the recording of a call', () => {
  it('of a transfer: the citizen with the agent, nobody, then the citizen with 110', async () => {
    const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
    const { id } = await press(stack, '1001')
    await phones.peer.waitFor('incoming')
    await phones.peer.answer()
    await settled(stack, id, 'completed')
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
    await clear(stack, phones.caller, phones.agent, phones.peer)
    expect(story(heardIn(call)).filter(Boolean)).toEqual(['caller+agent', 'caller+peer'])
  })
})
