import { type Row, statement, type Tables } from '../journal/sql.ts'
import { type Platform, platforms } from '../domain/handover/handover.ts'
import { type Permission, permissions, type Role, roles } from './roles.ts'

/** A person who signs in. */
export interface User {
  readonly name: string
  readonly role: Role
  /** Of an agent: his own seat. */
  readonly agent?: string
  /** Whose he is; of an agent with a seat, the seat's. */
  readonly platform?: Platform
  /** PHC string. */
  readonly password: string
}

/** A key that was made while the service ran. */
export interface ApiKey {
  readonly name: string
  readonly role: Role
  /** Instead of the role's own. */
  readonly scopes?: readonly Permission[]
  /** Whose it is. */
  readonly platform?: Platform
  /** SHA-256 of the key, hex. */
  readonly sha256: string
  /** UTC ms. */
  readonly expiresAt?: number
}

export interface Session {
  /** SHA-256 of the cookie's value, hex. */
  readonly sha256: string
  readonly user: string
  /** UTC ms. */
  readonly createdAt: number
  /** UTC ms, some minutes coarse. */
  readonly seenAt: number
}

/** Users, keys and sessions in the journal's file: needed with Redis and Postgres away. Every method throws SqlError when the file cannot be used. */
export class AccountStore {
  readonly #tables: Tables

  constructor(tables: Tables) {
    this.#tables = tables
  }

  async users(): Promise<readonly User[]> {
    return (await this.#tables.all(statement('SELECT * FROM users'))).map((row) => ({ name: text(row, 'name'), role: roleOf(row), password: text(row, 'password'), ...(row['agent'] === null ? {} : { agent: text(row, 'agent') }), ...platformOf(row) }))
  }

  async keys(): Promise<readonly ApiKey[]> {
    return (await this.#tables.all(statement('SELECT * FROM api_keys'))).map((row) => ({
      name: text(row, 'name'),
      role: roleOf(row),
      sha256: text(row, 'sha256'),
      ...(row['scopes'] === null ? {} : { scopes: (JSON.parse(text(row, 'scopes')) as string[]).flatMap((scope) => permissions.find((known) => known === scope) ?? []) }),
      ...platformOf(row),
      ...(row['expires_at'] === null ? {} : { expiresAt: Number(row['expires_at']) }),
    }))
  }

  async sessions(): Promise<readonly Session[]> {
    return (await this.#tables.all(statement('SELECT * FROM sessions'))).map((row) => ({ sha256: text(row, 'sha256'), user: text(row, 'user'), createdAt: Number(row['created_at']), seenAt: Number(row['seen_at']) }))
  }

  async putUser({ name, role, agent, platform, password }: User): Promise<void> {
    await this.#tables.commit([statement('INSERT OR REPLACE INTO users (name, role, agent, platform, password) VALUES (?, ?, ?, ?, ?)', name, role, agent ?? null, platform ?? null, password)])
  }

  /** With his sessions. */
  async removeUser(name: string): Promise<void> {
    await this.#tables.commit([statement('DELETE FROM users WHERE name = ?', name), statement('DELETE FROM sessions WHERE user = ?', name)])
  }

  async putKey({ name, role, scopes, platform, sha256, expiresAt }: ApiKey): Promise<void> {
    await this.#tables.commit([statement('INSERT INTO api_keys (name, role, scopes, platform, sha256, expires_at) VALUES (?, ?, ?, ?, ?, ?)', name, role, scopes ? JSON.stringify(scopes) : null, platform ?? null, sha256, expiresAt ?? null)])
  }

  async removeKey(name: string): Promise<void> {
    await this.#tables.commit([statement('DELETE FROM api_keys WHERE name = ?', name)])
  }

  async putSession({ sha256, user, createdAt, seenAt }: Session): Promise<void> {
    await this.#tables.commit([statement('INSERT OR REPLACE INTO sessions (sha256, user, created_at, seen_at) VALUES (?, ?, ?, ?)', sha256, user, createdAt, seenAt)])
  }

  async removeSessions(sha256s: readonly string[]): Promise<void> {
    await this.#tables.commit(sha256s.map((sha256) => statement('DELETE FROM sessions WHERE sha256 = ?', sha256)))
  }
}

/** One that this version does not know is none. */
function platformOf(row: Row): Pick<User, 'platform'> {
  const platform = platforms.find((known) => known === row['platform'])
  return platform ? { platform } : {}
}

const text = (row: Row, name: string): string => String(row[name])

/** One that this version does not know may do nothing that another could: it was written by a later one. */
const roleOf = (row: Row): Role => roles.find((known) => known === row['role']) ?? 'agent'
