import type { Logger } from 'pino'
import { Announcer } from './announcer.ts'
import { DurableWrites } from './durable-write.ts'
import { GroupCommit, type GroupWriter } from './group-commit.ts'
import type { Commit, Entry, Journal } from './journal.ts'
import { journalReads } from './reads.ts'
import { DiskReserve } from './reserve.ts'
import { deleteOldAnswers, writesOf } from './rows.ts'
import { SqlError, type SqlFailure, type Tables, toFailure } from './sql.ts'
import { Upkeep } from './upkeep.ts'
import { WriterThread } from './writer-thread.ts'

export interface JournalOptions {
  /** SQLite file on a local disk; made, mode 0600, when it is not there. */
  readonly path: string
  readonly logger?: Logger
  readonly limits?: Partial<typeof defaults>
  /** Facts are forgotten when all of these have read them and they are old; never when left out. */
  readonly readers?: readonly string[]
  readonly retentionDays?: number
  readonly maxBytes?: number
  /** Kept free on the disk for the day on which it is full; 0 when left out. */
  readonly reserveBytes?: number
}

/** The journal with its file's other tables. */
export interface JournalFile extends Journal {
  readonly tables: Tables
  /** A reader of its own cursor has read as far as this: it does not hold up that old facts are forgotten. */
  reached(reader: string, position: number): void
  /** Looks after size and disk now, as it does each minute by itself. Never rejects. */
  upkeep(): Promise<void>
}

const defaults = {
  /** Longest time until `append` answers, ms. */
  answerMs: 500,
  /** Pause between tries when the disk fails, ms. */
  retryMs: 1_000,
  /** Facts held in memory while the disk fails. */
  facts: 100_000,
  /** Longest time that `close` waits for the disk, ms, twice. */
  closeMs: 3_000,
}
/** Writes of one transaction. */
const group = 2_000
/** Positions given to one epoch: a number that an earlier start gave out and could not write is never given again. */
const positionsOfEpoch = 1_000_000_000
const hourMs = 3_600_000

/**
 * Opens the journal and holds its file for as long as it is open. A disk that is full does not keep an existing one from opening.
 * @throws SqlError when another process has the file, a later version wrote it, or it cannot be read.
 */
export async function openJournal({ path, logger, limits: given, readers = [], retentionDays = 30, maxBytes = Infinity, reserveBytes = 0 }: JournalOptions): Promise<JournalFile> {
  const limits = { ...defaults, ...given }
  const thread = new WriterThread(path)
  await thread.open()
  const onFault = (error: unknown): void => logger?.error({ err: error }, 'journal listener failed')
  const [appended, written] = [new Announcer<readonly Entry[]>(onFault), new Announcer<void>(onFault)]
  const reserve = new DiskReserve(path, reserveBytes, logger)
  const commits = new GroupCommit(withReserve(thread, reserve), { facts: limits.facts, retryMs: limits.retryMs, group, onWritten: () => written.tell() })
  const writes = new DurableWrites(commits, limits, logger)
  const [before] = await thread.all({ sql: 'SELECT value, id FROM epoch, identity', params: [] })
  const epoch = Number(before?.['value'] ?? 0) + 1
  let position = epoch * positionsOfEpoch
  let closing: Promise<void> | undefined

  const tables: Tables = {
    all: (statement) => thread.all(statement),
    commit(statements) {
      if (closing) return Promise.reject(new SqlError({ message: 'The journal is closed.' }))
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const done = (failure?: SqlFailure) => (failure ? reject(new SqlError(failure)) : resolve())
      commits.put({ statements, entries: [], keep: false, done })
      return promise
    },
  }
  const tidy = async (): Promise<void> => {
    try {
      await tables.commit([deleteOldAnswers(Date.now())])
    } catch (error) {
      // Tried again in an hour; a failing disk is reported by the writes.
      logger?.warn({ err: error }, 'journal not tidied')
    }
  }
  const upkeep = new Upkeep({ tables, reserve, readers, retentionDays, maxBytes, logger })
  const tidying = setInterval(() => void tidy(), hourMs).unref()
  const close = async (): Promise<void> => {
    clearInterval(tidying)
    await upkeep.close()
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, limits.closeMs)
    await Promise.race([commits.close(), late])
    clearTimeout(timer)
    await thread.close(limits.closeMs)
    if (commits.waiting > 0) logger?.error({ facts: commits.waiting }, 'journal closed with facts not written')
  }

  await writes.write([{ sql: 'UPDATE epoch SET value = max(value, ?)', params: [epoch] }], [])
  void tidy()
  upkeep.start()
  return {
    id: String(before?.['id']),
    epoch,
    tables,
    ...journalReads((statement) => thread.all(statement), () => commits.entries()),
    append(facts, answer) {
      const entries = facts.map((fact): Entry => ({ position: ++position, epoch, fact }))
      // Taken first: a listener that reads at once finds what it is told of.
      const commit: Promise<Commit> = closing
        ? Promise.resolve({ durable: false, reason: 'the journal is closed' })
        : writes.write(writesOf(entries, answer), entries)
      if (entries.length > 0) appended.tell(entries)
      return commit
    },
    onAppended: (listener) => appended.listen(listener),
    onWritten: (listener) => written.listen(listener),
    reached: (reader, read) => upkeep.reached(reader, read),
    upkeep: () => upkeep.look(),
    health() {
      const reason = writes.trouble ?? upkeep.trouble
      return { ok: reason === undefined, ...(reason === undefined ? {} : { reason }), waiting: commits.waiting }
    },
    close: () => (closing ??= close()),
  }
}

/** What a full disk refuses is written once more, from the reserve. */
const withReserve = (writer: GroupWriter, reserve: DiskReserve): GroupWriter => ({
  async commit(groups) {
    try {
      return await writer.commit(groups)
    } catch (error) {
      if (!isFull(error) || !(await reserve.release())) throw error
      return writer.commit(groups)
    }
  },
})

/** SQLITE_FULL (sqlite.org/rescode.html). */
const isFull = (error: unknown): boolean => ((toFailure(error).errcode ?? 0) & 0xff) === 13
