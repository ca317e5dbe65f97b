import type { Entry } from './journal.ts'
import { type SqlFailure, type Statement, toFailure } from './sql.ts'

/** What the writer thread must offer. */
export interface GroupWriter {
  commit(groups: readonly (readonly Statement[])[]): Promise<readonly (SqlFailure | null)[]>
}

export interface Write {
  readonly statements: readonly Statement[]
  readonly entries: readonly Entry[]
  /** Stays in its place and is tried again when nothing could be written. */
  readonly keep: boolean
  /** Called once or, for a kept write, at each failure and then at success. */
  done(failure?: SqlFailure): void
}

export interface Limits {
  /** Facts held in memory. */
  readonly facts: number
  readonly retryMs: number
  /** Writes of one transaction. */
  readonly group: number
  /** Told when facts are on disk. Does not throw. */
  readonly onWritten?: () => void
}

/** Pause before a transaction, ms. */
const gatherMs = 5

/**
 * All writes that wait go into one transaction, one transaction at a time, in order. When the disk fails, kept writes wait
 * in memory and go first at the next try.
 */
export class GroupCommit {
  readonly #writer: GroupWriter
  readonly #limits: Limits
  #queue: Write[] = []
  #running: Promise<void> | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false
  #failure: SqlFailure | undefined
  #facts = 0

  constructor(writer: GroupWriter, limits: Limits) {
    this.#writer = writer
    this.#limits = limits
  }

  /** Why the last transaction failed; undefined when it did not. */
  get failure(): SqlFailure | undefined {
    return this.#failure
  }

  /** Facts not yet on disk. */
  get waiting(): number {
    return this.#facts
  }

  entries(): Entry[] {
    return this.#queue.flatMap((write) => write.entries)
  }

  /** False when the memory for waiting facts is full: the write is not taken. */
  put(write: Write): boolean {
    if (this.#facts + write.entries.length > this.#limits.facts) return false
    this.#queue.push(write)
    this.#facts += write.entries.length
    if (write.keep && this.#failure) write.done(this.#failure)
    this.#run()
    return true
  }

  /** One last try, then no more. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#run()
    await this.#running
  }

  #run(): void {
    if (this.#running || this.#retry || this.#queue.length === 0) return
    this.#running = this.#flush().finally(() => {
      this.#running = undefined
      if (!this.#failure) this.#run()
      else if (!this.#closed) this.#retryLater()
    })
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#run()
    }, this.#limits.retryMs)
  }

  /** Never rejects. */
  async #flush(): Promise<void> {
    // Gathers what arrives together; and the disk does not compete with the INVITE that the facts tell of.
    await new Promise((resolve) => setTimeout(resolve, gatherMs))
    while (this.#queue.length > 0) {
      const group = this.#queue.slice(0, this.#limits.group)
      try {
        const results = await this.#writer.commit(group.map((write) => write.statements))
        this.#failure = undefined
        this.#drop(new Set(group))
        for (const [index, write] of group.entries()) write.done(results[index] ?? undefined)
        if (group.some(({ entries }) => entries.length > 0)) this.#limits.onWritten?.()
      } catch (error) {
        this.#fail(toFailure(error))
        return
      }
    }
  }

  #fail(failure: SqlFailure): void {
    this.#failure = failure
    const queue = this.#queue
    this.#drop(new Set(queue.filter((write) => !write.keep)))
    for (const write of queue) write.done(failure)
  }

  #drop(gone: ReadonlySet<Write>): void {
    this.#queue = this.#queue.filter((write) => !gone.has(write))
    this.#facts = this.#queue.reduce((sum, write) => sum + write.entries.length, 0)
  }
}
