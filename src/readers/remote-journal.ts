import type { ReaderJournal } from '../journal/reader-journal.ts'
import { selectAfter, toEntry } from '../journal/rows.ts'
import { type Row, SqlError, type Statement, type Tables, toFailure } from '../journal/sql.ts'
import type { Answer, ServiceSide } from './contract.ts'

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
