import type { Logger } from 'pino'
import type { Calls } from '../calls/calls.ts'
import type { Config } from '../config/schema.ts'
import type { Journal } from '../journal/journal.ts'
import { deviceStates, lampsOf } from './lamps.ts'
import type { LastHandovers } from './last-handovers.ts'

export interface LampTellerParts {
  readonly config: Config
  readonly calls: Calls
  readonly journal: Pick<Journal, 'onAppended'>
  readonly last: LastHandovers
  readonly logger: Logger
}

/** After a fact, so that several are told together, ms. */
const gatherMs = 20

/** Tells Asterisk what lamps show: after the facts, and one lamp after the other, so that no call's request waits behind them. */
export class LampTeller {
  readonly #parts: LampTellerParts
  /** As Asterisk was told. */
  readonly #told = new Map<string, string>()
  readonly #stop: () => void
  #gathering: NodeJS.Timeout | undefined
  #expiring: NodeJS.Timeout | undefined
  #telling = false
  #again = false
  /** Refused, as by an Asterisk without the module: until control is back. */
  #refused = false

  constructor(parts: LampTellerParts) {
    this.#parts = parts
    this.#stop = parts.config.keys.lamps ? parts.journal.onAppended(() => this.#soon()) : () => undefined
  }

  /** Asterisk may know nothing, or something old. */
  controlBack(): void {
    this.#told.clear()
    this.#refused = false
    if (this.#parts.config.keys.lamps) this.#soon()
  }

  close(): void {
    this.#stop()
    clearTimeout(this.#gathering)
    clearTimeout(this.#expiring)
  }

  #soon(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      void this.#tell()
    }, gatherMs).unref()
  }

  async #tell(): Promise<void> {
    this.#again = this.#telling
    if (this.#telling) return
    this.#telling = true
    try {
      do {
        this.#again = false
        // oxlint-disable-next-line no-await-in-loop -- what has changed meanwhile comes next
        await this.#tellChanges()
      } while (this.#again)
    } finally {
      this.#telling = false
    }
  }

  async #tellChanges(): Promise<void> {
    const { config, calls, last, logger } = this.#parts
    const facts = { last: (agent: string) => last.of(agent), desk: (platform: Parameters<Calls['availability']>[0]) => calls.availability(platform) }
    const { control } = calls
    const lamps = lampsOf(config, facts, Date.now())
    for (const [lamp, state] of lamps) {
      if (this.#refused || !control.up) return
      if (this.#told.get(lamp) === state) continue
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await control.phones.setLamp(lamp, state)
        this.#told.set(lamp, state)
      } catch (error) {
        this.#refused = true
        logger.warn({ err: error, lamp }, 'lamps cannot be told')
      }
    }
    // What shows a failure goes out by itself.
    clearTimeout(this.#expiring)
    if ([...lamps.values()].includes(deviceStates.failed)) this.#expiring = setTimeout(() => this.#soon(), Math.max(config.keys.failedMs, gatherMs)).unref()
  }
}
