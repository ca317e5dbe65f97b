import type { Config } from '../config/schema.ts'
import { statement, type Tables } from '../journal/sql.ts'
import { isSame, macOf } from '../recordings/links.ts'
import type { Key } from '../domain/keys.ts'
import type { Vendor } from './vendors.ts'

/** Where phones reach the HTTP interface: as it is said, else where other systems do, else where it listens. */
export const phoneBase = ({ keys, http }: Pick<Config, 'keys' | 'http'>): string => keys.phoneUrl ?? http.publicUrl ?? `http://${http.host.includes(':') ? `[${http.host}]` : http.host}:${http.port}`

export interface PhoneLinksParts {
  readonly tables: Tables
  /** Of this installation, as recordings' links have it. */
  readonly key: Buffer
  /** Where phones reach the HTTP interface, without a path. */
  readonly base: string
}

/** Signed URLs of a phone's keys: they hold until the phone's are revoked. */
export class PhoneLinks {
  readonly #parts: PhoneLinksParts
  /** How often each phone's were revoked, and one. */
  readonly #serials: Map<string, number>

  private constructor(parts: PhoneLinksParts, serials: readonly (readonly [string, number])[]) {
    this.#parts = parts
    this.#serials = new Map(serials)
  }

  /** @throws SqlError */
  static async load(parts: PhoneLinksParts): Promise<PhoneLinks> {
    const rows = await parts.tables.all(statement('SELECT agent, serial FROM phone_links'))
    return new PhoneLinks(parts, rows.map(({ agent, serial }) => [String(agent), Number(serial)]))
  }

  serialOf(agent: string): number {
    return this.#serials.get(agent) ?? 1
  }

  urlOf(agent: string, vendor: Vendor, key: Key | 'status'): string {
    const query = new URLSearchParams({ vendor, signature: this.#signatureOf(agent) }).toString()
    return `${this.#parts.base.replace(/\/$/u, '')}/v1/phones/${encodeURIComponent(agent)}/keys/${key}?${query}`
  }

  isGood(agent: string, signature: string): boolean {
    return isSame(signature, this.#signatureOf(agent))
  }

  /** The URLs that the phone has are refused from now on. @returns the new serial @throws SqlError */
  async revoke(agent: string): Promise<number> {
    const serial = this.serialOf(agent) + 1
    await this.#parts.tables.commit([statement('INSERT OR REPLACE INTO phone_links (agent, serial) VALUES (?, ?)', agent, serial)])
    this.#serials.set(agent, serial)
    return serial
  }

  #signatureOf(agent: string): string {
    return macOf(this.#parts.key, ['phone', agent, this.serialOf(agent)])
  }
}
