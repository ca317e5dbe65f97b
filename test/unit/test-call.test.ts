import { describe, expect, it } from 'vitest'
import { audioFailure, endFailure, isEcho, type Sound } from '../../src/domain/test-call.ts'

/** Sounds of these lengths, one after the other. */
const lasting = (...lengths: readonly number[]): readonly Sound[] => lengths.map((forMs, i) => ({ fromMs: i * 1_000, forMs }))
const packets = { sent: 100, received: 100 }

describe('an echo is recognised by the lengths of the bursts', () => {
  it.each([
    ['as they were sent', lasting(300, 900, 600)],
    ['each a little longer or shorter', lasting(220, 1_000, 540)],
    ['each by 120 ms longer or shorter', lasting(420, 780, 720)],
    ['from the second one on', lasting(900, 600, 300)],
    ['the first one cut off', lasting(110, 900, 600, 300)],
    ['behind a greeting', lasting(2_400, 300, 900, 600)],
  ])('%s', (_name, sounds) => expect(isEcho(sounds)).toBe(true))

  it.each([
    ['nothing', []],
    ['two of three', lasting(300, 900)],
    ['the third still lasts', [...lasting(300, 900), { fromMs: 3_000 }]],
    ['one without an end', [{ fromMs: 0 }]],
    ['another order', lasting(300, 600, 900)],
    ['one of them by more than 120 ms longer', lasting(421, 900, 600)],
    ['one of them by more than 120 ms shorter', lasting(300, 779, 600)],
    ['ringing', lasting(1_000, 1_000, 1_000)],
    ['speech between them', lasting(300, 1_400, 900, 600)],
  ])('not: %s', (_name, sounds) => expect(isEcho(sounds)).toBe(false))
})

describe('where the audio is missing', () => {
  it.each([
    ['echo', lasting(300, 900, 600), packets, undefined],
    ['echo', [], { sent: 100, received: 0 }, 'no-audio-from-target'],
    ['echo', [], packets, 'no-audio-to-target'],
    ['echo', lasting(2_000), packets, 'no-audio-to-target'],
    ['sound', [{ fromMs: 10 }], packets, undefined],
    ['sound', [], packets, 'no-audio-from-target'],
  ] as const)('%s expected, %j heard, %j: %s', (expected, sounds, rtp, reason) => {
    expect(audioFailure(expected, { sounds, packets: rtp })?.reason).toBe(reason)
  })
})

describe('the far end ends the leg', () => {
  it('before the answer: as a hand-over fails', () => {
    expect(endFailure({ cause: 17, sipCode: 486 }, { start: 0, dial: 1, ring: 2 })).toEqual({ reason: 'busy', cause: 17, sipCode: 486 })
  })

  it('before the answer: whether it rang tells no answer from nobody there', () => {
    const notAnswered = { cause: 19, sipCode: 480 }
    expect(endFailure(notAnswered, { start: 0, dial: 1, ring: 2 })).toMatchObject({ reason: 'no-answer' })
    expect(endFailure(notAnswered, { start: 0, dial: 1 })).toMatchObject({ reason: 'unreachable' })
  })

  it('after it: it has left before it was heard', () => {
    expect(endFailure({ cause: 16, causeText: 'Normal Clearing' }, { start: 0, dial: 1, answer: 3 })).toMatchObject({ reason: 'peer-left' })
  })
})
