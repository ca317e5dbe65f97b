import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '../../src/lab/postgres.ts'
import { claimRunDir } from '../../src/lab/run-dir.ts'
import { LedgerAccess } from '../../src/ledger/access.ts'
import { Database } from '../../src/ledger/database.ts'
import { migrate } from '../../src/ledger/migrate.ts'
import { type JournalRow, LedgerWriter } from '../../src/ledger/writer.ts'
import { type GivenHttp, givenHttp, withKey } from '../support/given-http.ts'
import { categories, items, type Story, story } from '../support/stories.ts'
import { type BenchResult, printTable } from './result.ts'
import { figures, ratio, seeded } from './statistics.ts'

const target = { queryP99: 50, eventsPerSecond: 1_000 }
const yearMs = 365 * 86_400_000
/** Hand-overs written in one transaction: a page of the follower. */
const written = 80

/** A desk's queries, each as it is asked over HTTP. */
type Ask = (known: { readonly story: Story; readonly n: number; readonly from: string; readonly to: string }) => string

const text = encodeURIComponent
const queries: Readonly<Record<string, Ask>> = {
  newest: () => '/v1/ledger/handovers?limit=50',
  'by number': ({ story: { number } }) => `/v1/ledger/handovers?number=${number}`,
  'by ticket': ({ story: { ticket } }) => `/v1/ledger/handovers?ticket=${ticket}`,
  'by call': ({ story: { call } }) => `/v1/ledger/handovers?call=${call}`,
  'by matter': ({ n }) => `/v1/ledger/handovers?category=${text(categories[n % categories.length] ?? '')}&item=${text(items[n % items.length] ?? '')}`,
  'by item alone': ({ n }) => `/v1/ledger/handovers?item=${text(items[n % items.length] ?? '')}`,
  'of a day': ({ from, to }) => `/v1/ledger/handovers?from=${from}&to=${to}`,
  'failed, of a day, for 110': ({ from, to }) => `/v1/ledger/handovers?platform=110&state=failed&from=${from}&to=${to}`,
  'by agent and time': ({ n, from, to }) => `/v1/ledger/handovers?agent=10${String(n % 60).padStart(2, '0')}&from=${from}&to=${to}`,
  'nothing found': () => '/v1/ledger/handovers?agent=nobody',
  'a page far back': ({ story: { handover } }) => `/v1/ledger/handovers?limit=50&cursor=${handover}`,
  'calls by number': ({ story: { number } }) => `/v1/ledger/calls?number=${number}`,
  'events of a hand-over': ({ story: { handover } }) => `/v1/ledger/events?handover=${handover}`,
  'events of a call': ({ story: { call } }) => `/v1/ledger/events?call=${call}`,
}

/**
 * Writes a year of hand-overs as the follower does, then asks what a desk asks, over HTTP (in process), in turn, beside the
 * shortest question that Postgres can be asked.
 * @param handovers how many are written first @param rounds of all queries
 */
export async function ledger(handovers: number, rounds: number, progress: (line: string) => void): Promise<BenchResult> {
  const dir = claimRunDir('bench-ledger')
  const postgres = await startPostgres({ dir: join(dir, 'postgres') })
  const database = new Database(postgres.url, 2)
  await migrate(database)
  const { known, eventsPerSecond } = await fill(new LedgerWriter(database, 'bench'), handovers, progress)
  await database.run('VACUUM ANALYZE')
  const access = new LedgerAccess({ url: postgres.url, checkpointMs: 3_600_000, checkpointFile: '', keyFile: '' })
  const given = await givenHttp({ ledger: access })
  const samples = new Map<string, number[]>(['SELECT 1', ...Object.keys(queries)].map((name) => [name, []]))
  const random = seeded(1)
  for (let round = 0; round < rounds; round++) {
    const n = Math.floor(random() * known.length)
    const chosen = known[n]
    if (!chosen) continue
    const day = Math.floor(random() * 364) * 86_400_000 + Date.now() - yearMs
    const asked = { story: chosen, n, from: new Date(day).toISOString(), to: new Date(day + 86_400_000).toISOString() }
    /* oxlint-disable no-await-in-loop -- one after the other is what is measured */
    samples.get('SELECT 1')?.push(await timed(() => database.run('SELECT 1')))
    for (const [name, ask] of Object.entries(queries)) samples.get(name)?.push(await timed(() => answered(given, ask(asked))))
    /* oxlint-enable no-await-in-loop */
  }
  const exported = await exportRate(given)
  await given.close()
  await access.close()
  await database.end()
  await postgres.stop()
  rmSync(dir, { recursive: true })
  // The first of each compiles its schema.
  const rows = Object.fromEntries([...samples].map(([name, values]) => [name, figures(values.slice(1))]))
  printTable(rows)
  const [reference = figures([]), ...others] = Object.values(rows)
  const slowest = others.reduce((one, other) => (one.p99 > other.p99 ? one : other))
  process.stdout.write(`${Math.round(eventsPerSecond)} events a second written, ${Math.round(exported)} hand-overs a second exported as CSV\n`)
  return {
    name: 'ledger',
    samples: rounds,
    measured: { handovers, eventsPerSecond: Math.round(eventsPerSecond), exportedPerSecond: Math.round(exported), slowest, queries: rows },
    reference,
    ratio: ratio(slowest, reference),
    target,
    ok: slowest.p99 < target.queryP99 && eventsPerSecond >= target.eventsPerSecond,
  }
}

async function fill(writer: LedgerWriter, handovers: number, progress: (line: string) => void): Promise<{ readonly known: readonly Story[]; readonly eventsPerSecond: number }> {
  const known: Story[] = []
  const begun = Date.now() - yearMs
  let position = 0
  let busyMs = 0
  for (let n = 0; n < handovers; n += written) {
    const page = Array.from({ length: Math.min(written, handovers - n) }, (_, i) => story(n + i, begun + Math.floor(((n + i) / handovers) * yearMs)))
    const rows = page.flatMap(({ facts }) => facts.map((fact): JournalRow => ({ position: ++position, epoch: 1, body: JSON.stringify(fact) })))
    // oxlint-disable-next-line no-await-in-loop -- one page after the other, as the follower does
    busyMs += await timed(() => writer.write(rows))
    // A thousand are asked for later: all of them would be held here for nothing.
    if ((n / written) % Math.ceil(handovers / written / 1_000) === 0) known.push(...page.slice(0, 1))
    if (n % 10_000 < written) progress(`${n} of ${handovers} hand-overs written`)
  }
  return { known, eventsPerSecond: position / (busyMs / 1_000) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}

async function answered({ http }: GivenHttp, url: string): Promise<void> {
  const { statusCode, body } = await http.inject({ url, headers: withKey })
  if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${body}`)
}

async function exportRate(given: GivenHttp): Promise<number> {
  let lines = 0
  const ms = await timed(async () => {
    const { body } = await given.http.inject({ url: '/v1/ledger/export?subject=handovers&format=csv', headers: withKey })
    lines = body.split('\n').length - 2
  })
  return lines / (ms / 1_000)
}
