import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/schema.ts'
import type { HandoverFactType } from '../../src/domain/facts.ts'
import { type JournalFile, openJournal } from '../../src/journal/open-journal.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { type LabRedis, startRedis } from '../../src/lab/redis.ts'
import { ensureRoot } from '../../src/lab/root.ts'
import { Deliveries } from '../../src/tickets/deliveries.ts'
import { verifyWebhook, type WebhookScheme, webhookSchemes } from '../../src/tickets/signature.ts'
import { startTickets, type Tickets } from '../../src/tickets/tickets.ts'
import { handoverFact } from '../support/journal-facts.ts'
import { type Received, type Receiver, webhookReceiver } from '../support/webhook-receiver.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const steps = ['requested', 'ringing', 'answered', 'completed'] as const
const log: string[] = []
const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) })
let dir: string
let redis: LabRedis
let admin: Redis
let receiver: Receiver
let journal: JournalFile
let tickets: Tickets | undefined

beforeAll(async () => {
  await ensureRoot(() => {})
  redis = await startRedis({ dir: join(runtimeDir, 'test', 'tickets-redis') })
  admin = new Redis(redis.url, { maxRetriesPerRequest: null })
  admin.on('error', () => {
    // Redis is stopped on purpose here.
  })
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})

beforeEach(async () => {
  await redis.start()
  await admin.flushall()
  log.length = 0
  dir = mkdtempSync(join(tmpdir(), 'tickets-'))
  receiver = await webhookReceiver()
  journal = await openJournal({ path: join(dir, 'journal.sqlite') })
})
afterEach(async () => {
  await tickets?.close()
  tickets = undefined
  await journal.close()
  await receiver.close()
  rmSync(dir, { recursive: true })
})

const endpointAt = (url: string, id = 'desk110') => ({ id, platform: '110' as const, kind: 'webhook' as const, pollMs: 10_000, user: 'tandem', url, secrets: [secret], signature: 'hmac-sha256' as WebhookScheme, concurrency: 16 })
/** Never in the way. */
const circuit = { failures: 1_000, pauseMs: 100, longestPauseMs: 100 }

async function start(settings: Partial<Config['tickets']> = {}): Promise<Tickets> {
  const defaults = { endpoints: [endpointAt(receiver.url)], allowNetworks: ['127.0.0.0/8'], timeoutMs: 2_000, retryMs: [100, 200, 400], circuit }
  tickets = await startTickets({
    config: { instance: 'test', http: {}, recording: { linkHours: 72 }, redis: { url: redis.url, prefix: 'test' }, tickets: { ...defaults, ...settings } },
    journal,
    logger,
    sweepMs: 300,
  })
  return tickets
}

/** As the service has them, beside the process that tells them. */
const deliveries = () => new Deliveries(journal.tables, () => tickets?.sweep())
const press = async (handover: string, only: readonly (typeof steps)[number][] = steps) => {
  for (const step of only) {
    const type: HandoverFactType = `handover-${step}`
    await journal.append([handoverFact(handover, type, steps.indexOf(step) + 1)])
  }
}
const takenBy = ({ headers, raw }: Received, known: string) => verifyWebhook(headers, raw, [known], Date.now()).ok
const heardOf = (handover: string) =>
  receiver.received.filter(({ payload }) => payload.data.handover.id === handover).map(({ payload }) => payload.data.sequence)
const states = async (handover: string) => (await deliveriesOf(handover)).map(({ state }) => state)
const deliveriesOf = (handover: string) => deliveries().deliveriesOf(handover)
const redisUp = () => tickets?.health().redis

describe('tickets', () => {
  it('are told in order, signed, soon after the key', async () => {
    await start()
    await expect.poll(redisUp).toBe('up')
    await press('h1')
    await expect.poll(() => states('h1')).toEqual(Array(4).fill('delivered'))
    expect(heardOf('h1')).toEqual([1, 2, 3, 4])
    for (const { headers, raw } of receiver.received) expect(verifyWebhook(headers, raw, [secret], Date.now()).ok).toBe(true)
    expect(tickets?.health()).toMatchObject({ redis: 'up', pending: 0, dead: 0 })
    expect((await deliveriesOf('h1'))[0]).toMatchObject({ endpoint: 'desk110', attempts: 1, lastOutcome: 'http-204' })
    expect(log.filter((line) => line.includes('"delivery attempt"'))).toHaveLength(4)
    expect(log.join('')).not.toContain('13800000000')
  })

  it('are signed by HMAC-SM3 where the endpoint is configured so', async () => {
    await start({ endpoints: [{ ...endpointAt(receiver.url), signature: 'hmac-sm3' }] })
    await press('h1', ['requested'])
    await expect.poll(() => states('h1')).toEqual(['delivered'])
    const { headers = {}, raw = Buffer.of() }: Partial<Received> = receiver.received[0] ?? {}
    expect(verifyWebhook(headers, raw, [secret], Date.now())).toMatchObject({ ok: true, scheme: 'hmac-sm3' })
    expect(headers['webhook-signature']).toMatch(/^v1sm3,[A-Za-z0-9+/]{43}=$/)
  })

  it.each(webhookSchemes)('are signed with the old secret and the new one from the restart on, the waiting ones too, by %s', async (signature) => {
    const retryMs = Array(50).fill(200) as number[]
    const newer = `whsec_${Buffer.alloc(32, 'n').toString('base64')}`
    await start({ retryMs, endpoints: [{ ...endpointAt(receiver.url), signature }] })
    receiver.answer = (received) => (takenBy(received, newer) ? 204 : 503)
    await press('h1', ['requested'])
    await expect.poll(() => receiver.received.length).toBeGreaterThan(0)
    expect(receiver.received.map((received) => [takenBy(received, secret), takenBy(received, newer)])).toContainEqual([true, false])
    await tickets?.close()
    await start({ retryMs, endpoints: [{ ...endpointAt(receiver.url), signature, secrets: [newer, secret] }] })
    await expect.poll(() => states('h1')).toEqual(['delivered'])
    const last = receiver.received.at(-1)
    expect(last && [takenBy(last, secret), takenBy(last, newer)]).toEqual([true, true])
  })

  it('stay in order, under the same id, while the receiver fails', async () => {
    let failing = 2
    const freshIds = new Set<string>()
    await start()
    receiver.answer = ({ id, payload }) => {
      freshIds.add(id)
      return payload.data.handover.id === 'h1' && failing-- > 0 ? 500 : 204
    }
    await Promise.all([press('h1'), press('h2')])
    await expect.poll(() => states('h1')).toEqual(Array(4).fill('delivered'))
    await expect.poll(() => states('h2')).toEqual(Array(4).fill('delivered'))
    expect(heardOf('h1')).toEqual([1, 1, 1, 2, 3, 4])
    expect(heardOf('h2')).toEqual([1, 2, 3, 4])
    expect(freshIds.size).toBe(8)
    expect((await deliveriesOf('h1')).map(({ attempts }) => attempts)).toEqual([3, 1, 1, 1])
  })

  it('are given up at 410; the next ones of the hand-over still go', async () => {
    await start()
    receiver.answer = ({ payload }) => (payload.data.sequence === 2 ? 410 : 204)
    await press('h1')
    await expect.poll(() => states('h1')).toEqual(['delivered', 'failed', 'delivered', 'delivered'])
    expect(heardOf('h1')).toEqual([1, 2, 3, 4])
    expect((await deliveriesOf('h1'))[1]).toMatchObject({ attempts: 1, lastOutcome: 'http-410' })
    expect(tickets?.health()).toMatchObject({ pending: 0, dead: 1 })
  })

  it('that are told once more go before those of the same hand-over that wait', async () => {
    await start({ retryMs: Array(50).fill(200) as number[] })
    receiver.answer = ({ payload }) => (payload.data.sequence === 1 ? 410 : 503)
    await press('h1', ['requested', 'ringing'])
    await expect.poll(() => states('h1')).toEqual(['failed', 'pending'])
    await expect.poll(() => heardOf('h1').length).toBeGreaterThan(1)
    receiver.answer = () => 204
    expect(await deliveries().replay({ state: 'failed' })).toBe(1)
    await expect.poll(() => states('h1')).toEqual(['delivered', 'delivered'])
    expect(heardOf('h1').slice(-2)).toEqual([1, 2])
  })

  it('say which ones of their hand-over were given up before', async () => {
    await start()
    receiver.answer = ({ payload }) => (payload.data.sequence === 2 ? 410 : 204)
    await press('h1')
    await expect.poll(() => states('h1')).toEqual(['delivered', 'failed', 'delivered', 'delivered'])
    const [, second] = receiver.received
    expect(receiver.received.map(({ payload }) => payload.missed)).toEqual([undefined, undefined, [second?.id], [second?.id]])
  })

  it('are given up after the last retry, whatever failed', async () => {
    await start({ retryMs: [20, 20], timeoutMs: 100 })
    receiver.answer = () => undefined
    await press('h1', ['requested'])
    await expect.poll(() => states('h1')).toEqual(['failed'])
    expect((await deliveriesOf('h1'))[0]).toMatchObject({ attempts: 3, lastOutcome: 'timeout' })
  })

  it('do not go to private addresses that are not allowed', async () => {
    await start({ allowNetworks: [] })
    await press('h1', ['requested'])
    await expect.poll(() => states('h1')).toEqual(['failed'])
    expect((await deliveriesOf('h1'))[0]).toMatchObject({ attempts: 1, lastOutcome: 'address-refused' })
    expect(receiver.received).toEqual([])
  })

  it('continue after a restart of the service on the same journal', async () => {
    await start({ retryMs: Array(50).fill(100) as number[] })
    receiver.answer = () => 503
    await press('h1')
    await expect.poll(() => receiver.received.length).toBeGreaterThan(1)
    await tickets?.close()
    await tickets?.close()
    await journal.close()
    const before = receiver.received.length
    receiver.answer = () => 204
    journal = await openJournal({ path: join(dir, 'journal.sqlite') })
    await start()
    await expect.poll(() => states('h1')).toEqual(Array(4).fill('delivered'))
    expect(heardOf('h1').slice(before)).toEqual([1, 2, 3, 4])
    expect(new Set(receiver.received.slice(0, before + 1).map(({ id }) => id)).size).toBe(1)
    expect(journal.health().ok).toBe(true)
  })
})

describe('several ticket systems', () => {
  it('one that hangs, with many hand-overs waiting for it, does not slow another', async () => {
    const hanging = await webhookReceiver()
    hanging.answer = () => undefined
    await start({ endpoints: [endpointAt(hanging.url, 'hangs'), endpointAt(receiver.url)], timeoutMs: 10_000 })
    const many = Array.from({ length: 150 }, (_, i) => `h${i}`)
    await Promise.all(many.map((handover) => press(handover, ['requested'])))
    await expect.poll(() => receiver.received.length).toBe(150)
    expect(hanging.received).toHaveLength(16)
    await hanging.close()
  })
})

const circuitNow = () => tickets?.health().endpoints

describe('a ticket system that fails again and again', () => {
  const failing = { endpoints: [] as ReturnType<typeof endpointAt>[], retryMs: Array(50).fill(50) as number[], circuit: { failures: 3, pauseMs: 300, longestPauseMs: 300 } }
  const handovers = Array.from({ length: 20 }, (_, i) => `h${i}`)

  it('is left alone, asked now and then, and told everything at once when it is back', async () => {
    await start({ ...failing, endpoints: [{ ...endpointAt(receiver.url), concurrency: 1 }] })
    receiver.answer = () => 503
    await Promise.all(handovers.map((handover) => press(handover, ['requested'])))
    await expect.poll(circuitNow).toEqual([{ id: 'desk110', circuit: 'open' }])
    await expect.poll(() => receiver.received.length).toBe(5)
    const [, , third, fourth, fifth] = receiver.received.map(({ at }) => at)
    expect(Math.min(Number(fourth) - Number(third), Number(fifth) - Number(fourth))).toBeGreaterThanOrEqual(290)
    receiver.answer = () => 204
    await expect.poll(() => tickets?.health()).toEqual({ redis: 'up', pending: 0, dead: 0, endpoints: [{ id: 'desk110', circuit: 'closed' }] })
    const attempts = await Promise.all(handovers.map(async (handover) => (await deliveriesOf(handover))[0]?.attempts ?? 0))
    expect(attempts.reduce((sum, count) => sum + count, 0)).toBe(receiver.received.length)
    expect(receiver.received.length).toBeGreaterThanOrEqual(25)
  })

  it('refuses for good instead: that is an answer, and it is not left alone', async () => {
    await start({ ...failing, endpoints: [endpointAt(receiver.url)] })
    receiver.answer = () => 400
    await Promise.all(handovers.map((handover) => press(handover, ['requested'])))
    await expect.poll(() => tickets?.health()).toMatchObject({ pending: 0, dead: 20, endpoints: [{ circuit: 'closed' }] })
  })
})

describe('Redis', () => {
  it('may be away at the start and while facts come, and come back', async () => {
    await redis.stop()
    await start()
    await press('h1')
    await expect.poll(() => tickets?.health()).toMatchObject({ redis: 'down', pending: 4, dead: 0 })
    expect(receiver.received).toEqual([])
    await redis.start()
    await expect.poll(() => states('h1')).toEqual(Array(4).fill('delivered'))
    expect(heardOf('h1')).toEqual([1, 2, 3, 4])
  })

  it('may be killed in between', async () => {
    await start()
    await press('h1')
    await expect.poll(() => states('h1')).toEqual(Array(4).fill('delivered'))
    await redis.kill()
    await press('h2')
    await redis.start()
    await expect.poll(() => states('h2')).toEqual(Array(4).fill('delivered'))
    expect(heardOf('h2')).toEqual([1, 2, 3, 4])
  })

  it('may be emptied with deliveries pending', async () => {
    await start({ retryMs: Array(50).fill(200) as number[] })
    receiver.answer = () => 503
    await Promise.all([press('h1'), press('h2')])
    await expect.poll(() => heardOf('h2').length).toBeGreaterThan(0)
    await admin.flushall()
    receiver.answer = () => 204
    await expect.poll(() => states('h1')).toEqual(Array(4).fill('delivered'))
    await expect.poll(() => states('h2')).toEqual(Array(4).fill('delivered'))
    expect([...new Set(heardOf('h1'))]).toEqual([1, 2, 3, 4])
    expect([...new Set(heardOf('h2'))]).toEqual([1, 2, 3, 4])
    await expect.poll(() => admin.keys('test:test-tickets:msg_*')).toEqual([])
  })

  it('being away does not hold up the end', async () => {
    await start()
    await expect.poll(redisUp).toBe('up')
    await press('h1')
    await expect.poll(() => states('h1')).toEqual(Array(4).fill('delivered'))
    await redis.kill()
    await expect.poll(redisUp).toBe('down')
    const startedAt = performance.now()
    await tickets?.close()
    expect(performance.now() - startedAt).toBeLessThan(11_000)
  })
})
