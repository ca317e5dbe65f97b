import type { Entry } from './journal.ts'
import type { Tables } from './sql.ts'

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
