/** Signed heads of chains: what was in the ledger at a time can be proved to somebody who has this, and nothing else. Pure. */
import { createHash, type KeyObject, sign, verify } from 'node:crypto'

/** The last link of a chain: its name's digest, place, hash; before need-to-know records the name itself. */
export type Head = readonly [chain: string, link: number, hash: string]

export interface Checkpoint {
  /** From 1, without gaps. */
  readonly number: number
  /** UTC, ISO 8601. */
  readonly at: string
  /** SHA-256 of the text before, 64 hex digits; all zero before the first. */
  readonly previous: string
  /** Of the chains that have grown since the one before. */
  readonly heads: readonly Head[]
}

/** One line of the published file. */
export interface SignedCheckpoint {
  /** The checkpoint as JSON: exactly what was signed. */
  readonly text: string
  /** Ed25519 (RFC 8032), base64. */
  readonly signature: string
}

/** A chain in a checkpoint, which tells nobody which records there are: `sha256:` and the SHA-256 of its name, hex. */
export const digestOfName = (chain: string): string => `sha256:${hashOfText(chain)}`

export const textOf = (checkpoint: Checkpoint): string => JSON.stringify(checkpoint)
export const hashOfText = (text: string): string => createHash('sha256').update(text).digest('hex')

export const signed = (checkpoint: Checkpoint, key: KeyObject): SignedCheckpoint => {
  const text = textOf(checkpoint)
  return { text, signature: sign(null, Buffer.from(text), key).toString('base64') }
}

/** What is wrong with a checkpoint that follows another. @returns undefined when all is well */
export function checkpointFault({ text, signature }: SignedCheckpoint, before: { readonly number: number; readonly text: string } | undefined, key: KeyObject): string | undefined {
  const number = (before?.number ?? 0) + 1
  if (!verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))) return `checkpoint ${number} is not signed by this ledger's key`
  const read = JSON.parse(text) as Checkpoint
  if (read.number !== number) return `checkpoint ${number} is missing: ${read.number} follows`
  if (read.previous !== (before ? hashOfText(before.text) : '0'.repeat(64))) return `checkpoint ${number} does not follow the one before it`
  return undefined
}
