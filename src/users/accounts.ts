import { createHash, randomBytes } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import { factVersion } from '../domain/facts.ts'
import type { AccountFact } from '../domain/service-facts.ts'
import type { Journal } from '../journal/journal.ts'
import type { AccountStore, ApiKey, Session, User } from './account-store.ts'
import { Attempts } from './attempts.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { permissionsOf, type Who } from './roles.ts'

export interface AccountsParts {
  readonly config: Pick<Config, 'agents'> & { readonly http: Pick<Config['http'], 'apiKeys'> }
  readonly store: AccountStore
  readonly journal: Pick<Journal, 'append'>
  /** UTC ms. */
  readonly now?: () => number
}

/** A session ends after so long without a request, and so long after it began, ms. */
const idleMs = 8 * 3_600_000
const longestMs = 24 * 3_600_000
/** How coarse the last request of a session is kept, ms: not each costs a write. */
const coarseMs = 300_000
const tokenBytes = 32
/** Sign-ins at a time, and how long others wait, ms. */
const mostSigningIn = 20
const busyMs = 1_000

export type SignedIn = { readonly token: string; readonly who: Who } | { readonly refused: true } | { readonly waitMs: number }

/** Who may use the API: the keys of the configuration, keys and users that were made while it ran, and who is signed in. Asked for each request: all is in memory. */
export class Accounts {
  readonly #parts: AccountsParts
  readonly #attempts = new Attempts()
  #signingIn = 0
  readonly #users: Map<string, User>
  readonly #keys: Map<string, ApiKey>
  readonly #sessions: Map<string, Session>
  /** By the key's SHA-256. */
  readonly #byHash = new Map<string, Who & { readonly expiresAt?: number }>()

  private constructor(parts: AccountsParts, users: readonly User[], keys: readonly ApiKey[], sessions: readonly Session[]) {
    this.#parts = parts
    this.#users = new Map(users.map((user) => [user.name, user]))
    this.#keys = new Map(keys.map((key) => [key.name, key]))
    this.#sessions = new Map(sessions.map((session) => [session.sha256, session]))
    for (const { name, key, role, scopes, platform } of parts.config.http.apiKeys) {
      this.#byHash.set(key.startsWith('sha256:') ? key.slice('sha256:'.length) : hashOf(key), { name, kind: 'key', role, permissions: new Set(scopes ?? permissionsOf[role]), ...(platform ? { platform } : {}) })
    }
    for (const key of keys) this.#note(key)
  }

  /** @throws SqlError */
  static async load(parts: AccountsParts): Promise<Accounts> {
    return new Accounts(parts, ...(await Promise.all([parts.store.users(), parts.store.keys(), parts.store.sessions()])))
  }

  ofKey(key: string): Who | undefined {
    const found = this.#byHash.get(hashOf(key))
    return found && (found.expiresAt === undefined || found.expiresAt > this.#now()) ? found : undefined
  }

  ofSession(token: string): Who | undefined {
    const sha256 = hashOf(token)
    const session = this.#sessions.get(sha256)
    const user = session && this.#users.get(session.user)
    const now = this.#now()
    if (!session || !user || now - session.seenAt > idleMs || now - session.createdAt > longestMs) {
      if (session) void this.#forget([sha256])
      return undefined
    }
    if (now - session.seenAt > coarseMs) {
      const seen = { ...session, seenAt: now }
      this.#sessions.set(sha256, seen)
      // What a failing disk does not take is that somebody is still there.
      this.#parts.store.putSession(seen).catch(() => undefined)
    }
    return this.#whoIs(user)
  }

  /** @param address of whoever tries @throws SqlError when it cannot be kept */
  async signIn(name: string, password: string, address: string): Promise<SignedIn> {
    const of = [`name ${name}`, `address ${address}`]
    const waitMs = this.#attempts.waitMs(of, performance.now())
    if (waitMs > 0) return { waitMs }
    // Each hash takes time and memory of the machine that runs calls.
    if (this.#signingIn >= mostSigningIn) return { waitMs: busyMs }
    this.#signingIn += 1
    try {
      return await this.#signIn(name, password, of, address)
    } finally {
      this.#signingIn -= 1
    }
  }

  async #signIn(name: string, password: string, of: readonly string[], address: string): Promise<SignedIn> {
    const user = this.#users.get(name)
    if (!(await verifyPassword(password, user?.password)) || !user) {
      this.#attempts.failed(of, performance.now())
      // Not what was typed as a name: it may be a password.
      await this.#tell({ type: 'sign-in-refused', ...(user ? { user: name } : {}), by: address })
      return { refused: true }
    }
    this.#attempts.succeeded(of)
    const token = randomBytes(tokenBytes).toString('base64url')
    const session = { sha256: hashOf(token), user: name, createdAt: this.#now(), seenAt: this.#now() }
    await this.#parts.store.putSession(session)
    this.#sessions.set(session.sha256, session)
    await this.#tell({ type: 'signed-in', user: name, by: address })
    return { token, who: this.#whoIs(user) }
  }

  async signOut(token: string): Promise<void> {
    await this.#forget([hashOf(token)])
  }

  users(): readonly Omit<User, 'password'>[] {
    return [...this.#users.values()].map(withoutPassword)
  }

  /** Makes a user or changes one; his sessions end with a new password. @throws SqlError */
  async putUser({ name, role, agent, platform, password }: Omit<User, 'password'> & { readonly password?: string }, by: string): Promise<boolean> {
    const known = this.#users.get(name)
    if (password === undefined && !known) return false
    const user: User = { name, role, ...(agent === undefined ? {} : { agent }), ...(platform ? { platform } : {}), password: password === undefined ? (known?.password ?? '') : await hashPassword(password) }
    await this.#parts.store.putUser(user)
    this.#users.set(name, user)
    if (password !== undefined) await this.#forget(this.#sessionsOf(name))
    await this.#tell({ type: 'user-changed', user: name, role, ...(agent === undefined ? {} : { agent }), ...(platform ? { platform } : {}), by })
    return true
  }

  /** @returns false: there is none @throws SqlError */
  async removeUser(name: string, by: string): Promise<boolean> {
    const user = this.#users.get(name)
    if (!user) return false
    await this.#parts.store.removeUser(name)
    this.#users.delete(name)
    for (const sha256 of this.#sessionsOf(name)) this.#sessions.delete(sha256)
    await this.#tell({ type: 'user-changed', user: name, role: user.role, revoked: true, by })
    return true
  }

  keys(): readonly Omit<ApiKey, 'sha256'>[] {
    return [...this.#keys.values()].map(withoutHash)
  }

  /** @returns the key, which is told this once; undefined: the name is taken @throws SqlError */
  async addKey(wanted: Omit<ApiKey, 'sha256'>, by: string): Promise<string | undefined> {
    if (this.#keys.has(wanted.name) || this.#parts.config.http.apiKeys.some(({ name }) => name === wanted.name)) return undefined
    const secret = randomBytes(tokenBytes).toString('base64url')
    const key = { ...wanted, sha256: hashOf(secret) }
    await this.#parts.store.putKey(key)
    this.#keys.set(key.name, key)
    this.#note(key)
    await this.#tell({ type: 'key-changed', key: key.name, role: key.role, ...(key.platform ? { platform: key.platform } : {}), by })
    return secret
  }

  /** @returns false: there is none @throws SqlError */
  async removeKey(name: string, by: string): Promise<boolean> {
    const key = this.#keys.get(name)
    if (!key) return false
    await this.#parts.store.removeKey(name)
    this.#keys.delete(name)
    this.#byHash.delete(key.sha256)
    await this.#tell({ type: 'key-changed', key: name, role: key.role, revoked: true, by })
    return true
  }

  #note({ name, role, scopes, platform, sha256, expiresAt }: ApiKey): void {
    this.#byHash.set(sha256, { name, kind: 'key', role, permissions: new Set(scopes ?? permissionsOf[role]), ...(platform ? { platform } : {}), ...(expiresAt === undefined ? {} : { expiresAt }) })
  }

  #whoIs({ name, role, agent, platform: own }: Pick<User, 'name' | 'role' | 'agent' | 'platform'>): Who {
    const platform = this.#parts.config.agents.find(({ id }) => id === agent)?.platform ?? own
    return { name, kind: 'user', role, permissions: new Set(permissionsOf[role]), ...(agent === undefined ? {} : { agent }), ...(platform ? { platform } : {}) }
  }

  #sessionsOf(name: string): readonly string[] {
    return [...this.#sessions.values()].filter(({ user }) => user === name).map(({ sha256 }) => sha256)
  }

  async #forget(sha256s: readonly string[]): Promise<void> {
    for (const sha256 of sha256s) this.#sessions.delete(sha256)
    if (sha256s.length > 0) await this.#parts.store.removeSessions(sha256s).catch(() => undefined)
  }

  async #tell(what: AccountChange): Promise<void> {
    await this.#parts.journal.append([{ ...what, version: factVersion, at: new Date(this.#now()).toISOString() }])
  }

  #now(): number {
    return (this.#parts.now ?? Date.now)()
  }
}

type AccountChange = Omit<AccountFact, 'version' | 'at'>

function withoutPassword(user: User): Omit<User, 'password'> {
  const { password: _, ...shown } = user
  return shown
}

function withoutHash(key: ApiKey): Omit<ApiKey, 'sha256'> {
  const { sha256: _, ...shown } = key
  return shown
}

/** Of something random enough: a key, a cookie. */
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
