/** How Request Tracker's REST 2 may answer a question for what has happened, and what becomes of it. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { addressGuard } from '../../src/tickets/address-guard.ts'
import { httpSender } from '../../src/tickets/http-sender.ts'
import { RequestTracker } from '../../src/tickets/request-tracker/request-tracker.ts'
import { signal } from '../support/ticket-system-contract.ts'

interface Transaction {
  readonly id: number
  readonly ticket: number
  readonly status: string
  /** RT leaves it out of its page. */
  readonly hidden?: true
  /** Characters that come with it. */
  readonly length?: number
}

let transactions: readonly Transaction[] = []
/** Status by ticket, where it is not to be had. */
let withheld: ReadonlyMap<number, number> = new Map()
let server: Server
let asked: RequestTracker
const sender = httpSender(addressGuard(['127.0.0.0/8']), 5_000)

beforeEach(async () => {
  withheld = new Map()
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://rt')
    const [, ticket] = /^\/REST\/2\.0\/ticket\/(\d+)/u.exec(url.pathname) ?? []
    const status = withheld.get(Number(ticket)) ?? 200
    const answer = ticket === undefined ? page(url.searchParams) : { id: Number(ticket), Status: 'open', Queue: { Name: '110 警单' }, CustomFields: [{ name: 'TandemID', values: [`ho-${ticket}`] }] }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  asked = new RequestTracker({ id: 'rt', platform: '110', kind: 'request-tracker', url, token: 'rt-token-00', queue: '110 警单', user: 'tandem', secrets: [], signature: 'hmac-sha256', concurrency: 4, pollMs: 1_000 }, sender)
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function page(asks: URLSearchParams): object {
  const after = Number(/id > (\d+)/u.exec(asks.get('query') ?? '')?.[1])
  const [most, number] = [Number(asks.get('per_page')), Number(asks.get('page') ?? 1)]
  const found = transactions.filter(({ id }) => id > after)
  const items = found.slice((number - 1) * most, number * most).filter(({ hidden }) => !hidden)
  const shown = items.map(({ id, ticket, status, length = 0 }) => ({ id, ObjectId: ticket, Type: 'Status', Field: 'Status', NewValue: status, Creator: { id: 'agent' }, Created: '2026-11-27T06:00:00Z', more: 'x'.repeat(length) }))
  return { items: shown, ...(found.length > number * most ? { next_page: 'http://rt/…' } : {}) }
}

/** As the poller asks: until there is no more. */
async function all(after: number) {
  const told: unknown[] = []
  const passedOver: string[] = []
  for (let [cursor, more, asks] = [after, true, 0]; more; asks++) {
    expect(asks).toBeLessThan(200)
    // oxlint-disable-next-line no-await-in-loop -- one page after the other
    const happened = await asked.happened(cursor, signal())
    for (const { id, done } of happened.messages) {
      told.push(id)
      // oxlint-disable-next-line no-await-in-loop -- as above
      await done?.(true)
    }
    passedOver.push(...(happened.passedOver ?? []))
    ;({ cursor, more } = happened)
  }
  return { told, passedOver }
}

const opened = (count: number, more: Partial<Transaction> = {}): readonly Transaction[] => Array.from({ length: count }, (_, n) => ({ id: 100 + n, ticket: n + 1, status: 'open', ...more }))

it('reads all where a page is longer than is read of one answer', async () => {
  transactions = opened(150, { length: 60_000 })
  expect((await all(50)).told).toEqual(transactions.map(({ id }) => `transaction-${id}`))
})

it.each([403, 404])('passes over what belongs to a ticket that is answered with %d, says so, and reads on', async (status) => {
  transactions = opened(3)
  withheld = new Map([[2, status]])
  expect(await all(50)).toEqual({ told: ['transaction-100', 'transaction-102'], passedOver: ['transaction 101 of ticket 2'] })
  expect(await all(50)).toEqual({ told: [], passedOver: [] })
})

it('waits for one that is answered with 500: it may come back', async () => {
  transactions = opened(3)
  withheld = new Map([[2, 500]])
  await expect(asked.happened(50, signal())).rejects.toMatchObject({ code: 'http-500' })
  withheld = new Map()
  expect((await all(50)).told).toHaveLength(3)
})

it('reads on after pages of which it may see nothing', async () => {
  transactions = [...opened(250, { hidden: true }), { id: 400, ticket: 1, status: 'resolved' }]
  expect((await all(50)).told).toEqual(['transaction-400'])
  transactions = opened(250, { hidden: true })
  expect((await all(50)).told).toEqual([])
})
