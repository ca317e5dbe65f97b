import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TicketEndpointConfig } from '../../src/config/schema.ts'
import { addressGuard } from '../../src/tickets/address-guard.ts'
import { type HttpSender, httpSender } from '../../src/tickets/http-sender.ts'
import { Znuny } from '../../src/tickets/znuny/znuny.ts'
import { carryOut, newId, pushOf, register, signal, type SystemRecord, ticketSystemContract } from '../support/ticket-system-contract.ts'
import { type GivenZnuny, givenZnuny } from '../support/znuny.ts'

const queue = '110 警单'
const fieldsOf: Readonly<Record<string, string>> = { TandemID: 'id', TandemCall: 'call', TandemMode: 'mode', TandemUrgency: 'urgency', TandemCategory: 'category', TandemItem: 'item', TandemCaller: 'callerNumber', TandemCallerName: 'callerName', TandemAddress: 'address' }
const phaseOf: Readonly<Record<string, SystemRecord['phase']>> = { new: 'new', open: 'open', 'closed successful': 'resolved', 'closed unsuccessful': 'rejected' }
let znuny: GivenZnuny
let sender: HttpSender

beforeAll(async () => {
  znuny = await givenZnuny()
  sender = httpSender(addressGuard(['127.0.0.0/8']), 30_000)
})
afterAll(async () => {
  await sender.close()
  await znuny.close()
})

const endpoint = (more: Partial<TicketEndpointConfig> = {}): TicketEndpointConfig => ({ id: 'police-znuny', platform: '110', kind: 'znuny', url: znuny.url, token: znuny.password, queue, user: 'tandem', secrets: [], signature: 'hmac-sha256', concurrency: 4, pollMs: 1_000, ...more })
const system = (more: Partial<TicketEndpointConfig> = {}) => new Znuny(endpoint(more), sender)

interface Ticket {
  readonly TicketID: number
  readonly TicketNumber: string
  readonly Title: string
  readonly State: string
  readonly DynamicField: readonly { readonly Name: string; readonly Value: string | null }[]
  readonly Article: readonly { readonly Body: string }[]
}

async function ticketsOf(id: string): Promise<readonly Ticket[]> {
  const { TicketID = [] } = (await znuny.ask('TicketSearch', { DynamicField_TandemID: { Equals: id } })) as { TicketID?: string[] }
  if (TicketID.length === 0) return []
  const { Ticket } = (await znuny.ask('TicketGet', { TicketID: TicketID.join(','), DynamicFields: 1, AllArticles: 1 })) as unknown as { Ticket: readonly Ticket[] }
  return Ticket
}

async function records(id: string): Promise<readonly SystemRecord[]> {
  return (await ticketsOf(id)).map(({ TicketNumber, Title, State, DynamicField, Article }) => ({
    number: TicketNumber,
    phase: phaseOf[State],
    subject: Title,
    fields: Object.fromEntries(DynamicField.flatMap(({ Name, Value }) => (fieldsOf[Name] && Value !== null ? [[fieldsOf[Name], Value]] : []))),
    notes: Article.map(({ Body }) => Body),
  }))
}

const all = async () => ((await znuny.ask('TicketSearch', { Queues: [queue], Limit: 10_000 })) as { TicketID?: string[] }).TicketID?.length

/** One turn of a person there. */
async function act(id: string, { state, reply, comment }: { readonly state?: string; readonly reply?: string; readonly comment?: string }): Promise<void> {
  const [ticket] = await ticketsOf(id)
  const words = reply ?? comment
  const Article = words === undefined ? {} : { Article: { Subject: '回复', Body: words, ContentType: 'text/plain; charset=utf8', IsVisibleForCustomer: reply === undefined ? 0 : 1 } }
  await znuny.ask('TicketUpdate', { TicketID: ticket?.TicketID, ...(state === undefined ? {} : { Ticket: { State: state } }), ...Article }, 'agent')
}

async function happened(asked: Znuny, after: number) {
  const { messages, cursor } = await asked.happened(after, signal())
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const { done } of messages) await done?.(true)
  return { messages: messages.map(({ message }) => message as { type: string; data: { ticket: { id: string }; by: string; at: string } }), cursor }
}

describe('Znuny', () => {
  ticketSystemContract(() => ({ system: system(), records }))

  it('what people do there is told, with its time, whatever clock Znuny has: opened, replied to, closed; what Tandem does, and what is for the staff, is not', async () => {
    const [one, other] = [pushOf(newId()), pushOf(newId())]
    const asked = system()
    const { cursor: begin } = await asked.happened(undefined, signal())
    await register(system(), one)
    await register(system(), other)
    const { reference } = await register(system(), one)
    await act(one.id, { state: 'open' })
    const ours = (message: { data: { ticket: { id: string } } }) => [one.id, other.id].includes(message.data.ticket.id)
    const first = await happened(asked, begin)
    const [opened, ...more] = first.messages.filter(ours)
    expect(more).toEqual([])
    expect(opened).toMatchObject({ type: 'ticket.accepted', data: { ticket: { id: one.id }, reference } })
    expect(Math.abs(Date.parse(opened?.data.at ?? '') - Date.now())).toBeLessThan(60_000)
    await act(one.id, { comment: '内部：带好执法记录仪' })
    await act(one.id, { state: 'closed successful', reply: '双方已和解' })
    await act(other.id, { state: 'closed unsuccessful', reply: '不在辖区' })
    await carryOut(system(), one, { platform: '110', by: '2001', at: '2026-11-27T06:00:00.000Z', do: 'accept' })
    const { messages, cursor } = await happened(asked, first.cursor)
    const told = messages.filter(ours)
    expect(told.filter(({ data }) => data.ticket.id === one.id)).toMatchObject([
      { type: 'ticket.reported', data: { step: 'in-progress', text: '双方已和解' } },
      { type: 'ticket.reported', data: { step: 'resolved', text: '双方已和解' } },
    ])
    expect(told.filter(({ data }) => data.ticket.id === other.id)).toMatchObject([
      { type: 'ticket.reported', data: { text: '不在辖区' } },
      { type: 'ticket.returned', data: { cause: 'other', text: '不在辖区' } },
    ])
    expect(JSON.stringify(messages)).not.toContain('执法记录仪')
    expect((await happened(asked, cursor)).messages.filter(ours)).toEqual([])
  })

  it('what could not be taken is told again, under the same ids, until it is', async () => {
    const ticket = pushOf(newId())
    const asked = system()
    const { cursor: begin } = await asked.happened(undefined, signal())
    await register(system(), ticket)
    await act(ticket.id, { state: 'open' })
    const [first, again, other] = [await asked.happened(begin, signal()), await asked.happened(begin, signal()), await system().happened(begin, signal())]
    const idsOf = ({ messages }: typeof first) => messages.flatMap(({ id, message }) => (JSON.stringify(message).includes(ticket.id) ? [id] : []))
    expect(idsOf(first)).toHaveLength(1)
    expect([idsOf(again), idsOf(other)]).toEqual([idsOf(first), idsOf(first)])
  })

  it('a number that is another ticket’s is left alone', async () => {
    const [theirs, ours] = [pushOf(newId()), pushOf(newId())]
    const { reference = '' } = await register(system(), theirs)
    await register(system(), { ...ours, references: { '110': reference } })
    expect(await records(theirs.id)).toMatchObject([{ number: reference }])
    expect((await records(ours.id))[0]?.number).not.toBe(reference)
    await register(system(), { ...pushOf(newId()), references: { '110': '999999' } })
  })

  it.each([
    { what: 'a field', more: { fields: { id: 'TandemID', address: 'NoSuchField' } }, code: 'TicketCreate.InvalidParameter', said: 'DynamicField->Name' },
    { what: 'a value', more: { fields: { id: 'TandemID', address: 'TandemUrgency' } }, code: 'TicketCreate.InvalidParameter', said: 'DynamicField->Value' },
    { what: 'a queue', more: { queue: '无此队列' }, code: 'TicketCreate.InvalidParameter', said: 'Queue' },
    { what: 'a password', more: { token: 'wrong-password-0000' }, code: 'TicketSearch.AuthFail', said: '' },
  ])('$what that it refuses inside a 200 is an error, with what it said, and is tried again', async ({ more, code, said }) => {
    await expect(register(system(more), pushOf(newId()))).rejects.toMatchObject({ verdict: 'retry', code, answer: expect.stringContaining(said) })
  })

  it('finds nothing amiss where all is there, and makes no ticket to find that out', async () => {
    const before = await all()
    expect(await system().check(signal())).toEqual([])
    expect(await all()).toBe(before)
  })

  it.each([
    { more: { token: 'wrong-password-0000' }, faults: [{ setting: 'token' }] },
    { more: { queue: '无此队列' }, faults: [{ setting: 'queue', reason: 'there is no such queue' }] },
    { more: { states: { open: '无此状态', rejected: '退回' } }, faults: [{ setting: 'states/open', reason: 'there is no state 无此状态' }, { setting: 'states/rejected' }] },
    { more: { fields: { id: 'TandemID', address: 'Nowhere', call: 'TandemCall', item: 'NoItem' } }, faults: [{ setting: 'fields/address', reason: 'there is no dynamic field Nowhere' }, { setting: 'fields/item' }] },
  ])('says what its settings name that is not there: $faults', async ({ more, faults }) => {
    expect(await system(more).check(signal())).toMatchObject(faults)
  })
})
