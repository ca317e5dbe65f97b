import type { KeyObject } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { makeCheckpoint, signingKey } from './checkpoints.ts'
import { Database } from './database.ts'
import { Follower, type FollowerParts } from './follower.ts'
import { migrate } from './migrate.ts'
import { LedgerWriter } from './writer.ts'

export interface LedgerHealth {
  readonly ok: boolean
  readonly detail?: string
}

export interface LedgerOptions extends Pick<FollowerParts, 'read' | 'onWritten' | 'written'> {
  readonly config: NonNullable<Config['ledger']>
  /** Of the journal that is followed. */
  readonly journal: string
  readonly logger: Logger
}

/** Connections of the writer: one writes, one signs. */
const connections = 2

/** Keeps every fact of the journal in Postgres, which may be away for hours: calls never wait for it. */
export class Ledger {
  readonly #options: LedgerOptions
  readonly #database: Database
  readonly #writer: LedgerWriter
  readonly #follower: Follower
  #migrated = false
  #key: KeyObject | undefined
  #checkpoints: NodeJS.Timeout | undefined
  #checkpoint: Promise<void> = Promise.resolve()
  /** Why the last checkpoint could not be made or published. */
  #unsigned: string | undefined

  constructor(options: LedgerOptions) {
    this.#options = options
    this.#database = new Database(options.config.url, connections)
    this.#writer = new LedgerWriter(this.#database, options.journal)
    this.#follower = new Follower({ ...options, cursor: () => this.#cursor(), write: (rows) => this.#writer.write(rows) })
  }

  start(): void {
    this.#follower.start()
    this.#checkpoints = setInterval(() => {
      this.#checkpoint = this.#checkpoint.then(() => this.#sign())
    }, this.#options.config.checkpointMs)
  }

  health(): LedgerHealth {
    const detail = this.#follower.trouble ?? this.#unsigned
    return detail === undefined ? { ok: true } : { ok: false, detail }
  }

  /** What is being written or signed is done first. */
  async close(): Promise<void> {
    clearInterval(this.#checkpoints)
    await this.#follower.close()
    await this.#checkpoint
    await this.#database.end()
  }

  async #cursor(): Promise<number> {
    if (!this.#migrated) {
      const steps = await migrate(this.#database)
      if (steps.length > 0) this.#options.logger.info({ steps }, 'the ledger was brought up to date')
      this.#migrated = true
    }
    return this.#writer.cursor()
  }

  /** Never rejects. */
  async #sign(): Promise<void> {
    const { config, logger } = this.#options
    try {
      this.#key ??= signingKey(config.keyFile)
      if (this.#migrated) await makeCheckpoint(this.#database, this.#key, config.checkpointFile)
      this.#unsigned = undefined
    } catch (error) {
      // The next one signs what this one did not.
      this.#unsigned = `no checkpoint: ${error instanceof Error ? error.message : String(error)}`
      logger.error({ err: error }, 'the ledger’s checkpoint could not be made')
    }
  }
}
