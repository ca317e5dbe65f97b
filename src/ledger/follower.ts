import type { Logger } from 'pino'
import type { JournalRow } from './writer.ts'

export interface FollowerParts {
  /** Facts after a position, in their order. @throws Error while the journal cannot be read */
  readonly read: (after: number, limit: number) => Promise<readonly JournalRow[]>
  /** Told when there are more on disk. @returns how to stop */
  readonly onWritten: (listener: () => void) => () => void
  /** Where to begin. @throws Error while Postgres is away */
  readonly cursor: () => Promise<number>
  /** @throws Error while Postgres is away */
  readonly write: (rows: readonly JournalRow[]) => Promise<void>
  /** It has written as far as this. */
  readonly written: (position: number) => void
  readonly logger: Logger
  /** Longest pause after a failure, ms. */
  readonly retryMs?: number
}

/** Facts written at a time. */
const page = 500
/** The call comes first: what a press causes has left before its facts are read, ms. */
const callFirstMs = 50
const firstRetryMs = 200

/** Follows the journal behind a cursor of its own, which is in Postgres: whatever ends in between, nothing is written twice or left out. */
export class Follower {
  readonly #parts: FollowerParts
  #cursor: number | undefined
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  #failures = 0
  #stop: (() => void) | undefined

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  start(): void {
    this.#stop = this.#parts.onWritten(() => this.#wake(callFirstMs))
    this.#wake(0)
  }

  /** What is being written is written. */
  async close(): Promise<void> {
    this.#stop?.()
    this.#stop = undefined
    clearTimeout(this.#timer)
    await this.#working
  }

  /** What kept it from writing at the last try; none when it went well. */
  trouble: string | undefined

  #wake(inMs: number): void {
    if (!this.#stop || this.#timer || this.#working) {
      this.#again = true
      return
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#again = false
      this.#working = this.#follow().finally(() => {
        this.#working = undefined
        if (this.#failures > 0) this.#wake(Math.min(firstRetryMs * 2 ** (this.#failures - 1), this.#parts.retryMs ?? 10_000))
        else if (this.#again) this.#wake(0)
      })
    }, inMs)
  }
  #again = false

  /** Never rejects. */
  async #follow(): Promise<void> {
    const { logger } = this.#parts
    try {
      // oxlint-disable-next-line no-await-in-loop -- one page after the other
      while (this.#stop && (await this.#step()));
      if (this.trouble !== undefined) logger.info('the ledger is written again')
      this.trouble = undefined
      this.#failures = 0
    } catch (error) {
      // Nothing of the page was written: it is tried again, and calls go on.
      if (this.trouble === undefined) logger.warn({ err: error }, 'the ledger cannot be written; tried again until it can')
      this.trouble = error instanceof Error ? error.message : String(error)
      this.#failures += 1
      // Whatever was written by somebody else meanwhile is not written again.
      this.#cursor = undefined
    }
  }

  /** @returns true when more may follow */
  async #step(): Promise<boolean> {
    const { read, cursor, write, written } = this.#parts
    if (this.#cursor === undefined) written((this.#cursor = await cursor()))
    const rows = await read(this.#cursor, page)
    const last = rows.at(-1)
    if (!last) return false
    await write(rows)
    this.#cursor = last.position
    written(last.position)
    return rows.length === page
  }
}
