/** Several ticket systems at once, as the readers run them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import type { TicketEndpointConfig } from '../../src/config/schema.ts'
import { type JournalFile, openJournal } from '../../src/journal/open-journal.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { type LabRedis, startRedis } from '../../src/lab/redis.ts'
import { ensureRoot } from '../../src/lab/root.ts'
import { Deliveries } from '../../src/tickets/deliveries.ts'
import { startTickets, type Tickets } from '../../src/tickets/tickets.ts'
import { handoverFact } from '../support/journal-facts.ts'
import { type Receiver, webhookReceiver } from '../support/webhook-receiver.ts'
import { startZnunyDouble, type ZnunyDouble } from '../support/znuny-double.ts'

const log: string[] = []
const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) })
let redis: LabRedis
let dir: string
let journal: JournalFile
let receiver: Receiver
let znuny: ZnunyDouble
let tickets: Tickets | undefined
/** What people did in ticket systems. */
const heard: { readonly endpoint: string; readonly message: object }[] = []

beforeAll(async () => {
  await ensureRoot(() => {})
  redis = await startRedis({ dir: join(runtimeDir, 'test', 'ticket-systems-redis') })
})
afterAll(() => redis.stop())
beforeEach(async () => {
  log.length = 0
  heard.length = 0
  dir = mkdtempSync(join(tmpdir(), 'ticket-systems-'))
  journal = await openJournal({ path: join(dir, 'journal.sqlite') })
  receiver = await webhookReceiver()
  znuny = await startZnunyDouble({ tandem: 'tandem-password', agent: 'agent-password' })
})
afterEach(async () => {
  await tickets?.close()
  tickets = undefined
  await journal.close()
  await receiver.close()
  await znuny.close()
  rmSync(dir, { recursive: true })
})

const common = { platform: '110', user: 'tandem', signature: 'hmac-sha256', pollMs: 200 } as const
const webhook = (): TicketEndpointConfig => ({ ...common, id: 'webhook', kind: 'webhook', url: receiver.url, secrets: [`whsec_${Buffer.alloc(32, 7).toString('base64')}`], concurrency: 16 })
const slow = (more: Partial<TicketEndpointConfig> = {}): TicketEndpointConfig => ({ ...common, id: 'znuny', kind: 'znuny', url: znuny.url, token: 'tandem-password', queue: '110 警单', secrets: [], concurrency: 1, ...more })

async function start(...endpoints: readonly TicketEndpointConfig[]): Promise<Tickets> {
  const circuit = { failures: 1_000, pauseMs: 100, longestPauseMs: 100 }
  tickets = await startTickets({
    config: { instance: `systems-${process.pid}-${Date.now()}`, http: {}, recording: { linkHours: 72 }, redis: { url: redis.url, prefix: 'test' }, tickets: { endpoints: [...endpoints], allowNetworks: ['127.0.0.0/8'], timeoutMs: 10_000, retryMs: [100, 200, 400], circuit } },
    journal,
    logger,
    checkMs: 100,
    heard: async (endpoint, _id, message) => {
      heard.push({ endpoint, message })
      return true
    },
  })
  return tickets
}

const until = { timeout: 30_000, interval: 20 }
const faultsOf = (running: Tickets, endpoint: string) => running.health().endpoints.find(({ id }) => id === endpoint)?.faults

it('a system that makes three tickets a second delays no other system’s deliveries', async () => {
  znuny.delayMs = 80
  await start(slow(), webhook())
  const deliveries = new Deliveries(journal.tables, () => {})
  const ids = Array.from({ length: 30 }, (_, n) => `ho-slow-${n}`)
  const begin = performance.now()
  for (const id of ids) void journal.append([handoverFact(id, 'handover-requested', 1)])
  await vi.waitFor(() => expect(receiver.received).toHaveLength(ids.length), until)
  const ms = performance.now() - begin
  const outcomes = await Promise.all(ids.map(async (id) => (await deliveries.deliveriesOf(id)).find(({ endpoint }) => endpoint === 'znuny')?.state))
  // While the slow one still has nearly all before it.
  expect(outcomes.filter((state) => state === 'pending').length).toBeGreaterThan(20)
  expect(ms).toBeLessThan(5_000)
  await vi.waitFor(async () => expect((await deliveries.list({ state: 'delivered', endpoint: 'znuny' }, 100)).length).toBe(ids.length), until)
  expect(performance.now() - begin).toBeGreaterThan(2 * ms)
}, 60_000)

it('tells at error, and in its health, what a system’s settings name and it has not; tickets are told all the same', async () => {
  const running = await start(slow({ fields: { id: 'TandemID', address: 'Nowhere' } }), webhook())
  await vi.waitFor(() => expect(faultsOf(running, 'znuny')).toEqual([{ setting: 'fields/address', reason: 'there is no dynamic field Nowhere' }]), until)
  const told = log.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ level }) => level === 50)
  expect(told).toMatchObject([{ endpoint: 'znuny', setting: 'fields/address', reason: 'there is no dynamic field Nowhere' }])
  expect(faultsOf(running, 'webhook')).toBeUndefined()
  void journal.append([handoverFact('ho-1', 'handover-requested', 1)])
  await vi.waitFor(() => expect(receiver.received).toHaveLength(1), until)
})

it('a system that is away is asked again for what its settings name', async () => {
  znuny.away = true
  const running = await start(slow({ queue: '无此队列' }))
  await vi.waitFor(() => expect(log.join('')).toContain('could not be asked for what its settings name'), until)
  expect(faultsOf(running, 'znuny')).toBeUndefined()
  znuny.away = false
  await vi.waitFor(() => expect(faultsOf(running, 'znuny')).toMatchObject([{ setting: 'queue' }]), until)
})

it('tells what people did in a system that says nothing by itself, once', async () => {
  await start(slow(), webhook())
  void journal.append([handoverFact('ho-2', 'handover-requested', 1)])
  await vi.waitFor(async () => expect((await new Deliveries(journal.tables, () => {}).list({ state: 'delivered', endpoint: 'znuny' }, 10)).length).toBe(1), until)
  const acts = { UserLogin: 'agent', Password: 'agent-password', TicketID: 1 }
  await fetch(`${znuny.url}/TicketUpdate`, { method: 'POST', body: JSON.stringify({ ...acts, Ticket: { State: 'open' } }) })
  await vi.waitFor(() => expect(heard).toMatchObject([{ endpoint: 'znuny', message: { type: 'ticket.accepted', data: { ticket: { id: 'ho-2' } } } }]), until)
  await fetch(`${znuny.url}/TicketUpdate`, { method: 'POST', body: JSON.stringify({ ...acts, Article: { Subject: '回复', Body: '已修复', IsVisibleForCustomer: 1 } }) })
  await vi.waitFor(() => expect(heard.slice(1)).toMatchObject([{ message: { type: 'ticket.reported', data: { step: 'in-progress', text: '已修复' } } }]), until)
})
