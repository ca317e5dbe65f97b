/** What people did in a ticket system, as messages of its platform. Pure. */
import type { Phase } from './entry.ts'
import type { HappenedMessage } from './ticket-system.ts'

export interface Deed {
  /** What was done: a status was set, or something was written for the citizen. */
  readonly what: Exclude<Phase, 'new'> | 'reply'
  /** The ticket's. */
  readonly id: string
  /** The record's number there. */
  readonly number: string
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly text: string | undefined
}

/** What people did there, as a message of its platform. */
export function messageOf({ what, id, number, by, at, text }: Deed): object {
  const common = { ticket: { id }, reference: number, by, at, ...(text === undefined || text === '' ? {} : { text: text.slice(0, 2_000) }) }
  switch (what) {
    case 'reply':
      return { type: 'ticket.reported', data: { ...common, step: 'in-progress' } }
    case 'open':
      return { type: 'ticket.accepted', data: common }
    case 'resolved':
      return { type: 'ticket.reported', data: { ...common, step: 'resolved' } }
    case 'rejected':
      return { type: 'ticket.returned', data: { ...common, cause: 'other' } }
  }
}

/** A deed of a system that has no log of all of them. */
export interface TimedDeed extends Deed {
  /** The same whenever it is read. */
  readonly key: string
  /** UTC, ms. */
  readonly ms: number
  /** By which they are in order: what was written with a change of status comes before it. */
  readonly place: number
}

/** @param seen what was taken, and when that happened, UTC ms; kept up here */
export function messagesOf(deeds: readonly TimedDeed[], seen: Map<string, number>): readonly HappenedMessage[] {
  const inOrder = deeds.toSorted((one, other) => one.place - other.place || Number(other.what === 'reply') - Number(one.what === 'reply'))
  return inOrder.map((deed) => ({ id: deed.key, message: messageOf(deed), done: async () => void seen.set(deed.key, deed.ms) }))
}

/** Systems commit later than they count, ms. */
export const overlapMs = 10_000
const keepMs = 600_000

/** Forgets what was taken so long before that it is not read again. @param after until when was read, UTC ms */
export function forgetOld(seen: Map<string, number>, after: number): void {
  for (const [key, ms] of seen) if (ms < after - keepMs) seen.delete(key)
}

/** One turn of a person lies so close together, ms: it may be on both sides of a second. */
const momentMs = 1_000

/** By whom, and when, ms by the system's clock. */
interface Done {
  readonly by: number
  readonly ms: number
}

/** Which reply came with which change of status: one turn of a person, which systems keep as two things, the status first. */
export function repliesWith<C extends Done, R extends Done>(changes: readonly C[], replies: readonly R[]): ReadonlyMap<C, R> {
  return new Map(
    replies.flatMap((reply) => {
      const change = changes.findLast(({ by, ms }) => by === reply.by && ms <= reply.ms && reply.ms - ms <= momentMs)
      return change ? [[change, reply] as const] : []
    }),
  )
}

/** Of what people write, only the words are told. */
export function withoutTags(html: string): string {
  const text = html.replaceAll(/<br\s*\/?>|<\/(?:p|div|li)>/giu, '\n').replaceAll(/<[^>]*>/gu, '')
  return text.replaceAll(/&(lt|gt|quot|#39|nbsp|amp);/gu, (_, name: string) => entities[name] ?? '').trim()
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ', amp: '&' }

/** What somebody wrote, as plain text. */
export const wordsOf = ({ body, contentType }: { readonly body: string; readonly contentType: string }): string => (contentType.startsWith('text/html') ? withoutTags(body) : body.trim())
