import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import type { JournalFile } from '../journal/open-journal.ts'
import type { Ledger, LedgerHealth } from './ledger.ts'
import type { JournalRow } from './writer.ts'

export interface LaterLedgerOptions {
  readonly config: NonNullable<Config['ledger']>
  readonly journal: JournalFile
  readonly logger: Logger
}

/** A ledger that starts once calls do not wait for the service any more. Until then facts stay in the journal. */
export class LaterLedger {
  readonly #options: LaterLedgerOptions
  #started: Ledger | undefined
  #closed = false

  constructor(options: LaterLedgerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { config, journal, logger } = this.#options
    const { Ledger: Started } = await import('./ledger.ts')
    if (this.#closed) return
    const read = async (after: number, limit: number) =>
      (await journal.tables.all({ sql: 'SELECT position, epoch, body FROM facts WHERE position > ? ORDER BY position LIMIT ?', params: [after, limit] })) as unknown as readonly JournalRow[]
    this.#started = new Started({ config, logger, journal: journal.id, read, onAppended: (listener) => journal.onAppended(() => listener()), written: (position) => journal.reached('ledger', position) })
    this.#started.start()
  }

  health(): LedgerHealth {
    return this.#started?.health() ?? { ok: false, detail: 'not started yet' }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#started?.close()
  }
}
