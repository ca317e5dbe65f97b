import type { CallsFact } from '../../src/domain/facts.ts'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../src/journal/journal.ts'
import { migrations } from '../../src/journal/migrations.ts'
import { type JournalFile, openJournal } from '../../src/journal/open-journal.ts'
import { callFact, handoverFact } from '../support/journal-facts.ts'

const writerProgram = new URL('../support/journal-writer.ts', import.meta.url).pathname
let dir: string
let path: string
const open: JournalFile[] = []

async function journalAt(file = path): Promise<JournalFile> {
  const journal = await openJournal({ path: file, limits: { retryMs: 50 } })
  open.push(journal)
  return journal
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'journal-'))
  path = join(dir, 'journal.sqlite')
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((journal) => journal.close()))
  rmSync(dir, { recursive: true })
})

describe('the journal', () => {
  it('holds facts over a restart, positions increasing, the epoch raised', async () => {
    const first = await journalAt()
    const told: Entry[] = []
    first.onAppended((entries) => told.push(...entries))
    expect(await first.append([callFact('c1', 1), handoverFact('h1', 'handover-requested', 2)])).toEqual({ durable: true })
    await first.close()
    await first.close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const second = await journalAt()
    expect(second.epoch).toBe(first.epoch + 1)
    await second.append([handoverFact('h1', 'handover-ringing', 3)])
    const all = await second.read(0, 10)
    expect(all.map((entry) => entry.fact.type)).toEqual(['call-arrived', 'handover-requested', 'handover-ringing'])
    expect(all.slice(0, 2)).toEqual(told)
    expect(all.map((entry) => entry.position)).toEqual(all.map((entry) => entry.position).toSorted((a, b) => a - b))
    expect(await second.read(all[1]?.position ?? 0, 10)).toEqual(all.slice(2))
    expect(await second.read(0, 1)).toEqual(all.slice(0, 1))
    expect(await second.factsOfHandover('h1')).toEqual(all.slice(1))
  })

  it('lists hand-overs newest first, each as its last fact, page by page', async () => {
    const journal = await journalAt()
    await journal.append([handoverFact('h1', 'handover-requested', 1), handoverFact('h2', 'handover-requested', 1)])
    await journal.append([handoverFact('h3', 'handover-requested', 1), handoverFact('h1', 'handover-ringing', 2)])
    const page = await journal.handovers(2)
    expect(page.map(({ fact }) => [(fact as CallsFact).call.id, fact.type])).toEqual([
      ['call-h3', 'handover-requested'],
      ['call-h2', 'handover-requested'],
    ])
    const rest = await journal.handovers(2, 'h2')
    expect(rest.map(({ fact }) => [(fact as CallsFact).call.id, fact.type])).toEqual([['call-h1', 'handover-ringing']])
  })

  it('lets a listener read at once what it is told of', async () => {
    const journal = await journalAt()
    const { promise: read, resolve } = Promise.withResolvers<readonly Entry[]>()
    journal.onAppended(([first]) => resolve(journal.read((first?.position ?? 0) - 1, 10)))
    const commit = journal.append([callFact('c1', 1)])
    expect((await read).map(({ fact }) => (fact as CallsFact).call.id)).toEqual(['c1'])
    expect(await commit).toEqual({ durable: true })
  })

  it('keeps answers for a day', async () => {
    const journal = await journalAt()
    const answer = { scope: 'k', key: 'a', request: 'ff', status: 201, body: '{}', at: Date.now() }
    await journal.append([], answer)
    await journal.append([], { ...answer, key: 'old', at: Date.now() - 86_400_001 })
    expect(await journal.answers()).toEqual([answer])
    await journal.close()
    const again = await journalAt()
    const stored = () => again.tables.all({ sql: 'SELECT key FROM answers', params: [] })
    await expect.poll(stored).toEqual([{ key: 'a' }])
  })

  it('refuses a second opener, and one process only may have it', async () => {
    await journalAt()
    await expect(openJournal({ path })).rejects.toThrow('is open in another process')
    const child = promisify(execFile)(process.execPath, [writerProgram, path], { timeout: 10_000 })
    await expect(child).rejects.toMatchObject({ stderr: expect.stringContaining('is open in another process') as string })
  })

  it.each(migrations.map((_, index) => index))('upgrades a file of version %i, also where the last fact of a ticket is gone', async (version) => {
    const file = new DatabaseSync(path)
    file.exec('CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT')
    for (const text of migrations.slice(0, version)) file.exec(text)
    file.prepare('INSERT INTO schema_version (version) VALUES (?)').run(version)
    const columns = file.prepare("SELECT name FROM pragma_table_info('tickets')").all().map(({ name }) => name)
    if (columns.length > 0 && !columns.includes('place')) file.exec("INSERT INTO tickets (id, last, settled) VALUES ('ho-1', 7, 1), ('ho-2', 8, 1)")
    file.close()
    expect(await (await journalAt()).tickets(10)).toEqual([])
  })

  it('refuses the file of a later version', async () => {
    const journal = await journalAt()
    await journal.tables.commit([{ sql: 'INSERT INTO schema_version VALUES (99)', params: [] }])
    await journal.close()
    await expect(openJournal({ path })).rejects.toThrow('schema version 99')
  })

  it('undoes a failing commit of other tables alone, whole', async () => {
    const journal = await journalAt()
    const cursor = { sql: "INSERT INTO cursors VALUES ('t', 1)", params: [] }
    const bad = journal.tables.commit([cursor, { sql: 'INSERT INTO cursors VALUES (NULL, 1)', params: [] }])
    const good = journal.append([callFact('c1', 1)])
    await expect(bad).rejects.toThrow('NOT NULL')
    expect(await good).toEqual({ durable: true })
    expect(await journal.tables.all({ sql: 'SELECT * FROM cursors', params: [] })).toEqual([])
  })
})

describe('a full disk', () => {
  it('answers durable: false, still reads in order, and writes later what it held', async () => {
    const journal = await journalAt()
    await journal.append([handoverFact('h1', 'handover-requested', 1)])
    // SQLite answers SQLITE_FULL at this limit just as at the disk's own.
    const limit = (pages: string) => journal.tables.all({ sql: `PRAGMA max_page_count = ${pages}`, params: [] })
    const [{ page_count: pages } = { page_count: 0 }] = await journal.tables.all({ sql: 'PRAGMA page_count', params: [] })
    await limit(String(pages))
    const bulk = Array.from({ length: 200 }, (_, index) => callFact(`c${index}`, 1))
    expect(await journal.append(bulk)).toMatchObject({ durable: false, reason: expect.stringContaining('full') as string })
    const late = await journal.append([handoverFact('h1', 'handover-ringing', 2)])
    expect(late.durable).toBe(false)
    expect(journal.health()).toMatchObject({ ok: false, waiting: 201 })
    expect((await journal.factsOfHandover('h1')).map(({ fact }) => (fact as CallsFact).sequence)).toEqual([1, 2])
    expect((await journal.handovers(1))[0]?.fact.type).toBe('handover-ringing')
    const before = await journal.read(0, 1_000)
    expect(before).toHaveLength(202)
    await limit('1000000')
    await expect.poll(() => journal.health()).toEqual({ ok: true, waiting: 0 })
    expect(await journal.append([callFact('last', 1)])).toEqual({ durable: true })
    await journal.close()
    const again = await journalAt()
    const after = await again.read(0, 1_000)
    expect(after.slice(0, 202)).toEqual(before)
    expect(after.at(-1)?.fact).toMatchObject({ call: { id: 'last' } })
  })
})

describe('a killed process', () => {
  it('leaves every acknowledged fact', async () => {
    const child = spawn(process.execPath, [writerProgram, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let acknowledged = 0
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line)
      if (acknowledged >= 300) child.kill('SIGKILL')
    }
    expect(acknowledged).toBeGreaterThanOrEqual(300)
    const journal = await journalAt()
    const sequences = (await journal.read(0, 1_000_000)).map(({ fact }) => (fact as CallsFact).sequence)
    expect(sequences.length).toBeGreaterThanOrEqual(acknowledged)
    expect(sequences).toEqual(sequences.map((_, index) => index + 1))
  })
})
