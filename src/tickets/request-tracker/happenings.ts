/** What people did in Request Tracker, as messages of its platform. */
import type { Happened, HappenedMessage } from '../ticket-system.ts'
import { type Deed, messageOf } from '../deeds.ts'
import type { Mapping } from '../mapping.ts'
import { isCutOff, isUnknown, type RequestTrackerRest, type RtTicket, type RtTransaction } from './rest.ts'

export interface HappeningsParts {
  readonly rest: RequestTrackerRest
  readonly queue: string
  readonly mapping: Mapping
  /** Tandem's own there. */
  readonly user: string
}

/** Where the database commits a lower id after a higher one, the lower one is still found. */
const overlap = 20

/** @param after the last transaction that was read; undefined: from now on @param seen those of the overlap that were taken, which is kept up here @throws DeliveryError */
export async function happenings({ rest, queue, mapping, user }: HappeningsParts, after: number | undefined, seen: Set<number>, signal: AbortSignal): Promise<Happened> {
  if (after === undefined) return fromNowOn(await rest.newest(signal), seen)
  const { transactions, more } = await rest.transactions(queue, { after: Math.max(0, after - overlap), past: after }, signal)
  const messages: HappenedMessage[] = []
  const passedOver: string[] = []
  const tickets = new Map<number, RtTicket>()
  for (const transaction of transactions) {
    /* oxlint-disable no-await-in-loop -- in their order */
    const what = toldBy(transaction, mapping)
    if (seen.has(transaction.id) || transaction.creator === user || what === undefined) continue
    try {
      const ticket = tickets.get(transaction.ticket) ?? (await rest.ticket(transaction.ticket, signal))
      tickets.set(transaction.ticket, ticket)
      const id = ticket.fields.get(mapping.idField)
      if (id === undefined) continue
      const text = await said(transaction, transactions, rest, signal)
      const message = messageOf({ what, id, number: String(ticket.id), by: doer(transaction, transactions), at: transaction.created, text })
      messages.push({ id: `transaction-${transaction.id}`, message, done: async () => void seen.add(transaction.id) })
    } catch (error) {
      // Gone, hidden from Tandem, or longer than is read: the others are not held up by it.
      if (!isUnknown(error) && !isCutOff(error)) throw error
      passedOver.push(`transaction ${transaction.id} of ticket ${transaction.ticket}`)
      seen.add(transaction.id)
    }
    /* oxlint-enable no-await-in-loop */
  }
  const cursor = Math.max(after, transactions.at(-1)?.id ?? 0)
  for (const id of seen) if (id <= cursor - 2 * overlap) seen.delete(id)
  return { messages, cursor, more, ...(passedOver.length > 0 ? { passedOver } : {}) }
}

function fromNowOn(newest: number, seen: Set<number>): Happened {
  for (let id = newest; id > newest - overlap; id--) seen.add(id)
  return { messages: [], cursor: newest, more: false }
}

function toldBy({ type, field, newValue = '' }: RtTransaction, mapping: Mapping): Deed['what'] | undefined {
  if (type === 'Correspond') return 'reply'
  return type === 'Status' && field === 'Status' ? mapping.said(newValue) : undefined
}

/** A ticket that is replied to opens by itself: whoever replied has opened it. */
const doer = ({ id, ticket, creator }: RtTransaction, all: readonly RtTransaction[]): string =>
  creator === itself ? (all.find((other) => other.ticket === ticket && other.creator !== itself && Math.abs(other.id - id) <= 2)?.creator ?? itself) : creator

/** RT's own user. */
const itself = 'RT_System'

/** Between the two RT may note mails that it has sent. */
const nearby = 8
const momentMs = 2_000

/** A change of status and the reply that it came with are two transactions of one moment. Comments are for the staff alone, and told to nobody. */
async function said(transaction: RtTransaction, all: readonly RtTransaction[], rest: RequestTrackerRest, signal: AbortSignal): Promise<string | undefined> {
  const beside =
    transaction.type === 'Correspond'
      ? transaction
      : all.findLast(({ id, ticket, type, creator, created }) => type === 'Correspond' && ticket === transaction.ticket && creator === transaction.creator && Math.abs(id - transaction.id) <= nearby && Math.abs(Date.parse(created) - Date.parse(transaction.created)) <= momentMs)
  return beside && rest.textOf(beside.id, signal)
}
