/** What people did in Request Tracker, as messages of its platform. */
import type { Platform } from '../../domain/handover/handover.ts'
import type { Happened, HappenedMessage } from '../ticket-system.ts'
import type { RequestTrackerRest, RtTicket, RtTransaction } from './rest.ts'

export interface HappeningsParts {
  readonly rest: RequestTrackerRest
  readonly platform: Platform
  readonly queue: string
  /** The custom field that holds a ticket's id. */
  readonly idField: string
  /** Tandem's own there. */
  readonly user: string
}

/** Read at a time. */
const page = 100

/** @param after the last transaction that was read; undefined: from now on @throws DeliveryError */
export async function happenings({ rest, platform, queue, idField, user }: HappeningsParts, after: number | undefined, signal: AbortSignal): Promise<Happened> {
  if (after === undefined) return { messages: [], cursor: await rest.newest(signal), more: false }
  const transactions = await rest.transactions(after, page, signal)
  const messages: HappenedMessage[] = []
  const tickets = new Map<number, RtTicket>()
  for (const transaction of transactions) {
    /* oxlint-disable no-await-in-loop -- in their order */
    if (transaction.creator === user || !tells(transaction)) continue
    const ticket = tickets.get(transaction.ticket) ?? (await rest.ticket(transaction.ticket, signal))
    tickets.set(transaction.ticket, ticket)
    const id = ticket.fields.get(idField)
    if (id === undefined || ticket.queue !== queue) continue
    const text = await said(transaction, transactions, rest, signal)
    messages.push({ id: `rt-${transaction.id}`, message: messageOf(transaction, { id, number: ticket.id, platform, text }) })
    /* oxlint-enable no-await-in-loop */
  }
  return { messages, cursor: transactions.at(-1)?.id ?? after, more: transactions.length === page }
}

const tells = ({ type, field, newValue }: RtTransaction): boolean => type === 'Correspond' || (type === 'Status' && field === 'Status' && ['open', 'resolved', 'rejected'].includes(newValue ?? ''))

/** A change of status and what is written with it are two transactions of one moment. */
async function said(transaction: RtTransaction, all: readonly RtTransaction[], rest: RequestTrackerRest, signal: AbortSignal): Promise<string | undefined> {
  const beside = transaction.type === 'Correspond' ? transaction : all.find(({ id, ticket, type, creator }) => ticket === transaction.ticket && creator === transaction.creator && (type === 'Correspond' || type === 'Comment') && Math.abs(id - transaction.id) <= 2)
  return beside && rest.textOf(beside.id, signal)
}

function messageOf({ type, newValue, creator, created }: RtTransaction, of: { readonly id: string; readonly number: number; readonly platform: Platform; readonly text: string | undefined }): object {
  const common = { ticket: { id: of.id }, reference: String(of.number), by: creator, at: created, ...(of.text === undefined || of.text === '' ? {} : { text: of.text.slice(0, 2_000) }) }
  if (type === 'Correspond') return { type: 'ticket.reported', data: { ...common, step: 'in-progress' } }
  if (newValue === 'open') return { type: 'ticket.accepted', data: common }
  if (newValue === 'resolved') return { type: 'ticket.reported', data: { ...common, step: 'resolved' } }
  return { type: 'ticket.returned', data: { ...common, cause: 'other' } }
}
