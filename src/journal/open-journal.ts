import type { Logger } from 'pino'
import { Announcer } from './announcer.ts'
import { DurableWrites } from './durable-write.ts'
import { GroupCommit } from './group-commit.ts'
import type { Commit, Entry, Journal } from './journal.ts'
import { journalReads } from './reads.ts'
import { deleteOldAnswers, writesOf } from './rows.ts'
import { SqlError, type SqlFailure, type Tables } from './sql.ts'
import { WriterThread } from './writer-thread.ts'

export interface JournalOptions {
  /** SQLite file on a local disk; made, mode 0600, when it is not there. */
  readonly path: string
  readonly logger?: Logger
  readonly limits?: Partial<typeof defaults>
}

/** The journal with its file's other tables. */
export interface JournalFile extends Journal {
  readonly tables: Tables
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
export async function openJournal({ path, logger, limits: given }: JournalOptions): Promise<JournalFile> {
  const limits = { ...defaults, ...given }
  const thread = new WriterThread(path)
  await thread.open()
  const commits = new GroupCommit(thread, { facts: limits.facts, retryMs: limits.retryMs, group })
  const writes = new DurableWrites(commits, limits, logger)
  const announcer = new Announcer((error) => logger?.error({ err: error }, 'journal listener failed'))
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
  const tidying = setInterval(() => void tidy(), hourMs).unref()
  const close = async (): Promise<void> => {
    clearInterval(tidying)
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, limits.closeMs)
    await Promise.race([commits.close(), late])
    clearTimeout(timer)
    await thread.close(limits.closeMs)
    if (commits.waiting > 0) logger?.error({ facts: commits.waiting }, 'journal closed with facts not written')
  }

  await writes.write([{ sql: 'UPDATE epoch SET value = max(value, ?)', params: [epoch] }], [])
  void tidy()
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
      if (entries.length > 0) announcer.tell(entries)
      return commit
    },
    onAppended: (listener) => announcer.listen(listener),
    health() {
      const reason = writes.trouble
      return { ok: reason === undefined, ...(reason === undefined ? {} : { reason }), waiting: commits.waiting }
    },
    close: () => (closing ??= close()),
  }
}
