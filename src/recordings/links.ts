import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Tables } from '../journal/sql.ts'

/** A file that whoever has the link may fetch until then. */
export interface RecordingLink {
  /** The recording's id. */
  readonly recording: string
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
export function recordingLink(key: Buffer, base: string, recording: string, hours: number, now: number): RecordingLink {
  const until = Math.ceil((now + hours * hourMs) / 1_000 / stepS) * stepS
  const query = new URLSearchParams({ until: String(until), signature: signatureOf(key, recording, String(until)) }).toString()
  return { recording, url: `${base.replace(/\/$/u, '')}/v1/links/recordings/${recording}?${query}`, expiresAt: new Date(until * 1_000).toISOString() }
}

/** HMAC-SHA256 (RFC 2104), base64url. */
const signatureOf = (key: Buffer, recording: string, until: string): string => createHmac('sha256', key).update(JSON.stringify(['recording', recording, until])).digest('base64url')

/** @param now UTC ms */
export function isGoodLink(key: Buffer, recording: string, { until, signature }: { readonly until: string; readonly signature: string }, now: number): boolean {
  const [given, wanted] = [Buffer.from(signature), Buffer.from(signatureOf(key, recording, until))]
  return given.length === wanted.length && timingSafeEqual(given, wanted) && Number(until) * 1_000 > now
}
