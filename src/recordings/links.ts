import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Tables } from '../journal/sql.ts'

export const linkedKinds = ['recording', 'attachment'] as const
export type LinkedKind = (typeof linkedKinds)[number]

/** A file that whoever has the link may fetch until then. */
export interface FileLink {
  readonly kind: LinkedKind
  /** The recording's, or the attachment's. */
  readonly id: string
  /** For people. */
  readonly name: string
  readonly url: string
  /** UTC, ISO 8601. */
  readonly expiresAt: string
}

/** @returns the key of this installation, 32 bytes: made with its journal @throws SqlError */
export async function linkKey(tables: Pick<Tables, 'all'>): Promise<Buffer> {
  const [row] = await tables.all({ sql: 'SELECT key FROM link_key', params: [] })
  return Buffer.from(String(row?.['key']), 'hex')
}

const hourMs = 3_600_000
/** Of the time until which a link holds, s: the same link for a while, so that an attempt that is made again says the same. */
const stepS = 3_600

/** @param base of Tandem's address, without a path @param now UTC ms */
export function fileLink(key: Buffer, base: string, { kind, id, name }: Pick<FileLink, 'kind' | 'id' | 'name'>, hours: number, now: number): FileLink {
  const until = Math.ceil((now + hours * hourMs) / 1_000 / stepS) * stepS
  return { kind, id, name, url: signed(key, base, kind, id, until), expiresAt: new Date(until * 1_000).toISOString() }
}

/** Where a hand-over can be looked at, for whoever is rung for it. As `fileLink`. */
export const handoverLink = (key: Buffer, base: string, handover: string, hours: number, now: number): string => signed(key, base, 'handover', handover, Math.ceil((now + hours * hourMs) / 1_000))

function signed(key: Buffer, base: string, kind: Linked, id: string, until: number): string {
  const query = new URLSearchParams({ until: String(until), signature: signatureOf(key, kind, id, String(until)) }).toString()
  return `${base.replace(/\/$/u, '')}/v1/links/${kind}s/${id}?${query}`
}

type Linked = LinkedKind | 'handover'

const signatureOf = (key: Buffer, kind: Linked, id: string, until: string): string => macOf(key, [kind, id, until])

/** HMAC-SHA256 (RFC 2104), base64url. */
export const macOf = (key: Buffer, said: readonly (string | number)[]): string => createHmac('sha256', key).update(JSON.stringify(said)).digest('base64url')

/** In a time that tells nothing of where they differ. */
export function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** @param now UTC ms */
export function isGoodLink(key: Buffer, kind: Linked, id: string, { until, signature }: { readonly until: string; readonly signature: string }, now: number): boolean {
  return isSame(signature, signatureOf(key, kind, id, until)) && Number(until) * 1_000 > now
}
