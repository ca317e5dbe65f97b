import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { type JournalFile, openJournal } from '../../src/journal/open-journal.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { freePort } from '../../src/lab/ports.ts'
import { type LabRedis, startRedis } from '../../src/lab/redis.ts'
import { ensureRoot } from '../../src/lab/root.ts'
import { ReadersProcess } from '../../src/readers/readers-process.ts'
import { Deliveries } from '../../src/tickets/deliveries.ts'
import { settings } from '../support/given-http.ts'
import { handoverFact } from '../support/journal-facts.ts'
import { type Receiver, webhookReceiver } from '../support/webhook-receiver.ts'
import { noInbox } from '../support/no-inbox.ts'
import { publishedCatalogue } from '../support/published-catalogue.ts'

let redis: LabRedis
let dir: string
let journal: JournalFile
let receiver: Receiver
let readers: ReadersProcess

beforeAll(async () => {
  await ensureRoot(() => {})
  redis = await startRedis({ dir: join(runtimeDir, 'test', 'readers-redis') })
})
afterAll(() => redis.stop())

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'readers-'))
  receiver = await webhookReceiver()
  journal = await openJournal({ path: join(dir, 'journal.sqlite') })
  readers = new ReadersProcess({ catalogues: publishedCatalogue, inbox: noInbox, config: configFor(receiver.url), journal, logger: pino({ level: 'silent' }) })
  readers.start()
})
afterEach(async () => {
  await readers.close()
  await journal.close()
  await receiver.close()
  rmSync(dir, { recursive: true })
})

function configFor(url: string) {
  const { tickets, ...config } = parseConfig(settings(join(dir, 'journal.sqlite')), {})
  const endpoint = { id: 'desk110', platform: '110', kind: 'webhook' as const, pollMs: 10_000, user: 'tandem', url, secrets: [`whsec_${Buffer.alloc(32, 7).toString('base64')}`], signature: 'hmac-sha256', concurrency: 4 } as const
  return { ...config, log: { ...config.log, level: 'error' as const }, redis: { url: redis.url, prefix: `readers-${Date.now()}` }, tickets: { ...tickets, allowNetworks: ['127.0.0.0/8'], endpoints: [{ ...endpoint, secrets: [...endpoint.secrets] }] } }
}

/** Processes of the readers below a process. */
const processesOf = (parent: number): readonly number[] =>
  readdirSync('/proc').flatMap((pid) => {
    try {
      const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
      const child = Number(rest.split(' ')[1]) === parent && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('readers.ts')
      return child ? [Number(pid)] : []
    } catch {
      // Not a process, or one that has just ended.
      return []
    }
  })
const told = () => [...new Map(receiver.received.map(({ id, payload }) => [id, payload])).values()]
const sequencesOf = (handover: string) => told().filter(({ data }) => data.handover.id === handover).map(({ data }) => data.sequence)
const types = ['handover-requested', 'handover-ringing', 'handover-answered', 'handover-completed'] as const

it('is killed again and again: every ticket is told, in order, and the journal is never touched by it', async () => {
  const ids = Array.from({ length: 40 }, (_, i) => `h${i}`)
  for (const [step, type] of types.entries()) {
    for (const id of ids) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await journal.append([handoverFact(id, type, step + 1)])).toEqual({ durable: true })
    }
    // oxlint-disable-next-line no-await-in-loop -- in the middle of it
    const [pid] = await eventually(() => processesOf(process.pid), (pids) => pids.length === 1)
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  }
  await eventually(() => ids.every((id) => sequencesOf(id).length === 4), Boolean, 40_000)
  for (const id of ids) expect(sequencesOf(id)).toEqual([1, 2, 3, 4])
  await eventually(() => readers.health(), ({ tickets: { pending }, away }) => pending === 0 && !away, 10_000)
}, 60_000)

it('says in its health that it is away, and what can be read of deliveries is read all the same', async () => {
  const deliveries = new Deliveries(journal.tables, () => readers.sweep())
  receiver.answer = () => 410
  await journal.append([handoverFact('h1', 'handover-requested', 1)])
  await eventually(async () => (await deliveries.deliveriesOf('h1')).map(({ state }) => state), ([state]) => state === 'failed')
  const [pid] = processesOf(process.pid)
  process.kill(pid ?? 0, 'SIGSTOP')
  expect(await readers.health()).toMatchObject({ away: true, tickets: { redis: 'down' } })
  receiver.answer = () => 204
  expect(await deliveries.replay({ state: 'failed' })).toBe(1)
  process.kill(pid ?? 0, 'SIGCONT')
  await eventually(async () => (await deliveries.deliveriesOf('h1')).map(({ state }) => state), ([state]) => state === 'delivered')
  expect(await eventually(() => readers.health(), ({ away }) => !away)).toMatchObject({ tickets: { redis: 'up', dead: 0 } })
})

it('ends with the service, however that ends', async () => {
  const program = join(import.meta.dirname, '../../src/service.ts')
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    /* oxlint-disable no-await-in-loop -- one after the other */
    const { config } = await writtenConfig(signal)
    const service = spawn(process.execPath, [program, '--config', config], { stdio: 'ignore' })
    const [pid = 0] = await eventually(() => processesOf(service.pid ?? 0), (pids) => pids.length === 1, 10_000)
    service.kill(signal)
    await once(service, 'exit')
    expect(await eventually(() => isThere(pid), (there) => !there)).toBe(false)
    /* oxlint-enable no-await-in-loop */
  }
}, 30_000)

async function writtenConfig(name: string): Promise<{ readonly config: string }> {
  const config = join(dir, `${name}.yaml`)
  writeFileSync(config, settings(join(dir, `${name}.sqlite`), {}, { http: await freePort(), asterisk: 1 }), { mode: 0o600 })
  return { config }
}

function isThere(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    // It is gone.
    return false
  }
}
