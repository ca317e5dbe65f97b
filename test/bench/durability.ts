import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import sql from 'sql-template-tag'
import { eventually } from '../../src/lab/eventually.ts'
import { startPostgres } from '../../src/lab/postgres.ts'
import { type LabRedis, startRedis } from '../../src/lab/redis.ts'
import type { Restartable } from '../../src/lab/restartable.ts'
import { claimRunDir } from '../../src/lab/run-dir.ts'
import { publicKeyOf, signingKey } from '../../src/ledger/checkpoints.ts'
import { Database } from '../../src/ledger/database.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { handoverFact } from '../support/journal-facts.ts'
import { Chaos, type Received, Service, smallDisk, startReceiver, type Victim } from './durability-victims.ts'
import type { BenchResult } from './result.ts'
import { seeded } from './statistics.ts'

const target = { lost: 0, outOfOrder: 0, duplicates: 0, findings: 0 }
const steps = ['handover-requested', 'handover-ringing', 'handover-answered', 'handover-completed'] as const
/** Hand-overs under way at a time. */
const atATime = 40
/** Between two steps of a hand-over, ms. */
const paceMs = { least: 50, most: 150 } as const

interface Story {
  readonly acked: Set<string>
  readonly notDurable: Set<string>
  readonly unanswered: Set<string>
}

/**
 * Facts of hand-overs, one after the other for each, appended to a real journal on a small disk of its own, while the process that
 * has it, Redis, Postgres and the ticket system are killed at random; Redis is emptied once, and the disk is full once. Then
 * everything that was answered as durable must be at the receiver, in order, under one id, and in the ledger once.
 */
export async function durability(events: number, progress: (line: string) => void): Promise<BenchResult> {
  const dir = claimRunDir('bench-durability')
  const disk = await smallDisk(join(dir, 'disk'))
  const redis = await startRedis({ dir: join(dir, 'redis') })
  const postgres = await startPostgres({ dir: join(dir, 'postgres') })
  const receiver = await startReceiver(join(dir, 'received'))
  const service = new Service(disk, { dir: disk.path, redis: redis.url, ledger: postgres.url, receiver: receiver.url })
  await service.back()
  const story: Story = { acked: new Set(), notDurable: new Set(), unanswered: new Set() }
  const random = seeded(Date.now())
  const chaos = new Chaos([service, receiver, ofLab('redis', redis), ofLab('postgres', postgres)], random)
  const telling = tellAll(service, Math.ceil(events / steps.length), story, random, (done) => progress(`${done} of ${events} events, ${chaos.kills} kills`))
  const told = new AbortController()
  void telling.finally(() => told.abort())
  const isOver = (): boolean => told.signal.aborted
  let [redisEmptied, diskFull] = [false, false]
  while (!isOver()) {
    /* oxlint-disable no-await-in-loop -- one blow after the other */
    await chaos.strike()
    if (!redisEmptied && story.acked.size > events / 3) redisEmptied = await emptied(redis)
    if (!diskFull && story.acked.size > events / 2) {
      diskFull = true
      progress('the disk is full')
      await disk.full(3_000)
    }
    /* oxlint-enable no-await-in-loop */
  }
  await telling
  await chaos.peace()
  progress('all are back: waiting for what is left')
  const expected = story.acked.size
  await eventually(() => [...receiver.received().values()].filter(({ key }) => story.acked.has(key)).length, (count) => count >= expected, 180_000)
  const database = new Database(postgres.url, 2)
  const kept = () => database.query<{ key: string; n: number }>(sql`SELECT handover_id || ' ' || (body->>'sequence') AS key, count(*)::int AS n FROM events WHERE handover_id IS NOT NULL GROUP BY 1`)
  await eventually(async () => (await kept()).filter(({ key }) => story.acked.has(key)).length, (count) => count >= expected, 60_000)
  const verdict = judge(story, receiver.received(), receiver.order(), await kept())
  const { findings } = await verifyLedger(database, publicKeyOf(signingKey(join(disk.path, 'key.pem'))))
  await database.end()
  await service.kill()
  await receiver.kill()
  await redis.stop()
  await postgres.stop()
  disk.close()
  rmSync(dir, { recursive: true, force: true })
  const measured = { ...verdict, findings: findings.length, durable: expected, notDurable: story.notDurable.size, unanswered: story.unanswered.size, kills: chaos.kills, killsOf: chaos.of }
  process.stdout.write(`${JSON.stringify(measured)}\n`)
  return { name: 'durability', samples: events, measured, reference: {}, ratio: {}, target, ok: verdict.lost + verdict.outOfOrder + verdict.duplicates + verdict.lostInLedger + verdict.twiceInLedger + findings.length === 0 }
}

/** Each hand-over tells its steps in order, each when the one before was answered. */
async function tellAll(service: Service, handovers: number, story: Story, random: () => number, told: (done: number) => void): Promise<void> {
  let [next, done] = [0, 0]
  const one = async (): Promise<void> => {
    while (next < handovers) {
      const id = `ho-${String(next++).padStart(6, '0')}`
      for (const [step, type] of steps.entries()) {
        const key = `${id} ${step + 1}`
        // oxlint-disable-next-line no-await-in-loop -- one step after the other
        const answer = await service.append([handoverFact(id, type, step + 1)])
        ;(answer === undefined ? story.unanswered : answer ? story.acked : story.notDurable).add(key)
        if (++done % 2_000 === 0) told(done)
        // oxlint-disable-next-line no-await-in-loop -- the pace of a city on its worst day
        await pause(paceMs.least + random() * (paceMs.most - paceMs.least))
      }
    }
  }
  await Promise.all(Array.from({ length: atATime }, one))
}

function judge(story: Story, received: ReadonlyMap<string, Received>, order: readonly string[], kept: readonly { readonly key: string; readonly n: number }[]) {
  const inLedger = new Map(kept.map(({ key, n }) => [key, n]))
  const last = new Map<string, number>()
  let outOfOrder = 0
  for (const key of order) {
    const [handover = '', sequence = '0'] = key.split(' ')
    if ((last.get(handover) ?? 0) > Number(sequence)) outOfOrder += 1
    last.set(handover, Number(sequence))
  }
  return {
    lost: [...story.acked].filter((key) => !received.has(key)).length,
    outOfOrder,
    duplicates: [...received.values()].filter(({ ids }) => ids.size > 1).length,
    lostInLedger: [...story.acked].filter((key) => !inLedger.has(key)).length,
    twiceInLedger: [...inLedger.values()].filter((n) => n > 1).length,
  }
}

async function emptied(redis: LabRedis): Promise<boolean> {
  const client = new Redis(redis.url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: null })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.flushall()
    return true
  } catch {
    // It is away just now: another time.
    return false
  } finally {
    client.disconnect()
  }
}

const ofLab = (name: string, program: Restartable): Victim => ({ name, kill: () => program.kill(), back: () => program.start() })
