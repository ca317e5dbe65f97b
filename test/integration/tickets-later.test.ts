import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { expect, it } from 'vitest'
import type { Config } from '../../src/config/schema.ts'
import { type JournalFile, openJournal } from '../../src/journal/open-journal.ts'
import { SqlError, type Statement } from '../../src/journal/sql.ts'
import { LaterTickets } from '../../src/tickets/later-tickets.ts'
import { handoverFact } from '../support/journal-facts.ts'

const endpoint: Config['tickets']['endpoints'][number] = { id: 'desk110', platform: '110', url: 'http://127.0.0.1:1/', secrets: [`whsec_${Buffer.alloc(32, 7).toString('base64')}`], signature: 'hmac-sha256', concurrency: 1 }
const config = {
  instance: 'test',
  redis: { url: 'redis://127.0.0.1:1', prefix: 'test' },
  tickets: { endpoints: [endpoint], allowNetworks: [], timeoutMs: 100, retryMs: [100], circuit: { failures: 1, pauseMs: 100, longestPauseMs: 100 } },
}

it('a start that fails is tried again, and who asks for deliveries meanwhile waits for it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tickets-'))
  const journal = await openJournal({ path: join(dir, 'journal.sqlite') })
  await journal.append([handoverFact('h1', 'handover-requested', 1)])
  let failures = 1
  const all = (statement: Statement) => (failures-- > 0 ? Promise.reject(new SqlError({ message: 'disk I/O error' })) : journal.tables.all(statement))
  const spoilt = { ...journal, tables: { ...journal.tables, all } } satisfies JournalFile
  const log: string[] = []
  const logger = pino({ level: 'error' }, { write: (line: string) => void log.push(line) })
  const tickets = new LaterTickets({ config, journal: spoilt, logger })
  void tickets.start()
  await expect.poll(async () => (await tickets.deliveriesOf('h1')).map(({ event, state }) => [event, state])).toEqual([['handover.requested', 'pending']])
  expect(log.filter((line) => line.includes('disk I/O error'))).toHaveLength(1)
  await tickets.close()
  await journal.close()
  rmSync(dir, { recursive: true })
})
