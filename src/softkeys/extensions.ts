/** What a desk phone may dial, or refer its call to, during a call. Pure. */
import type { Config } from '../config/schema.ts'
import { type Key, keys } from '../domain/keys.ts'
import { type Platform, platforms } from '../domain/handover/handover.ts'

export type Meaning =
  /** `lit`: by a key with a lamp. */
  | { readonly key: Key; readonly lit: boolean }
  | { readonly desk: Platform }

/** A code; a code and the phone's own name, which is its lamp's extension; a number of a desk. @returns undefined: it means nothing */
export function meaningOf(extension: string, agent: string, { keys: { codes }, desks }: Pick<Config, 'keys' | 'desks'>): Meaning | undefined {
  const desk = platforms.find((platform) => desks[platform].numbers.includes(extension))
  if (desk) return { desk }
  const key = keys.find((known) => codes[known] !== 'none' && (extension === codes[known] || extension === codes[known] + agent))
  return key && { key, lit: extension !== codes[key] }
}

/** Keys that have a lamp. */
export const litKeys = ['transfer', 'conference', 'consult'] as const satisfies readonly Key[]
export type LitKey = (typeof litKeys)[number]

export const lampOfKey = (key: LitKey, agent: string): string => `tandem-${key}-${agent}`
export const lampOfDesk = (platform: Platform): string => `tandem-desk-${platform}`

/** An extension and the lamp that it lights. */
export interface Hint {
  readonly extension: string
  readonly lamp: string
  /** Of a key: whose. */
  readonly key?: { readonly key: LitKey; readonly agent: string }
  readonly desk?: Platform
}

export function hintsOf({ agents, desks, keys: { codes } }: Pick<Config, 'agents' | 'desks' | 'keys'>): readonly Hint[] {
  return [
    ...platforms.flatMap((platform) => desks[platform].numbers.map((extension) => ({ extension, lamp: lampOfDesk(platform), desk: platform }))),
    ...agents.flatMap(({ id }) => litKeys.flatMap((key) => (codes[key] === 'none' ? [] : [{ extension: codes[key] + id, lamp: lampOfKey(key, id), key: { key, agent: id } }]))),
  ]
}
