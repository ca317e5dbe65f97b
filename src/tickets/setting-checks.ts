import type { Logger } from 'pino'
import type { TicketEndpointConfig } from '../config/schema.ts'
import type { SettingFault, TicketSystem } from './ticket-system.ts'

export interface SettingChecksOptions {
  readonly endpoints: readonly Pick<TicketEndpointConfig, 'id'>[]
  readonly systems: ReadonlyMap<string, TicketSystem>
  readonly logger: Logger
  /** Pause before a system that is away, or has faults, is asked again, ms; doubled each time. */
  readonly pauseMs?: number
}

const longestPauseMs = 600_000

/** Looks, when tickets start, whether the ticket systems have what the settings name: a wrong name is told before the first ticket, and stops nothing. */
export class SettingChecks {
  readonly #options: SettingChecksOptions
  readonly #ending = new AbortController()
  readonly #faults = new Map<string, readonly SettingFault[]>()
  readonly #running: Promise<void>[] = []

  constructor(options: SettingChecksOptions) {
    this.#options = options
  }

  start(): void {
    for (const { id } of this.#options.endpoints) {
      const system = this.#options.systems.get(id)
      if (system?.check) this.#running.push(this.#untilGood(id, system as Required<TicketSystem>))
    }
  }

  /** As they were found last; none of a system that could not be asked yet. */
  faults(endpoint: string): readonly SettingFault[] {
    return this.#faults.get(endpoint) ?? []
  }

  async close(): Promise<void> {
    this.#ending.abort(new Error('the service ends'))
    await Promise.all(this.#running)
  }

  /** Never rejects. */
  async #untilGood(endpoint: string, system: Required<TicketSystem>): Promise<void> {
    const { logger, pauseMs = 5_000 } = this.#options
    const { signal } = this.#ending
    for (let pause = pauseMs; !signal.aborted; pause = Math.min(2 * pause, longestPauseMs)) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one look after the other
        const faults = await system.check(signal)
        this.#tell(endpoint, faults)
        if (faults.length === 0) return
      } catch (error) {
        // It is away: nothing is known of its settings, and calls and tickets go on without.
        if (!signal.aborted) logger.warn({ err: error, endpoint }, 'a ticket system could not be asked for what its settings name')
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      await this.#pause(pause)
    }
  }

  /** Each once. */
  #tell(endpoint: string, faults: readonly SettingFault[]): void {
    const { logger } = this.#options
    const before = this.faults(endpoint)
    for (const fault of faults) if (!isIn(before)(fault)) logger.error({ endpoint, ...fault }, 'a ticket system lacks what its settings name')
    for (const fault of before) if (!isIn(faults)(fault)) logger.info({ endpoint, ...fault }, 'a ticket system has what it lacked')
    this.#faults.set(endpoint, faults)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#ending.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
  }
}

const isIn = (list: readonly SettingFault[]) => (fault: SettingFault) => list.some(({ setting, reason }) => setting === fault.setting && reason === fault.reason)
