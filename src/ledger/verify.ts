import type { KeyObject } from 'node:crypto'
import sql from 'sql-template-tag'
import { faultOf, type Link } from './chain.ts'
import { type Checkpoint, checkpointFault, digestOfName, type Head, type SignedCheckpoint } from './checkpoint.ts'
import type { Asked } from './database.ts'
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
export async function verifyLedger(asked: Asked, key: KeyObject, published?: readonly SignedCheckpoint[]): Promise<Verified> {
  const findings: Finding[] = []
  const find = (where: string, what: string): void => void (findings.length < mostFindings && findings.push({ where, what }))
  const signed = published ?? (await asked.query<SignedCheckpoint & Record<string, unknown>>(sql`SELECT text, signature FROM checkpoints ORDER BY number`))
  const heads = readCheckpoints(signed, key, find)
  const { events, chains } = await readChains(asked, heads, find)
  await readPersonal(asked, find)
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

type Stored = Link & { readonly hash: string }

async function readChains(asked: Asked, heads: ReadonlyMap<string, readonly Head[]>, find: (where: string, what: string) => void): Promise<{ events: number; chains: number }> {
  const seen = new Set<string>()
  const headsOf = (chain: string): readonly Head[] => [...(heads.get(chain) ?? []), ...(heads.get(digestOfName(chain)) ?? [])]
  let [events, chains] = [0, 0]
  let known: readonly Head[] = []
  let before: Stored | undefined
  const end = (last: Stored | undefined): void => {
    if (!last) return
    for (const [, link] of headsOf(last.chain)) if (link > last.link) find(last.chain, `its end is missing: link ${link} was in a checkpoint, ${last.link} is the last`)
  }
  for await (const row of chainsOf(asked)) {
    const last = before?.chain === row.chain ? before : undefined
    if (!last) {
      end(before)
      known = headsOf(row.chain)
      seen.add(row.chain).add(digestOfName(row.chain))
      chains += 1
    }
    const fault = faultOf(row, last)
    if (fault !== undefined) find(row.chain, fault)
    for (const [, link, hash] of known) if (link === row.link && hash !== row.hash) find(row.chain, `link ${link} is not what was in a checkpoint`)
    events += 1
    before = row
  }
  end(before)
  const missing = [...heads.keys()].filter((chain) => !seen.has(chain))
  const names = missing.length === 0 ? new Map<string, string>() : await namesOf(asked)
  for (const chain of missing) find(names.get(chain) ?? chain, 'it is missing, and was in a checkpoint')
  return { events, chains }
}

/** By their digests: whoever removed a chain has to find every place that names it. */
async function namesOf(asked: Asked): Promise<ReadonlyMap<string, string>> {
  const rows = await asked.query<{ chain: string }>(sql`SELECT chain FROM chains UNION SELECT id FROM handovers UNION SELECT id FROM calls UNION SELECT id FROM tickets`)
  return new Map(rows.map(({ chain }) => [digestOfName(chain), chain]))
}

/** All events, chain by chain. */
async function* chainsOf(asked: Asked): AsyncGenerator<Stored> {
  let last: readonly [string, number] | undefined = ['', 0]
  while (last) {
    const [chain, link]: readonly [string, number] = last
    const rows: readonly Stored[] = await asked.query<Stored & Record<string, unknown>>(sql`
      SELECT chain, link, journal, position::float8 AS position, epoch, body::text AS body, previous, hash FROM events
      WHERE (chain, link) > (${chain}, ${link}) ORDER BY chain, link LIMIT ${page}`)
    yield* rows
    const end = rows.length === page ? rows.at(-1) : undefined
    last = end && [end.chain, end.link]
  }
}

async function readPersonal(asked: Asked, find: (where: string, what: string) => void): Promise<void> {
  let last: string | undefined = ''
  while (last !== undefined) {
    const from: string = last
    const rows: readonly { digest: string; subject: string; salt: string; value: string }[] = await asked.query(sql`SELECT digest, subject, salt, value FROM personal WHERE digest > ${from} ORDER BY digest LIMIT ${page}`)
    for (const { digest, subject, salt, value } of rows) if (digestOf(salt, value) !== digest) find('personal', `a value of ${subject} was changed`)
    last = rows.length === page ? rows.at(-1)?.digest : undefined
  }
}
