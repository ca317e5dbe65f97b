/** Recordings (录音) by their names. */

/** `call-<UUID version 7>`, and for a consultation `-consultation-<n>` behind it. */
const form = /^(call-([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})(-consultation-[1-9][0-9]*)?$/

/** The call that a recording is of; undefined for what is no recording's id. */
export const callOfRecording = (id: string): string | undefined => form.exec(id)?.[1]

/**
 * Its name for Asterisk, and without `.wav` its path below the recordings directory: `tandem/<year>/<month>/<day>/<id>`.
 * The day, in UTC, is that of the call's beginning, which its id holds (RFC 9562 §5.7).
 * @throws RangeError for what is no recording's id
 */
export function recordingName(id: string): string {
  const [, , high, low] = form.exec(id) ?? []
  if (high === undefined || low === undefined) throw new RangeError(`${id} is not a recording's id`)
  const day = new Date(Number.parseInt(high + low, 16)).toISOString().slice(0, 10)
  return `tandem/${day.replaceAll('-', '/')}/${id}`
}
