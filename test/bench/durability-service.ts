import { join } from 'node:path'
import { pino } from 'pino'
import type { Fact } from '../../src/domain/facts.ts'
import { openJournal } from '../../src/journal/open-journal.ts'
import { ReadersProcess } from '../../src/readers/readers-process.ts'
import { noInbox } from '../support/no-inbox.ts'
import { publishedCatalogue } from '../support/published-catalogue.ts'

/**
 * The part of the service that keeps facts: its journal and its readers, without Asterisk. Facts come by IPC; each is answered as
 * the service answers a key press: whether it is on disk.
 */
export interface DurabilityOrder {
  readonly dir: string
  readonly redis: string
  readonly ledger: string
  readonly receiver: string
}

const order = JSON.parse(process.argv[2] ?? '{}') as DurabilityOrder
const mebibyte = 1_048_576
const journal = await openJournal({ path: join(order.dir, 'journal.sqlite'), readers: ['tickets', 'ledger'], reserveBytes: 4 * mebibyte, limits: { retryMs: 100 } })
const endpoint = { id: 'desk110', platform: '110' as const, kind: 'webhook' as const, pollMs: 10_000, user: 'tandem', url: order.receiver, secrets: [`whsec_${Buffer.alloc(32, 7).toString('base64')}`], signature: 'hmac-sha256' as const, concurrency: 64 }
const readers = new ReadersProcess({
  catalogues: publishedCatalogue,
  inbox: noInbox,
  config: {
    instance: 'durability',
    log: { level: 'error', numbers: 'masked' },
    recommendation: { learning: false },
    http: {},
    recording: { linkHours: 72 },
    redis: { url: order.redis, prefix: 'durability' },
    // Nothing is given up: whoever is killed is back in a second or two.
    tickets: { endpoints: [endpoint], allowNetworks: ['127.0.0.0/8'], timeoutMs: 3_000, retryMs: Array.from({ length: 1_000 }, () => 300), circuit: { failures: 20, pauseMs: 300, longestPauseMs: 1_000 } },
    ledger: { url: order.ledger, checkpointMs: 2_000, checkpointFile: join(order.dir, 'checkpoints.jsonl'), keyFile: join(order.dir, 'key.pem') },
  },
  journal,
  logger: pino({ level: 'silent' }),
})
readers.start()
process.on('message', ({ n, facts }: { n: number; facts: readonly Fact[] }) => {
  void journal.append(facts).then(({ durable }) => process.send?.({ n, durable }))
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
