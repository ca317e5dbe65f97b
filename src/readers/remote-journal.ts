import type { Entry } from '../journal/journal.ts'
import { selectAfter, toEntry } from '../journal/rows.ts'
import { type Row, SqlError, type Statement, type Tables, toFailure } from '../journal/sql.ts'
import type { Answer, ServiceSide } from './contract.ts'

/** The journal as its readers use it: from another process, as it is on disk. */
export interface ReaderJournal {
  readonly tables: Tables
  /** Facts after a position, in their order. @throws SqlError when it cannot be read */
  read(after: number, limit: number): Promise<readonly Entry[]>
  /** Told when there are new facts on disk. @returns how to stop */
  onWritten(listener: () => void): () => void
  /** A reader has read as far as this. */
  reached(reader: string, position: number): void
}

/** The service's end: answers what readers ask of the journal's file. */
export const servingTables = (tables: Tables): Pick<ServiceSide, 'all' | 'commit'> => ({
  all: async (statement) => answered(() => tables.all(statement)),
  commit: async (statements) =>
    answered(async () => {
      await tables.commit(statements)
      return null
    }),
})

/** An error's class does not cross: what it says does. */
async function answered<T>(ask: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await ask() }
  } catch (error) {
    return { failure: toFailure(error) }
  }
}

/** The readers' end. @param service rejects when there is no way to it any more */
export function remoteJournal(service: { readonly [K in keyof ServiceSide]: (...args: Parameters<ServiceSide[K]>) => Promise<Awaited<ReturnType<ServiceSide[K]>>> }): ReaderJournal & { readonly written: () => void } {
  const listeners = new Set<() => void>()
  const tables: Tables = {
    all: async (statement: Statement): Promise<readonly Row[]> => valueOf(await service.all(statement).catch(asFailure)),
    async commit(statements) {
      valueOf(await service.commit(statements).catch(asFailure))
    },
  }
  return {
    tables,
    read: async (after, limit) => (await tables.all(selectAfter(after, limit))).map(toEntry),
    onWritten(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    written: () => listeners.forEach((listener) => listener()),
    reached: (reader, position) => void service.reached(reader, position).catch(asFailure),
  }
}

const asFailure = (error: unknown): { readonly failure: ReturnType<typeof toFailure> } => ({ failure: toFailure(error) })

function valueOf<T>(answer: Answer<T>): T {
  if ('failure' in answer) throw new SqlError(answer.failure)
  return answer.value
}
