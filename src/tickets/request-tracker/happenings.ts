/** What people did in Request Tracker, as messages of its platform. */
import type { Happened, HappenedMessage } from '../ticket-system.ts'
import type { RequestTrackerRest, RtTicket, RtTransaction } from './rest.ts'

export interface HappeningsParts {
  readonly rest: RequestTrackerRest
  readonly queue: string
  /** The custom field that holds a ticket's id. */
  readonly idField: string
  /** Tandem's own there. */
  readonly user: string
}

/** Where the database commits a lower id after a higher one, the lower one is still found. */
const overlap = 20

/** @param after the last transaction that was read; undefined: from now on @param seen those of the overlap that were taken, which is kept up here @throws DeliveryError */
export async function happenings({ rest, queue, idField, user }: HappeningsParts, after: number | undefined, seen: Set<number>, signal: AbortSignal): Promise<Happened> {
  if (after === undefined) return fromNowOn(await rest.newest(signal), seen)
  const { transactions, more } = await rest.transactions(queue, Math.max(0, after - overlap), signal)
  const messages: HappenedMessage[] = []
  const tickets = new Map<number, RtTicket>()
  for (const transaction of transactions) {
    /* oxlint-disable no-await-in-loop -- in their order */
    if (seen.has(transaction.id) || transaction.creator === user || !tells(transaction)) continue
    const ticket = tickets.get(transaction.ticket) ?? (await rest.ticket(transaction.ticket, signal))
    tickets.set(transaction.ticket, ticket)
    const id = ticket.fields.get(idField)
    if (id === undefined) continue
    const text = await said(transaction, transactions, rest, signal)
    messages.push({ id: `transaction-${transaction.id}`, message: messageOf({ ...transaction, creator: doer(transaction, transactions) }, { id, number: ticket.id, text }), done: async () => void seen.add(transaction.id) })
    /* oxlint-enable no-await-in-loop */
  }
  const cursor = Math.max(after, transactions.at(-1)?.id ?? 0)
  for (const id of seen) if (id <= cursor - 2 * overlap) seen.delete(id)
  return { messages, cursor, more }
}

function fromNowOn(newest: number, seen: Set<number>): Happened {
  for (let id = newest; id > newest - overlap; id--) seen.add(id)
  return { messages: [], cursor: newest, more: false }
}

const tells = ({ type, field, newValue }: RtTransaction): boolean => type === 'Correspond' || (type === 'Status' && field === 'Status' && ['open', 'resolved', 'rejected'].includes(newValue ?? ''))

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

function messageOf({ type, newValue, creator, created }: RtTransaction, of: { readonly id: string; readonly number: number; readonly text: string | undefined }): object {
  const common = { ticket: { id: of.id }, reference: String(of.number), by: creator, at: created, ...(of.text === undefined || of.text === '' ? {} : { text: of.text.slice(0, 2_000) }) }
  if (type === 'Correspond') return { type: 'ticket.reported', data: { ...common, step: 'in-progress' } }
  if (newValue === 'open') return { type: 'ticket.accepted', data: common }
  if (newValue === 'resolved') return { type: 'ticket.reported', data: { ...common, step: 'resolved' } }
  return { type: 'ticket.returned', data: { ...common, cause: 'other' } }
}
