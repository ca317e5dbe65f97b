import { failureOf, type Refused } from './handover/failure.ts'
import { type Failure, failureReasons, type Platform } from './handover/handover.ts'

/** What must come from the far end of a test call: our own tone, or anything that can be heard. */
export const expectations = ['echo', 'sound'] as const
export type Expectation = (typeof expectations)[number]

/** Those of hand-overs, and where the audio is missing. */
export const testCallFailureReasons = [...failureReasons.filter((reason) => reason !== 'caller-left'), 'no-audio-from-target', 'no-audio-to-target'] as const
export type TestCallFailureReason = (typeof testCallFailureReasons)[number]

/** Milliseconds since the test call began, by a monotonic clock. */
export interface TestCallClock {
  readonly start: 0
  /** The INVITE has left. */
  readonly dial?: number
  readonly ring?: number
  readonly answer?: number
  /** The first sound from there. */
  readonly heard?: number
  /** Our tone has been recognised in what came back. */
  readonly echoed?: number
}

export interface Packets {
  /** RTP packets of the leg. */
  readonly sent: number
  readonly received: number
}

/** One test call (试呼) to a platform, as told to the outside. */
export interface TestCall {
  readonly id: string
  readonly platform: Platform
  /** The trunk or agent. */
  readonly endpoint: string
  readonly number?: string
  readonly expect: Expectation
  /** Who asked for it; left out for one of the schedule. */
  readonly by?: string
  /** UTC, ISO 8601. */
  readonly startedAt: string
  readonly ok: boolean
  readonly clock: TestCallClock
  readonly packets?: Packets
  readonly failure?: TestCallFailure
}

export interface TestCallFailure extends Omit<Failure, 'reason'> {
  readonly reason: TestCallFailureReason
}

/** Something that was heard; `forMs` once it has ended. */
export interface Sound {
  /** ms since the listening began. */
  readonly fromMs: number
  readonly forMs?: number
}

/** What the leg was found to carry. */
export interface Probe {
  readonly sounds: readonly Sound[]
  readonly packets: Packets
}

/**
 * The test tone: bursts of 1004 Hz (ITU-T O.41's reference for digital systems), over and over, each of another length. Speech, ringing and
 * announcements do not come in these lengths one after the other.
 */
export const testTone = { hz: 1004, burstsMs: [300, 900, 600], pauseMs: 500 } as const
/** By which a burst may come back longer or shorter: frames, jitter, lost packets. */
const toleranceMs = 120

/** Whether every length of burst has come back in its turn, whichever came first: the beginning may have been cut off. */
export function isEcho(sounds: readonly Sound[]): boolean {
  const { burstsMs } = testTone
  const ended = sounds.flatMap(({ forMs }) => forMs ?? [])
  const follow = (from: number, burst: number) =>
    burstsMs.every((_, i) => {
      const [came, sent] = [ended[from + i], burstsMs[(burst + i) % burstsMs.length]]
      return came !== undefined && sent !== undefined && Math.abs(came - sent) <= toleranceMs
    })
  return ended.some((_, from) => burstsMs.some((_burst, burst) => follow(from, burst)))
}

export const isAsExpected = (expect: Expectation, sounds: readonly Sound[]): boolean => (expect === 'echo' ? isEcho(sounds) : sounds.length > 0)

/**
 * What is wrong with an answered leg's audio. Packets that come from an echo without our tone in them have a way back: ours does not
 * get there.
 */
export function audioFailure(expect: Expectation, { sounds, packets }: Probe): TestCallFailure | undefined {
  if (isAsExpected(expect, sounds)) return undefined
  return { reason: expect === 'echo' && packets.received > 0 ? 'no-audio-to-target' : 'no-audio-from-target' }
}

/** Why it was not answered, or that the far end hung up before it could be heard. */
export function endFailure(end: Omit<Refused, 'rang'>, { ring, answer }: TestCallClock): TestCallFailure {
  const failure = failureOf({ ...end, rang: ring !== undefined })
  return answer === undefined ? { ...failure, reason: failure.reason as TestCallFailureReason } : { ...failure, reason: 'peer-left' }
}
