/**
 * Personal data of an event, apart from it: what is hashed and kept for ever has a salted digest in its place, so that the
 * chain still holds when the value is erased. Pure.
 */
import { createHash } from 'node:crypto'
import { isObject, type Json } from './json.ts'

/** What is personal: a telephone number, a name, what somebody said, another system's message, or where it is: a number. */
export type PersonalKind = 'number' | 'name' | 'text' | 'message' | 'coordinate'

/** A value of one call. Who has the salt and the digest, and not the value, cannot find it by trying all numbers of a city without great cost. */
export interface Personal {
  /** As it stands in the event. */
  readonly digest: string
  /** The call that it belongs to; it is erased with all others of that call. */
  readonly subject: string
  readonly kind: PersonalKind
  /** 16 random bytes, hex. */
  readonly salt: string
  readonly value: string
}

/** Where personal data may be, in every version of an event; `*`: each of a list. */
const places: readonly { readonly path: readonly string[]; readonly kind: PersonalKind }[] = [
  { path: ['call', 'caller', 'number'], kind: 'number' },
  { path: ['call', 'caller', 'name'], kind: 'name' },
  { path: ['call', 'carried', 'position'], kind: 'text' },
  { path: ['call', 'carried', 'link'], kind: 'text' },
  { path: ['handover', 'reason'], kind: 'text' },
  { path: ['reason'], kind: 'text' },
  ...['handover', 'ticket'].flatMap((of) => [
    { path: [of, 'intake', 'callerNumber'], kind: 'number' } as const,
    { path: [of, 'intake', 'callerName'], kind: 'name' } as const,
    ...['title', 'content', 'address', 'handledSoFar'].map((field) => ({ path: [of, 'intake', field], kind: 'text' }) as const),
    ...['longitude', 'latitude'].map((field) => ({ path: [of, 'intake', field], kind: 'coordinate' }) as const),
  ]),
  { path: ['ticket', 'reason'], kind: 'text' },
  { path: ['ticket', 'steps', '*', 'text'], kind: 'text' },
  { path: ['ticket', 'attachments', '*', 'name'], kind: 'text' },
  { path: ['message'], kind: 'message' },
  ...['call', 'handover', 'ticket'].map((of) => ({ path: [of, 'needToKnow', 'cause'], kind: 'text' }) as const),
  { path: ['marking', 'cause'], kind: 'text' },
  { path: ['cause'], kind: 'text' },
]

const prefix = 'digest:'

/** SHA-256 of salt and value, as it stands in the value's place. */
export const digestOf = (salt: string, value: string): string => prefix + createHash('sha256').update(Buffer.from(salt, 'hex')).update(value).digest('base64url')

export const isDigest = (text: string): boolean => text.startsWith(prefix)

/** @returns the event with `digest(kind, value)` in the place of each value that is personal */
export function withDigests(event: Json, digest: (kind: PersonalKind, value: string) => string): Json {
  return places.reduce<Json>((changed, { path, kind }) => replaced(changed, path, kind, (value) => (isDigest(value) || value === erased ? value : digest(kind, value))), event)
}

/** @returns the event with the values again; what was erased is `erased` */
export function withValues(event: Json, valueOf: (digest: string) => string | undefined): Json {
  return places.reduce<Json>((changed, { path, kind }) => replaced(changed, path, kind, (text) => (isDigest(text) ? asIt(kind, valueOf(text)) : text)), event)
}

const asIt = (kind: PersonalKind, value: string | undefined): Json => (value === undefined ? erased : kind === 'coordinate' && Number.isFinite(Number(value)) ? Number(value) : value)

/** In the place of a value that was erased. */
export const erased = 'erased'

/** The digests that stand in the event. */
export function digestsIn(event: Json): readonly string[] {
  const found: string[] = []
  withValues(event, (digest) => {
    found.push(digest)
    return digest
  })
  return found
}

function replaced(tree: Json, [name, ...rest]: readonly string[], kind: PersonalKind, change: (text: string) => Json): Json {
  if (name === undefined) return typeof tree === 'string' && tree !== '' ? change(tree) : kind === 'coordinate' && typeof tree === 'number' ? change(String(tree)) : tree
  if (Array.isArray(tree)) return name === '*' ? (tree as readonly Json[]).map((inner) => replaced(inner, rest, kind, change)) : tree
  if (!isObject(tree) || tree[name] === undefined) return tree
  return { ...tree, [name]: replaced(tree[name], rest, kind, change) }
}
