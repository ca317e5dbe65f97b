/** What people did in Zammad, as messages of its platform. */
import { forgetOld, messagesOf, overlapMs, repliesWith, type TimedDeed, wordsOf } from '../deeds.ts'
import type { Mapping } from '../mapping.ts'
import type { Happened } from '../ticket-system.ts'
import { isUnknown, type ZammadRest, type ZammadTicket } from './rest.ts'

export interface HappeningsParts {
  readonly rest: ZammadRest
  readonly group: string
  readonly mapping: Mapping
  /** What was taken, and when that happened, UTC ms; kept up here. */
  readonly seen: Map<string, number>
}

const pageSize = 50
/** Read at once: what was changed in one go has one time. */
const mostPages = 40

/** @param after of the ticket that was changed last, when, by Zammad's clock, UTC ms; undefined: from now on @throws DeliveryError */
export async function happenings(parts: HappeningsParts, after: number | undefined, signal: AbortSignal): Promise<Happened> {
  const { rest, seen } = parts
  if (after === undefined) return { messages: [], cursor: (await rest.search({}, { by: 'updated_at', order: 'desc', most: 1 }, signal))[0]?.updatedAt ?? 0, more: false }
  const since = Math.max(0, after - overlapMs)
  const { tickets, more } = await changedSince(parts, since, signal)
  const me = await rest.me(signal)
  const told: TimedDeed[] = []
  const passedOver: string[] = []
  for (const ticket of tickets) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after the other: it is in no hurry
      told.push(...(await toldOf(ticket, parts, me, signal)).filter(({ key, ms }) => ms >= since && !seen.has(key)))
    } catch (error) {
      // Merged, deleted or hidden meanwhile: the others are not held up by it.
      if (!isUnknown(error)) throw error
      passedOver.push(`ticket ${ticket.number}`)
    }
  }
  forgetOld(seen, after)
  return { messages: messagesOf(told, seen), cursor: Math.max(after, tickets.at(-1)?.updatedAt ?? 0), more, ...(passedOver.length > 0 ? { passedOver } : {}) }
}

async function changedSince({ rest, group, mapping }: HappeningsParts, since: number, signal: AbortSignal): Promise<{ readonly tickets: readonly ZammadTicket[]; readonly more: boolean }> {
  const tickets: ZammadTicket[] = []
  const condition = { 'ticket.updated_at': { operator: 'after (absolute)', value: new Date(since).toISOString() }, [`ticket.${mapping.idField}`]: { operator: 'is set' } }
  for (let page = 1; page <= mostPages; page++) {
    // oxlint-disable-next-line no-await-in-loop -- one page after the other
    const found = await rest.search(condition, { by: 'updated_at', order: 'asc', most: pageSize, page }, signal)
    tickets.push(...found)
    if (found.length < pageSize) return { tickets: tickets.filter((ticket) => ticket.group === group && ticket.fields.has(mapping.idField)), more: false }
  }
  return { tickets, more: true }
}

async function toldOf({ id: ticket, number, fields }: ZammadTicket, { rest, mapping }: HappeningsParts, me: number, signal: AbortSignal): Promise<readonly TimedDeed[]> {
  const id = fields.get(mapping.idField)
  if (id === undefined) return []
  const replies = (await rest.articles(ticket, signal)).filter(({ internal, createdById }) => !internal && createdById !== me).map(timed)
  const changes = (await rest.changes(ticket, signal)).filter(({ createdById }) => createdById !== me).map(timed)
  const beside = repliesWith(changes, replies)
  return [
    ...replies.map((reply): TimedDeed => ({ what: 'reply', id, number, by: reply.createdBy, at: reply.createdAt, text: wordsOf(reply), key: `article-${reply.id}`, ms: reply.ms, place: reply.ms })),
    ...changes.flatMap((change): readonly TimedDeed[] => {
      const [what, reply] = [mapping.said(change.state), beside.get(change)]
      return what ? [{ what, id, number, by: change.createdBy, at: change.createdAt, text: reply && wordsOf(reply), key: `history-${change.id}`, ms: change.ms, place: reply?.ms ?? change.ms }] : []
    }),
  ]
}

const timed = <T extends { readonly createdById: number; readonly createdAt: string }>(one: T) => ({ ...one, by: one.createdById, ms: Date.parse(one.createdAt) })
