import type { KeyObject } from 'node:crypto'
import type { Sql } from 'postgres'
import { faultOf, type Link } from './chain.ts'
import { type Checkpoint, checkpointFault, type Head, type SignedCheckpoint } from './checkpoint.ts'
import { digestOf } from './personal.ts'

export interface Finding {
  /** The chain, or `checkpoints`, or `personal`. */
  readonly where: string
  readonly what: string
}

export interface Verified {
  readonly events: number
  readonly chains: number
  readonly checkpoints: number
  readonly findings: readonly Finding[]
}

/** Rows read at a time. */
const page = 2_000
/** More are not listed: the ledger was rewritten. */
const mostFindings = 100

/**
 * Reads the whole ledger and says what was changed, is missing or does not belong.
 * @param key the public key of the checkpoints
 * @param published checkpoints as somebody else has kept them; the ledger's own when left out, which who can change everything can change too
 */
export async function verifyLedger(sql: Sql, key: KeyObject, published?: readonly SignedCheckpoint[]): Promise<Verified> {
  const findings: Finding[] = []
  const find = (where: string, what: string): void => void (findings.length < mostFindings && findings.push({ where, what }))
  const signed = published ?? (await sql<SignedCheckpoint[]>`SELECT text, signature FROM checkpoints ORDER BY number`)
  const heads = readCheckpoints(signed, key, find)
  const { events, chains } = await readChains(sql, heads, find)
  await readPersonal(sql, find)
  return { events, chains, checkpoints: signed.length, findings }
}

/** @returns what each chain was said to be, in the order of its links */
function readCheckpoints(signed: readonly SignedCheckpoint[], key: KeyObject, find: (where: string, what: string) => void): Map<string, Head[]> {
  const heads = new Map<string, Head[]>()
  let before: { readonly number: number; readonly text: string } | undefined
  for (const checkpoint of signed) {
    const fault = checkpointFault(checkpoint, before, key)
    if (fault !== undefined) find('checkpoints', fault)
    const read = JSON.parse(checkpoint.text) as Checkpoint
    for (const head of read.heads) heads.set(head[0], [...(heads.get(head[0]) ?? []), head])
    before = { number: read.number, text: checkpoint.text }
  }
  return heads
}

async function readChains(sql: Sql, heads: ReadonlyMap<string, readonly Head[]>, find: (where: string, what: string) => void): Promise<{ events: number; chains: number }> {
  const seen = new Set<string>()
  let events = 0
  let before: (Link & { readonly hash: string }) | undefined
  const end = (last: typeof before): void => {
    if (!last) return
    for (const [, link] of heads.get(last.chain) ?? []) if (link > last.link) find(last.chain, `its end is missing: link ${link} was in a checkpoint, ${last.link} is the last`)
  }
  const rows = sql<(Link & { readonly hash: string })[]>`
    SELECT chain, link, journal, position::float8 AS position, epoch, body::text AS body, previous, hash FROM events ORDER BY chain, link`
  for await (const batch of rows.cursor(page)) {
    for (const row of batch) {
      const last = before?.chain === row.chain ? before : undefined
      if (!last) end(before)
      const fault = faultOf(row, last)
      if (fault !== undefined) find(row.chain, fault)
      for (const [, link, hash] of heads.get(row.chain) ?? []) if (link === row.link && hash !== row.hash) find(row.chain, `link ${link} is not what was in a checkpoint`)
      seen.add(row.chain)
      events += 1
      before = row
    }
  }
  end(before)
  for (const chain of heads.keys()) if (!seen.has(chain)) find(chain, 'it is missing, and was in a checkpoint')
  return { events, chains: seen.size }
}

async function readPersonal(sql: Sql, find: (where: string, what: string) => void): Promise<void> {
  const rows = sql<{ digest: string; subject: string; salt: string; value: string }[]>`SELECT digest, subject, salt, value FROM personal`
  for await (const batch of rows.cursor(page)) {
    for (const { digest, subject, salt, value } of batch) if (digestOf(salt, value) !== digest) find('personal', `a value of ${subject} was changed`)
  }
}
