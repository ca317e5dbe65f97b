/** The chain of a hand-over's events: each carries the hash of the one before. Pure. */
import { createHash } from 'node:crypto'
import { type Json, textAt } from './json.ts'

/** What is hashed, and kept for ever. */
export interface Link {
  /** The hand-over, the call, or `service`. */
  readonly chain: string
  /** Place in the chain, from 1. */
  readonly link: number
  /** Which journal it came from. */
  readonly journal: string
  readonly position: number
  readonly epoch: number
  /** The event as JSON, with digests for what is personal. */
  readonly body: string
  /** Of the link before, 64 hex digits; all zero before the first. */
  readonly previous: string
}

/** Before the first link. */
export const noHash = '0'.repeat(64)
/** Events that are of no call. */
export const serviceChain = 'service'

/** SHA-256 over everything that a link says, each part in a line of its own, hex. */
export function hashOf({ chain, link, journal, position, epoch, body, previous }: Link): string {
  return createHash('sha256').update([previous, chain, link, journal, position, epoch, body].join('\n')).digest('hex')
}

/** Where an event belongs: to its hand-over, or its call, or to neither. */
export const chainOf = (event: Json): string => textAt(event, 'handover', 'id') ?? textAt(event, 'ticket', 'id') ?? textAt(event, 'ticketId') ?? textAt(event, 'call', 'id') ?? textAt(event, 'recording', 'callId') ?? textAt(event, 'callId') ?? serviceChain

/** What is wrong with a link that follows another. @returns undefined when all is well */
export function faultOf(link: Link & { readonly hash: string }, before: { readonly link: number; readonly hash: string } | undefined): string | undefined {
  const expected = (before?.link ?? 0) + 1
  if (link.link !== expected) return `link ${expected} is missing: ${link.link} follows`
  if (link.previous !== (before?.hash ?? noHash)) return `link ${link.link} does not follow the one before it`
  if (hashOf(link) !== link.hash) return `link ${link.link} was changed`
  return undefined
}
