/** One reading of both clocks: `mono` in milliseconds for durations, `utc` in milliseconds since the epoch for records. */
export interface Instant {
  readonly mono: number
  readonly utc: number
}

/** UTC as ISO 8601 with milliseconds. */
export const iso = (now: Instant): string => new Date(now.utc).toISOString()
