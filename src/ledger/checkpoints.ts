import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import sql from 'sql-template-tag'
import type { Asked, Database } from './database.ts'
import { type Checkpoint, digestOfName, hashOfText, type Head, signed, type SignedCheckpoint } from './checkpoint.ts'

/** The key that signs; made when there is none, readable by its owner alone. @throws Error when the file is no Ed25519 key */
export function signingKey(file: string): KeyObject {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true })
    const { privateKey } = generateKeyPairSync('ed25519')
    // Whole or not at all, also where the disk is full.
    writeFileSync(`${file}.new`, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flush: true })
    renameSync(`${file}.new`, file)
  }
  const key = createPrivateKey(readFileSync(file, 'utf8'))
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${file} is no Ed25519 key`)
  return key
}

export const publicKeyOf = (key: KeyObject): KeyObject => createPublicKey(key)

/**
 * Signs the heads of all chains that have grown since the last checkpoint, and appends them to the published file. What the file lacks
 * because it could not be written is written with the next one.
 * @returns the checkpoint; undefined when nothing has grown
 */
export async function makeCheckpoint(database: Database, key: KeyObject, file: string): Promise<Checkpoint | undefined> {
  const made = await database.transaction(async (asked): Promise<Checkpoint | undefined> => {
    await asked.run('LOCK TABLE checkpoints IN EXCLUSIVE MODE')
    const grown = await asked.query<{ chain: string; link: number; hash: string }>(sql`SELECT chain, link, hash FROM chains WHERE checkpoint IS NULL ORDER BY chain FOR UPDATE`)
    if (grown.length === 0) return undefined
    const [last] = await asked.query<{ number: number; text: string }>(sql`SELECT number, text FROM checkpoints ORDER BY number DESC LIMIT 1`)
    const heads = grown.map(({ chain, link, hash }): Head => [digestOfName(chain), link, hash])
    const checkpoint: Checkpoint = { number: (last?.number ?? 0) + 1, at: new Date().toISOString(), previous: last ? hashOfText(last.text) : '0'.repeat(64), heads }
    const { text, signature } = signed(checkpoint, key)
    await asked.query(sql`INSERT INTO checkpoints (number, at, text, signature) VALUES (${checkpoint.number}, ${checkpoint.at}, ${text}, ${signature})`)
    await asked.query(sql`UPDATE chains SET checkpoint = ${checkpoint.number} WHERE chain = ANY(${grown.map(({ chain }) => chain)})`)
    return checkpoint
  })
  await publish(database, file)
  return made
}

async function publish(asked: Asked, file: string): Promise<void> {
  const last = readPublished(file).at(-1)
  const number = last ? (JSON.parse(last.text) as Checkpoint).number : 0
  const missing = await asked.query<SignedCheckpoint & Record<string, unknown>>(sql`SELECT text, signature FROM checkpoints WHERE number > ${number} ORDER BY number`)
  if (missing.length === 0) return
  mkdirSync(dirname(file), { recursive: true })
  endAtLine(file)
  appendFileSync(file, missing.map(({ text, signature }) => `${JSON.stringify({ text, signature })}\n`).join(''), { flush: true })
}

/** A line that was cut off, by a full disk or a killed process, is written anew. */
function endAtLine(file: string): void {
  if (!existsSync(file)) return
  const bytes = readFileSync(file)
  const end = bytes.lastIndexOf(0x0a) + 1
  if (end < bytes.length) truncateSync(file, end)
}

/** As they stand in the published file, one a line, but for a last one that was cut off; none when there is no file. @throws Error when a line is none */
export function readPublished(file: string): readonly SignedCheckpoint[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as SignedCheckpoint)
}
