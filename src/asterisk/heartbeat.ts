/**
 * The heartbeat that the dialplan checks before `Stasis()`: a global variable with the UTC second of the last beat.
 * A frozen process keeps its socket, so that STASISSTATUS alone would not tell (measured on Asterisk 22.10).
 */
export const heartbeat = { variable: 'TANDEM_HEARTBEAT', everyMs: 1000, staleSec: 3 } as const
