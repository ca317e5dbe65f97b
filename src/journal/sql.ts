/** What one statement takes and gives, across threads. */
export type SqlValue = string | number | null
export type Row = Readonly<Record<string, SqlValue>>
export interface Statement {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

export const statement = (sql: string, ...params: Statement['params']): Statement => ({ sql, params })

/** For the other tables of the journal's file (see migrations.ts): the same thread, the same group commit. */
export interface Tables {
  /** @throws SqlError */
  all(statement: Statement): Promise<readonly Row[]>
  /**
   * All or nothing, after every fact appended before, on disk when it resolves.
   * @throws SqlError when it was not written; it is not tried again.
   */
  commit(statements: readonly Statement[]): Promise<void>
}

export interface SqlFailure {
  readonly message: string
  /** SQLite's extended result code (sqlite.org/rescode.html); absent when the failure was not SQLite's. */
  readonly errcode?: number
}

export class SqlError extends Error {
  readonly errcode: number | undefined

  constructor(failure: SqlFailure) {
    super(failure.message)
    this.name = 'SqlError'
    this.errcode = failure.errcode
  }
}

/** Anything thrown, as something that can cross threads. */
export function toFailure(error: unknown): SqlFailure {
  const message = error instanceof Error ? error.message : String(error)
  const errcode: unknown = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof errcode === 'number' ? { message, errcode } : { message }
}

export type Request =
  | { readonly id: number; readonly op: 'group'; readonly groups: readonly (readonly Statement[])[] }
  | { readonly id: number; readonly op: 'all'; readonly statement: Statement }
  | { readonly id: number; readonly op: 'close' }

/** `id` 0 is the word that the file is open, or why not. */
export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly failure: SqlFailure }
