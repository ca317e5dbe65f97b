/** Recordings (录音): what is told of them, and their names. */

export const recordingStates = ['starting', 'recording', 'paused', 'finished', 'failed', 'deleted'] as const
export type RecordingState = (typeof recordingStates)[number]

/** Of the call; or of what desks say to each other while the caller does not hear them. */
export const recordedRooms = ['call', 'consultation'] as const

/** A recording as told to the outside. */
export interface RecordingRecord {
  /** Of the call, the call's id; of its n-th consultation, `<call>-consultation-<n>`. */
  readonly id: string
  readonly callId: string
  readonly room: (typeof recordedRooms)[number]
  readonly state: RecordingState
  /** UTC of its first sample: the time of anything, less this, is its place in the file. */
  readonly startedAt?: string
  /** Why it failed. */
  readonly reason?: string
  readonly durationMs?: number
  /** Size of the file. */
  readonly bytes?: number
  /** Of the file as Asterisk left it, hex. */
  readonly sha256?: string
}

/** Nobody has said that it has ended. */
export const runsStill = ({ state }: Pick<RecordingRecord, 'state'>): boolean => state === 'starting' || state === 'recording' || state === 'paused'

/** `call-<UUID version 7>`, and for a consultation `-consultation-<n>` behind it. */
const form = /^(call-([0-9a-f]{8}-[0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})(-consultation-[1-9][0-9]*)?$/

/** Below Asterisk's recordings directory: what is not ours is elsewhere. */
export const recordingsFolder = 'tandem'

/** The call that a recording is of; undefined for what is no recording's id. */
export const callOfRecording = (id: string): string | undefined => form.exec(id)?.[1]

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '/')

/**
 * Its name for Asterisk, and without `.wav` its path below the recordings directory: `tandem/<year>/<month>/<day>/<id>`.
 * The day, in UTC, is that of the call's beginning, which its id holds (RFC 9562 §5.7).
 * @throws RangeError for what is no recording's id
 */
export function recordingName(id: string): string {
  const ms = form.exec(id)?.[2]
  if (ms === undefined) throw new RangeError(`${id} is not a recording's id`)
  return `${recordingsFolder}/${dayOf(Number.parseInt(ms.replace('-', ''), 16))}/${id}`
}

/** Whether all recordings of a day, `<year>/<month>/<day>` in UTC, are older than `days`. */
export const isOlderThan = (day: string, days: number, now: number): boolean => day < dayOf(now - days * 86_400_000)
