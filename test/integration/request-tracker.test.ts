import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TicketEndpointConfig } from '../../src/config/schema.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { stopAll } from '../../src/lab/process.ts'
import { addressGuard } from '../../src/tickets/address-guard.ts'
import { type HttpSender, httpSender } from '../../src/tickets/http-sender.ts'
import { RequestTracker } from '../../src/tickets/request-tracker/request-tracker.ts'
import { carryOut, newId, pushOf, register, signal, type SystemRecord, ticketSystemContract } from '../support/ticket-system-contract.ts'
import { type LabRequestTracker, startRequestTracker } from '../support/request-tracker.ts'

const queue = '110 警单'
const fieldsOf = { TandemID: 'id', CallID: 'call', 联系电话: 'callerNumber', 来电人: 'callerName', 事发地址: 'address', 事项类别: 'category', 事项细类: 'item', 紧急程度: 'urgency', 办理方式: 'mode' } as const
let dir = ''
let rt: LabRequestTracker
let sender: HttpSender

beforeAll(async () => {
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  dir = mkdtempSync(join(runtimeDir, 'test/rt-adapter-'))
  rt = await startRequestTracker({ dir })
  sender = httpSender(addressGuard(['127.0.0.0/8']), 20_000)
}, 900_000)
afterAll(async () => {
  await sender.close()
  await stopAll()
  rmSync(dir, { recursive: true })
})

const endpoint = (more: Partial<TicketEndpointConfig> = {}): TicketEndpointConfig => ({ id: 'police-rt', platform: '110', kind: 'request-tracker', url: rt.url, token: rt.token, queue, user: 'tandem', secrets: [], signature: 'hmac-sha256', concurrency: 4, pollMs: 1_000, ...more })
const system = (more: Partial<TicketEndpointConfig> = {}) => new RequestTracker(endpoint(more), sender)

async function read<T>(path: string): Promise<T> {
  return (await rt.asTandem.ask('GET', path)).json as T
}

async function records(id: string): Promise<readonly SystemRecord[]> {
  const { items } = await read<{ items: readonly { id: string }[] }>(`/tickets?${new URLSearchParams({ query: `CF.{TandemID}='${id}'` }).toString()}`)
  return Promise.all(items.map(async (item) => recordOf(Number(item.id))))
}

async function recordOf(number: number): Promise<SystemRecord> {
  const { Status, Subject, CustomFields } = await read<{ Status: string; Subject: string; CustomFields: readonly { name: keyof typeof fieldsOf; values: readonly string[] }[] }>(`/ticket/${number}`)
  const { items } = await read<{ items: readonly { ContentType: string; Content?: string }[] }>(`/ticket/${number}/attachments?fields=Content,ContentType&per_page=100`)
  const notes = items.flatMap(({ ContentType, Content }) => (ContentType.startsWith('text/plain') && Content ? [Content] : []))
  return { number: String(number), phase: Status as SystemRecord['phase'], subject: Subject, fields: Object.fromEntries(CustomFields.map(({ name, values: [value] }) => [fieldsOf[name], value])), notes }
}

/** What people have done since. */
async function happened(asked: RequestTracker, after: number) {
  const { messages, cursor } = await asked.happened(after, signal())
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const { done } of messages) await done?.(true)
  return { messages: messages.map(({ message }) => message), cursor }
}
const now = async () => (await system().happened(undefined, signal())).cursor

describe('Request Tracker', () => {
  ticketSystemContract(() => ({ system: system(), records }))

  it('what people do there is told: opened, replied to, resolved, rejected; what Tandem does is not', async () => {
    const [one, other] = [pushOf(newId()), pushOf(newId())]
    const begin = await now()
    await register(system(), one)
    await register(system(), other)
    const [number, second] = [Number((await records(one.id))[0]?.number), Number((await records(other.id))[0]?.number)]
    await rt.asAgent.act(number, { status: 'open' })
    await rt.asAgent.act(number, { reply: '民警已到场' })
    await rt.asAgent.act(number, { comment: '内部：带好执法记录仪' })
    await rt.asAgent.act(number, { status: 'resolved', reply: '双方已和解' })
    await rt.asAgent.act(second, { status: 'rejected', reply: '不在辖区', comment: '内部：执法记录仪已归还' })
    await carryOut(system(), one, { platform: '110', by: '2001', at: '2026-11-27T06:00:00.000Z', do: 'accept' })
    const about = { ticket: { id: one.id }, reference: String(number), by: 'agent' }
    const asked = system()
    const { messages, cursor } = await happened(asked, begin)
    expect(messages).toMatchObject([
      { type: 'ticket.accepted', data: about },
      { type: 'ticket.reported', data: { ...about, step: 'in-progress', text: '民警已到场' } },
      { type: 'ticket.reported', data: { ...about, step: 'in-progress', text: '双方已和解' } },
      { type: 'ticket.reported', data: { ...about, step: 'resolved', text: '双方已和解' } },
      { type: 'ticket.reported', data: { ticket: { id: other.id }, text: '不在辖区' } },
      { type: 'ticket.accepted', data: { ticket: { id: other.id }, by: 'agent' } },
      { type: 'ticket.returned', data: { ticket: { id: other.id }, cause: 'other', text: '不在辖区' } },
    ])
    expect(JSON.stringify(messages)).not.toContain('执法记录仪')
    expect(await happened(asked, cursor)).toEqual({ messages: [], cursor })
  })

  it('what could not be taken is told again, until it is', async () => {
    const ticket = pushOf(newId())
    const asked = system()
    const { cursor: begin } = await asked.happened(undefined, signal())
    await register(system(), ticket)
    await rt.asAgent.act(Number((await records(ticket.id))[0]?.number), { status: 'open' })
    const [first, again] = [await asked.happened(begin, signal()), await asked.happened(begin, signal())]
    expect(first.messages).toHaveLength(1)
    expect(again.messages.map(({ id }) => id)).toEqual(first.messages.map(({ id }) => id))
    expect((await happened(asked, begin)).messages).toHaveLength(1)
    expect((await happened(asked, begin)).messages).toEqual([])
  })

  it('a number that is another ticket’s is left alone', async () => {
    const [theirs, ours] = [pushOf(newId()), pushOf(newId())]
    const { reference = '' } = await register(system(), theirs)
    await register(system(), { ...ours, references: { '110': reference } })
    expect(await records(theirs.id)).toMatchObject([{ number: reference }])
    expect((await records(ours.id))[0]?.number).not.toBe(reference)
    await register(system(), { ...pushOf(newId()), references: { '110': '999999' } })
  })

  it('a field that it does not have is said, while the ticket is there; and is told once it has it', async () => {
    const ticket = pushOf(newId())
    const fields = { id: 'TandemID', address: '现场地址' }
    await expect(register(system({ fields }), ticket)).rejects.toMatchObject({ verdict: 'retry', code: 'field-lost-现场地址' })
    expect(await records(ticket.id)).toHaveLength(1)
    await register(system({ fields: { ...fields, address: '事发地址' } }), ticket)
    expect(await records(ticket.id)).toMatchObject([{ fields: { address: ticket.intake['address'] } }])
  })

  it('a value that its list lacks is said', async () => {
    const ticket = pushOf(newId())
    await expect(register(system({ fields: { id: 'TandemID', address: '紧急程度' } }), ticket)).rejects.toMatchObject({ code: 'field-lost-紧急程度' })
    expect(await records(ticket.id)).toHaveLength(1)
  })

  it('a queue or a token that it does not know is said', async () => {
    const ticket = pushOf(newId())
    await expect(register(system({ queue: '无此队列' }), ticket)).rejects.toMatchObject({ code: expect.stringMatching(/^http-40\d$/u) })
    await expect(register(system({ token: 'wrong-token-0000' }), ticket)).rejects.toMatchObject({ code: 'http-401' })
  })

  it('says what its settings name that is not there', async () => {
    expect(await system().check(signal())).toEqual([])
    expect(await system({ fields: { id: 'TandemID', address: '现场地址' } }).check(signal())).toMatchObject([{ setting: 'fields/address', reason: expect.stringContaining('现场地址') }])
    expect(await system({ queue: '无此队列' }).check(signal())).toMatchObject([{ setting: 'queue', reason: expect.stringContaining('无此队列') }])
    expect(await system({ token: 'wrong-token-0000' }).check(signal())).toMatchObject([{ setting: 'token' }])
  })

  it('started again in the middle of a push: nothing is lost, nothing doubled', async () => {
    const tickets = Array.from({ length: 6 }, () => pushOf(newId()))
    const going = tickets.map(async (ticket) => register(system(), ticket).catch((error: unknown) => error))
    await rt.restart()
    await Promise.all(going)
    // As the queue does: each again until it is taken.
    await Promise.all(tickets.map(async (ticket) => register(system(), ticket)))
    expect((await Promise.all(tickets.map(({ id }) => records(id)))).map((found) => found.length)).toEqual(tickets.map(() => 1))
  }, 120_000)
})
