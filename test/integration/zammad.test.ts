import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TicketEndpointConfig } from '../../src/config/schema.ts'
import { addressGuard } from '../../src/tickets/address-guard.ts'
import { type HttpSender, httpSender } from '../../src/tickets/http-sender.ts'
import { Zammad } from '../../src/tickets/zammad/zammad.ts'
import { carryOut, newId, pushOf, register, signal, type SystemRecord, ticketSystemContract } from '../support/ticket-system-contract.ts'
import { type GivenZammad, givenZammad } from '../support/zammad.ts'
import { startZammadDouble } from '../support/zammad-double.ts'

const queue = '110 警单'
const fieldsOf: Readonly<Record<string, string>> = { tandem_ticket: 'id', tandem_call: 'call', tandem_mode: 'mode', tandem_urgency: 'urgency', tandem_category: 'category', tandem_item: 'item', tandem_caller: 'callerNumber', tandem_caller_name: 'callerName', tandem_address: 'address' }
const phaseOf: Readonly<Record<string, SystemRecord['phase']>> = { new: 'new', open: 'open', closed: 'resolved', rejected: 'rejected' }
let zammad: GivenZammad
let sender: HttpSender

beforeAll(async () => {
  zammad = await givenZammad()
  sender = httpSender(addressGuard(['127.0.0.0/8']), 30_000)
})
afterAll(async () => {
  await sender.close()
  await zammad.close()
})

const endpoint = (more: Partial<TicketEndpointConfig> = {}): TicketEndpointConfig => ({ id: 'police-zammad', platform: '110', kind: 'zammad', url: zammad.url, token: zammad.token, queue, user: 'tandem', secrets: [], signature: 'hmac-sha256', concurrency: 4, pollMs: 1_000, ...more })
const system = (more: Partial<TicketEndpointConfig> = {}) => new Zammad(endpoint(more), sender)

type Ticket = Readonly<Record<string, unknown>> & { readonly id: number }

const ticketsOf = async (id: string): Promise<readonly Ticket[]> =>
  (await zammad.ask('POST', '/tickets/search', { condition: { 'ticket.tandem_ticket': { operator: 'is', value: id } }, sort_by: 'id', order_by: 'asc', limit: 50, per_page: 50, expand: true })) as readonly Ticket[]

async function records(id: string): Promise<readonly SystemRecord[]> {
  return Promise.all(
    (await ticketsOf(id)).map(async (ticket) => ({
      number: String(ticket['number']),
      phase: phaseOf[String(ticket['state'])],
      subject: String(ticket['title']),
      fields: Object.fromEntries(Object.entries(fieldsOf).flatMap(([field, name]) => (typeof ticket[field] === 'string' && ticket[field] !== '' ? [[name, ticket[field]]] : []))),
      notes: ((await zammad.ask('GET', `/ticket_articles/by_ticket/${ticket.id}`)) as readonly { readonly body: string }[]).map(({ body }) => body),
    })),
  )
}

/** One turn of a person there. */
async function act(id: string, { state, reply, comment }: { readonly state?: string; readonly reply?: string; readonly comment?: string }): Promise<void> {
  const [ticket] = await ticketsOf(id)
  const words = reply ?? comment
  const article = words === undefined ? {} : { article: { body: `<p>${words}</p>`, content_type: 'text/html', type: 'note', internal: reply === undefined } }
  await zammad.ask('PUT', `/tickets/${ticket?.id}`, { ...(state === undefined ? {} : { state }), ...article }, 'agent')
}

async function happened(asked: Zammad, after: number) {
  const { messages, cursor } = await asked.happened(after, signal())
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const { done } of messages) await done?.(true)
  return { messages: messages.map(({ message }) => message as { type: string; data: { ticket: { id: string } } }), cursor }
}

describe('Zammad', () => {
  ticketSystemContract(() => ({ system: system(), records }))

  it('what people do there is told: opened, replied to, closed, rejected; what Tandem does, and what is internal, is not', async () => {
    const [one, other] = [pushOf(newId()), pushOf(newId())]
    const asked = system()
    const { cursor: begin } = await asked.happened(undefined, signal())
    const { reference } = await register(system(), one)
    await register(system(), other)
    await act(one.id, { state: 'open' })
    await act(one.id, { comment: '内部：带好执法记录仪' })
    await act(one.id, { state: 'closed', reply: '双方已和解' })
    await act(other.id, { state: 'rejected', reply: '不在辖区' })
    await carryOut(system(), one, { platform: '110', by: '2001', at: '2026-11-27T06:00:00.000Z', do: 'accept' })
    const ours = (message: { data: { ticket: { id: string } } }) => [one.id, other.id].includes(message.data.ticket.id)
    const { messages, cursor } = await happened(asked, begin)
    const told = messages.filter(ours)
    expect(told.filter(({ data }) => data.ticket.id === one.id)).toMatchObject([
      { type: 'ticket.accepted', data: { reference, by: expect.stringMatching(/./u) } },
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
    const idsOf = async (from: Zammad) => (await from.happened(begin, signal())).messages.flatMap(({ id, message }) => (JSON.stringify(message).includes(ticket.id) ? [id] : []))
    const first = await idsOf(asked)
    expect(first).toHaveLength(1)
    expect([await idsOf(asked), await idsOf(system())]).toEqual([first, first])
  })

  it('a number that is another ticket’s is left alone', async () => {
    const [theirs, ours] = [pushOf(newId()), pushOf(newId())]
    const { reference = '' } = await register(system(), theirs)
    await register(system(), { ...ours, references: { '110': reference } })
    expect(await records(theirs.id)).toMatchObject([{ number: reference }])
    expect((await records(ours.id))[0]?.number).not.toBe(reference)
    await register(system(), { ...pushOf(newId()), references: { '110': '999999' } })
  })

  it('an attribute that it does not have is said, while the ticket is there', async () => {
    const ticket = pushOf(newId())
    await expect(register(system({ fields: { id: 'tandem_ticket', address: 'nowhere' } }), ticket)).rejects.toMatchObject({ verdict: 'retry', code: 'field-lost-nowhere' })
    expect(await records(ticket.id)).toHaveLength(1)
  })

  it('a group, a state or a token that it does not know is said', async () => {
    const ticket = pushOf(newId())
    await expect(register(system({ queue: '无此组' }), ticket)).rejects.toMatchObject({ code: 'http-422' })
    await expect(register(system({ states: { new: '无此状态' } }), ticket)).rejects.toMatchObject({ code: 'http-422' })
    await expect(register(system({ token: 'wrong-token-0000' }), ticket)).rejects.toMatchObject({ code: 'http-401' })
  })

  it.each([
    { more: {}, faults: [] },
    { more: { token: 'wrong-token-0000' }, faults: [{ setting: 'token' }] },
    { more: { queue: '无此组' }, faults: [{ setting: 'queue', reason: 'there is no group 无此组' }] },
    { more: { states: { open: '无此状态' } }, faults: [{ setting: 'states/open', reason: 'there is no state 无此状态' }] },
    { more: { fields: { id: 'tandem_ticket', address: 'nowhere' } }, faults: [{ setting: 'fields/address', reason: 'tickets have no attribute nowhere' }] },
  ])('says what its settings name that is not there: $faults', async ({ more, faults }) => {
    // Whoever is no administrator sees what attributes a ticket has, once there is one.
    await register(system(), pushOf(newId()))
    const found = await system(more).check(signal())
    expect(found).toHaveLength(faults.length)
    expect(found).toMatchObject(faults)
  })

  it('says which attributes are not there where it may ask for them, before there is a ticket', async () => {
    const double = await startZammadDouble({ tandem: 'tandem-token-0000' }, ['tandem'])
    const faults = await system({ url: double.url, token: 'tandem-token-0000', fields: { id: 'tandem_ticket', item: 'nothing' } }).check(signal())
    await double.close()
    expect(faults).toEqual([{ setting: 'fields/item', reason: 'tickets have no attribute nothing' }])
  })
})
