import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { request } from 'undici'
import { openJournal } from '../../src/journal/open-journal.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { startPostgres } from '../../src/lab/postgres.ts'
import { startRedis } from '../../src/lab/redis.ts'
import { claimRunDir } from '../../src/lab/run-dir.ts'
import { startStack } from '../../src/lab/stack.ts'
import { ReadersProcess } from '../../src/readers/readers-process.ts'
import { clear, givenTalk, tones } from '../support/given-call.ts'
import { handoverFact } from '../support/journal-facts.ts'
import { clock, type CountingReceiver, startReceiver } from './receiver.ts'
import { type BenchResult, printTable } from './result.ts'
import { figures } from './statistics.ts'
import { noInbox } from '../support/no-inbox.ts'
import { publishedCatalogue } from '../support/published-catalogue.ts'

const target = { eventsPerSecond: 1_000, lagP99: 1_000, pressToTicketP95: 50 }
const steps = ['handover-requested', 'handover-ringing', 'handover-answered', 'handover-completed'] as const
/** Between two steps of a hand-over, ms. */
const stepMs = 400
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const concurrency = 64

interface Load {
  readonly rate: number
  readonly seconds: number
}

interface Sustained {
  readonly lags: readonly number[]
  readonly lost: number
  readonly outOfOrder: number
  readonly duplicates: number
}

/**
 * Journal, planner, BullMQ, signing, HTTP, and the ledger beside it, at a given rate of events; raw BullMQ with a bare POST at
 * full speed; and one key press at a time, from the request until the ticket is at the receiver.
 */
export async function delivery(seconds: number, presses: number, progress: (line: string) => void): Promise<BenchResult> {
  const dir = claimRunDir('bench-delivery')
  const redis = await startRedis({ dir: join(dir, 'redis') })
  const postgres = await startPostgres({ dir: join(dir, 'postgres') })
  const receiver = await startReceiver()
  progress('raw BullMQ with a bare POST')
  const raw = await rawRate(redis.url, receiver)
  const at = { dir, redis: redis.url, ledger: postgres.url, receiver }
  progress(`${target.eventsPerSecond} events a second for ${seconds} s`)
  const sustained = await sustain({ rate: target.eventsPerSecond, seconds }, at)
  let highest = figures(sustained.lags).p99 < target.lagP99 ? target.eventsPerSecond : 0
  for (let rate = highest * 1.25; highest > 0 && rate <= 8_000; rate *= 1.25) {
    progress(`${Math.round(rate)} events a second for 10 s`)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { lags } = await sustain({ rate, seconds: 10 }, at)
    if (figures(lags).p99 >= target.lagP99) break
    highest = Math.round(rate)
  }
  await redis.stop()
  await postgres.stop()
  receiver.stop()
  progress('key press to ticket')
  const idle = figures(await pressToTicket(presses))
  rmSync(dir, { recursive: true })
  const lag = figures(sustained.lags)
  printTable({ [`lag at ${target.eventsPerSecond}/s`]: lag, 'press → ticket, idle': idle })
  const { lost, outOfOrder, duplicates } = sustained
  process.stdout.write(`raw BullMQ ${Math.round(raw)}/s; highest sustained ${highest}/s: ${Math.round((100 * highest) / raw)} % of raw; lost ${lost}, out of order ${outOfOrder}, twice ${duplicates}\n`)
  return {
    name: 'delivery',
    samples: sustained.lags.length,
    measured: { lag, idle, highest, lost, outOfOrder, duplicates },
    reference: { rawPerSecond: Math.round(raw) },
    ratio: { highestToRaw: Math.round((1_000 * highest) / raw) / 1_000 },
    target,
    ok: lag.p99 < target.lagP99 && idle.p95 < target.pressToTicketP95 && lost + outOfOrder + duplicates === 0,
  }
}

async function rawRate(url: string, receiver: CountingReceiver): Promise<number> {
  const jobs = 20_000
  const connection = new Redis(url, { maxRetriesPerRequest: null })
  const waiting = connection.duplicate()
  const queue = new Queue('raw', { connection })
  const body = JSON.stringify({ data: { handover: { id: 'raw' }, sequence: 1 } })
  const worker = new Worker(
    'raw',
    async () => {
      const answer = await request(receiver.url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
      await answer.body.dump()
    },
    { connection: waiting, concurrency, removeOnComplete: { count: 0 } },
  )
  await worker.waitUntilReady()
  const from = clock()
  for (let n = 0; n < jobs; n += 1_000) {
    // oxlint-disable-next-line no-await-in-loop -- in pages
    await queue.addBulk(Array.from({ length: 1_000 }, () => ({ name: 'raw', data: {} })))
  }
  await eventually(() => receiver.count(), (count) => count >= jobs, 60_000)
  const rate = jobs / ((clock() - from) / 1_000)
  await receiver.take()
  await worker.close()
  await queue.close()
  connection.disconnect()
  waiting.disconnect()
  return rate
}

interface At {
  readonly dir: string
  readonly redis: string
  readonly ledger: string
  readonly receiver: CountingReceiver
}

async function sustain({ rate, seconds }: Load, { dir, redis, ledger, receiver }: At): Promise<Sustained> {
  const name = `rate-${Math.round(rate)}`
  const journal = await openJournal({ path: join(dir, `${name}.sqlite`) })
  const endpoint = { id: 'desk110', platform: '110' as const, kind: 'webhook' as const, pollMs: 10_000, user: 'tandem', url: receiver.url, secrets: [secret], signature: 'hmac-sha256' as const, concurrency }
  const readers = new ReadersProcess({
    catalogues: publishedCatalogue,
    inbox: noInbox,
    config: {
      instance: name,
      log: { level: 'warn', numbers: 'masked' },
      recommendation: { learning: false },
      http: {},
      recording: { linkHours: 72 },
      redis: { url: redis, prefix: name },
      tickets: { endpoints: [endpoint], allowNetworks: ['127.0.0.0/8'], timeoutMs: 10_000, retryMs: [1_000], circuit: { failures: 10, pauseMs: 1_000, longestPauseMs: 1_000 } },
      ledger: { url: ledger, checkpointMs: 86_400_000, checkpointFile: join(dir, 'checkpoints.jsonl'), keyFile: join(dir, 'key.pem') },
    },
    journal,
    logger: pino({ level: 'warn' }),
  })
  readers.start()
  await eventually(() => readers.health(), ({ tickets }) => tickets.redis === 'up', 20_000)
  const appended = new Map<string, number>()
  const handovers = Math.round((rate * seconds) / steps.length)
  const begun = clock()
  const due = (n: number, step: number): number => begun + (n * 1_000 * steps.length) / rate + step * stepMs
  let [done, total] = [0, handovers * steps.length]
  /** How far each step has come. */
  const next = steps.map(() => 0)
  while (done < total) {
    const now = clock()
    const facts = steps.flatMap((type, step) => {
      const told = []
      for (let n = next[step] ?? 0; n < handovers && due(n, step) <= now; n++) {
        const id = `ho-${name}-${n}`
        appended.set(`${id} ${step + 1}`, now)
        told.push(handoverFact(id, type, step + 1))
        next[step] = n + 1
      }
      return told
    })
    done += facts.length
    if (facts.length > 0) void journal.append(facts)
    // oxlint-disable-next-line no-await-in-loop -- a call's pace
    await pause(5)
  }
  const deadline = clock() + 60_000
  // oxlint-disable-next-line no-await-in-loop -- asked until it is so
  while ((await receiver.count()) < total && clock() < deadline) await pause(100)
  const came = await receiver.take()
  await readers.close()
  await journal.close()
  const seen = new Set<string>()
  const last = new Map<string, number>()
  let [outOfOrder, duplicates] = [0, 0]
  const lags: number[] = []
  for (const { id, subject, sequence, at } of came) {
    if (seen.has(id)) duplicates += 1
    seen.add(id)
    if ((last.get(subject) ?? 0) > sequence) outOfOrder += 1
    last.set(subject, sequence)
    lags.push(at - (appended.get(`${subject} ${sequence}`) ?? NaN))
  }
  total -= seen.size
  return { lags, lost: total, outOfOrder, duplicates }
}

async function pressToTicket(presses: number): Promise<readonly number[]> {
  const stack = await startStack({ name: 'bench', ledger: true })
  const [caller, agent, peer] = [await stack.citizen({ toneHz: tones.caller }), await stack.agent('1001', tones.agent), await stack.agent('2001', tones.peer)]
  await givenTalk(stack, caller, agent, '1001')
  const samples: number[] = []
  for (let n = 0; n < presses; n++) {
    /* oxlint-disable no-await-in-loop -- one at a time is what is measured */
    const from = performance.now()
    const { body } = await stack.api.post<{ handover: { id: string } }>('/v1/handovers', { agent: '1001', mode: 'transfer' })
    const first = await eventually(() => stack.receiver.tickets.find(({ payload }) => payload.type === 'handover.requested' && payload.data.handover.id === body.handover.id), (ticket) => ticket !== undefined)
    samples.push((first?.at ?? NaN) - from)
    await peer.waitFor('incoming')
    await stack.api.post(`/v1/handovers/${body.handover.id}/cancel`, {})
    await peer.waitFor('idle')
    await pause(30 + Math.random() * 40)
    /* oxlint-enable no-await-in-loop */
  }
  await clear(stack, caller, agent, peer)
  await stack.stop()
  return samples
}
