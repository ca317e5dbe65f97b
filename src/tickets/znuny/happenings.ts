/** What people did in Znuny, as messages of its platform. */
import { forgetOld, messagesOf, overlapMs, repliesWith, type TimedDeed, wordsOf } from '../deeds.ts'
import type { Mapping } from '../mapping.ts'
import type { Happened } from '../ticket-system.ts'
import { DeliveryError } from '../verdict.ts'
import type { GenericInterface, ZnunyTicket } from './generic-interface.ts'

export interface HappeningsParts {
  readonly znuny: GenericInterface
  readonly queue: string
  readonly mapping: Mapping
  /** What was taken, and when that happened, UTC ms; kept up here. */
  readonly seen: Map<string, number>
}

const minuteMs = 60_000
const atATime = 10
/** Of one list of ids. */
const mostTickets = 5_000

/**
 * Asks for the tickets that were changed since, by minutes, which no clock and no time zone can falsify.
 * @param after until when it was asked before, UTC ms; undefined: from now on @throws DeliveryError
 */
export async function happenings({ znuny, queue, mapping, seen }: HappeningsParts, after: number | undefined, signal: AbortSignal): Promise<Happened> {
  const now = Date.now()
  if (after === undefined) return { messages: [], cursor: now, more: false }
  const me = await znuny.me(signal)
  const changed = { Queues: [queue], [`DynamicField_${mapping.idField}`]: { Like: '*' }, TicketLastChangeTimeNewerMinutes: Math.ceil((now - after) / minuteMs) + 1, SortBy: 'Changed', OrderBy: 'Up', Limit: mostTickets }
  const ids = await znuny.search(changed, signal)
  const told: TimedDeed[] = []
  const passedOver: string[] = []
  const since = after - overlapMs
  for (let from = 0; from < ids.length; from += atATime) {
    // oxlint-disable-next-line no-await-in-loop -- in pages
    const read = await deedsOf(ids.slice(from, from + atATime), { znuny, mapping, me }, signal)
    told.push(...read.told.filter(({ key, ms }) => ms >= since && !seen.has(key)))
    passedOver.push(...read.passedOver.filter((what) => !seen.has(what)))
  }
  for (const what of passedOver) seen.set(what, now)
  forgetOld(seen, after)
  return { messages: messagesOf(told, seen), cursor: now, more: false, ...(passedOver.length > 0 ? { passedOver } : {}) }
}

type Asking = Pick<HappeningsParts, 'znuny' | 'mapping'> & { readonly me: number }

async function deedsOf(ids: readonly number[], asking: Asking, signal: AbortSignal): Promise<{ readonly told: readonly TimedDeed[]; readonly passedOver: readonly string[] }> {
  const { znuny, mapping, me } = asking
  try {
    const tickets = await znuny.tickets(ids, signal)
    const changes = await znuny.changes(ids, signal)
    return { told: tickets.flatMap((ticket) => toldOf(ticket, changes.filter((one) => one.ticket === ticket.id && one.createBy !== me), { mapping, me })), passedOver: [] }
  } catch (error) {
    // One that has just been hidden, or is longer than is read, spoils the answer for all.
    if (!(error instanceof DeliveryError) || !(error.code.endsWith('.AccessDenied') || error.code === 'no-json')) throw error
    if (ids.length === 1) return { told: [], passedOver: [`ticket ${ids[0]}`] }
    const each = []
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (const id of ids) each.push(await deedsOf([id], asking, signal))
    return { told: each.flatMap((one) => one.told), passedOver: each.flatMap((one) => one.passedOver) }
  }
}

function toldOf(ticket: ZnunyTicket, changes: Awaited<ReturnType<GenericInterface['changes']>>, { mapping, me }: Omit<Asking, 'znuny'>): readonly TimedDeed[] {
  const id = ticket.fields.get(mapping.idField)
  if (id === undefined) return []
  // Its clock, wherever it is: a ticket says how old it is.
  const ahead = secondsOf(ticket.created) + ticket.age * 1_000 - Date.now()
  const timed = <T extends { readonly createBy: number; readonly createTime: string }>(one: T) => ({ ...one, by: one.createBy, ms: secondsOf(one.createTime) - ahead })
  const common = ({ by, ms }: { readonly by: number; readonly ms: number }) => ({ id, number: ticket.number, by: ticket.users.get(by) ?? `user ${by}`, at: new Date(Math.min(ms, Date.now())).toISOString(), ms })
  const replies = ticket.articles.filter(({ visibleForCustomer, createBy }) => visibleForCustomer && createBy !== me).map(timed)
  const states = changes.map(timed)
  const beside = repliesWith(states, replies)
  return [
    ...replies.map((reply): TimedDeed => ({ what: 'reply', ...common(reply), text: wordsOf(reply), key: `article-${reply.id}`, place: reply.ms })),
    ...states.flatMap((change): readonly TimedDeed[] => {
      const [what, reply] = [mapping.said(change.state), beside.get(change)]
      return what ? [{ what, ...common(change), text: reply && wordsOf(reply), key: `state-${ticket.id}-${change.createTime.replaceAll(/\D/gu, '')}-${what}`, place: reply?.ms ?? change.ms }] : []
    }),
  ]
}

/** ms, as if Znuny were at UTC. */
const secondsOf = (time: string): number => Date.parse(`${time.replace(' ', 'T')}Z`)
