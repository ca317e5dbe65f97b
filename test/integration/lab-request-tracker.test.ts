import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runtimeDir } from '../../src/lab/paths.ts'
import { stopAll } from '../../src/lab/process.ts'
import { verifyWebhook } from '../../src/tickets/signature.ts'
import { type LabRequestTracker, startRequestTracker } from '../support/request-tracker.ts'
import { type Receiver, webhookReceiver } from '../support/webhook-receiver.ts'

const secret = `whsec_${Buffer.from('between RT and Tandem').toString('base64')}`
let dir = ''
let nudges: Receiver
let rt: LabRequestTracker
beforeAll(async () => {
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  dir = mkdtempSync(join(runtimeDir, 'test/request-tracker-'))
  nudges = await webhookReceiver()
  rt = await startRequestTracker({ dir, tandem: { url: { '12345 工单': nudges.url, '110 警单': `${nudges.url}/110` }, secret } })
}, 900_000)
afterAll(async () => {
  await stopAll()
  await nudges.close()
  rmSync(dir, { recursive: true })
})

const fields = { TandemID: 'ho-x', CallID: 'call-1', 联系电话: '13800000000', 来电人: '张三', 事发地址: '望京街 9 号', 事项类别: '噪音', 事项细类: '施工', 紧急程度: 'at-once', 办理方式: 'push' }

async function create(Queue: string, CustomFields: Readonly<Record<string, string>>): Promise<number> {
  const { status, json } = await rt.asTandem.ask('POST', '/ticket', { Queue, Subject: '夜间施工', Content: '来电内容', CustomFields })
  expect(status).toBe(201)
  return Number((json as { id: string }).id)
}

async function read(ticket: number): Promise<{ readonly status: string; readonly fields: Readonly<Record<string, string | undefined>> }> {
  const { json } = await rt.asTandem.ask('GET', `/ticket/${ticket}`)
  const { Status, CustomFields } = json as { Status: string; CustomFields: { name: string; values: string[] }[] }
  return { status: Status, fields: Object.fromEntries(CustomFields.map(({ name, values }) => [name, values[0]])) }
}

async function find(query: string): Promise<readonly number[]> {
  const { json } = await rt.asTandem.ask('GET', `/tickets?query=${encodeURIComponent(query)}`)
  return (json as { items: { id: string }[] }).items.map(({ id }) => Number(id))
}

const told = (): unknown[] => nudges.received.map(({ raw }) => (JSON.parse(raw.toString()) as { data: unknown }).data)

test('a ticket is as it was made, and found by its id', async () => {
  const ticket = await create('12345 工单', fields)
  expect(await read(ticket)).toEqual({ status: 'new', fields })
  expect(await find("CF.{TandemID}='ho-x'")).toEqual([ticket])
  expect(await find("Queue='110 警单' AND CF.{TandemID}='ho-x'")).toEqual([])
})

test('tandem has its two queues and no other', async () => {
  expect(await rt.asTandem.ask('POST', '/ticket', { Queue: 'General', Subject: 'x' })).toMatchObject({ status: 403 })
  expect(await rt.asTandem.ask('GET', '/queue/General')).toMatchObject({ status: 403 })
  expect(await rt.asTandem.ask('GET', '/queues/all?fields=Name')).toMatchObject({ json: { count: 2 } })
  const ticket = await create('110 警单', { TandemID: 'ho-rights' })
  expect(await rt.asTandem.ask('PUT', `/ticket/${ticket}`, { Status: 'deleted' })).toMatchObject({ status: 200, json: [`Ticket ${ticket}: Permission Denied`] })
})

test('a nudge for what people do, signed, and none for what tandem does', async () => {
  const ticket = await create('12345 工单', { TandemID: 'ho-nudge' })
  await rt.asTandem.ask('POST', `/ticket/${ticket}/comment`, { Content: '已接通', ContentType: 'text/plain' })
  expect(nudges.received).toEqual([])
  await rt.asAgent.act(ticket, { status: 'open' })
  await rt.asAgent.act(ticket, { comment: '派单', reply: '已解决 <b>', status: 'resolved' })
  expect(await read(ticket)).toMatchObject({ status: 'resolved' })
  await expect(rt.asAgent.act(ticket, { status: 'no such' })).rejects.toThrow("'no such' isn't a valid status")
  expect(told()).toEqual([1, 2, 3, 4].map(() => ({ ticket, transaction: expect.any(Number), by: 'agent' })))
  const [{ headers, raw } = { headers: {}, raw: Buffer.of() }] = nudges.received
  const { transaction } = told()[0] as { transaction: number }
  expect(verifyWebhook(headers, raw, [secret], Date.now())).toMatchObject({ ok: true, id: `rt-${transaction}` })
  expect(headers).toMatchObject({ 'content-type': 'application/json' })
  expect(await rt.asTandem.ask('GET', `/transaction/${transaction}`)).toMatchObject({ json: { Type: 'Status', OldValue: 'new', NewValue: 'open', Object: { id: String(ticket) } } })
})

test('what it had is there after a restart; a receiver that does not answer stops no one', async () => {
  const ticket = await create('110 警单', { TandemID: 'ho-stay' })
  await rt.restart()
  expect(await find("CF.{TandemID}='ho-stay'")).toEqual([ticket])
  nudges.received.length = 0
  nudges.answer = () => undefined
  await rt.asAgent.act(ticket, { status: 'rejected' })
  expect(told()).toMatchObject([{ ticket, by: 'agent' }])
  expect(await read(ticket)).toMatchObject({ status: 'rejected' })
})
