import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { migrations } from './migrations.ts'
import { type Row, type SqlFailure, type Statement, toFailure } from './sql.ts'

// Primary result codes (sqlite.org/rescode.html).
const busy = 5
/** The whole group failed, not one statement: BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB. */
const ofTheFile = new Set([busy, 6, 7, 8, 10, 11, 13, 14, 26])

/** The journal's file, held by this connection alone. Synchronous: for the writer thread. */
export interface SqliteFile {
  all(statement: Statement): readonly Row[]
  /**
   * Runs all groups in one transaction; a group whose own statement fails is undone alone.
   * @returns per group null, or its failure. @throws when nothing at all was written.
   */
  commit(groups: readonly (readonly Statement[])[]): readonly (SqlFailure | null)[]
  close(): void
}

/** @throws when another process holds the file, it is of a later version, or it cannot be opened. */
export function openSqliteFile(path: string): SqliteFile {
  mkdirSync(dirname(path), { recursive: true })
  // Only when new: closing a second descriptor would drop this process's POSIX locks on the file.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  const db = new DatabaseSync(path, { timeout: 1_000 })
  try {
    // The lock lives as long as the process: one writer, and no shared-memory file.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    db.exec('BEGIN EXCLUSIVE')
    migrate(db)
    db.exec('COMMIT')
  } catch (error) {
    db.close()
    if (((toFailure(error).errcode ?? 0) & 0xff) !== busy) throw error
    throw new Error(`The journal ${path} is open in another process; only one may write it.`, { cause: error })
  }
  const prepared = new Map<string, StatementSync>()
  const run = ({ sql }: Statement): StatementSync => {
    const known = prepared.get(sql) ?? db.prepare(sql)
    prepared.set(sql, known)
    return known
  }
  return {
    all: (statement) => run(statement).all(...statement.params) as unknown as Row[],
    commit: (groups) => commitGroups(db, groups, (s) => void run(s).run(...s.params)),
    close: () => db.close(),
  }
}

function migrate(db: DatabaseSync): void {
  db.exec('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT')
  const version = Number(db.prepare('SELECT max(version) AS version FROM schema_version').get()?.['version'] ?? 0)
  if (version > migrations.length) {
    throw new Error(`The journal has schema version ${version}; this program knows ${migrations.length} at most.`)
  }
  for (const [index, text] of migrations.entries()) {
    if (index < version) continue
    db.exec(text)
    db.prepare('INSERT INTO schema_version (version) VALUES (?)').run(index + 1)
  }
}

function commitGroups(
  db: DatabaseSync,
  groups: readonly (readonly Statement[])[],
  run: (statement: Statement) => void,
): (SqlFailure | null)[] {
  try {
    db.exec('BEGIN IMMEDIATE')
    const results = groups.map((group) => commitGroup(db, group, run))
    db.exec('COMMIT')
    return results
  } catch (error) {
    // SQLite has rolled back by itself after some errors (sqlite.org/lang_transaction.html), not after others.
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function commitGroup(db: DatabaseSync, group: readonly Statement[], run: (s: Statement) => void): SqlFailure | null {
  db.exec('SAVEPOINT one')
  try {
    for (const statement of group) run(statement)
    db.exec('RELEASE one')
    return null
  } catch (error) {
    const failure = toFailure(error)
    if (!db.isTransaction || ofTheFile.has((failure.errcode ?? 0) & 0xff)) throw error
    db.exec('ROLLBACK TO one; RELEASE one')
    return failure
  }
}
