import type { Logger } from 'pino'
import type { AriLink } from './ari-link.ts'

/**
 * The heartbeat that the dialplan checks before `Stasis()`: a global variable with the UTC second of the last beat.
 * A frozen process keeps its socket, so that STASISSTATUS alone would not tell (measured on Asterisk 22.10).
 */
export const heartbeat = { variable: 'TANDEM_HEARTBEAT', everyMs: 1000, staleSec: 3 } as const

/** Sends it. */
export class Heart {
  readonly #link: AriLink
  readonly #logger: Logger
  readonly #frozen: () => void
  #timer: NodeJS.Timeout | undefined
  /** Monotonic ms of the last one. */
  #beatAt: number | undefined

  /** @param frozen we stood still for so long that the watchdog may have helped our callers */
  constructor(link: AriLink, logger: Logger, frozen: () => void) {
    this.#link = link
    this.#logger = logger
    this.#frozen = frozen
  }

  start(): void {
    this.#timer = setInterval(() => this.beat(), heartbeat.everyMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  beat(): void {
    const [now, before] = [performance.now(), this.#beatAt]
    this.#beatAt = now
    if (!this.#link.up) return
    if (before !== undefined && now - before > heartbeat.staleSec * 1000) this.#frozen()
    const value = String(Math.floor(Date.now() / 1000))
    this.#link.request('asterisk', 'setGlobalVar', { variable: heartbeat.variable, value }).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'heartbeat could not be sent')
    })
  }
}
