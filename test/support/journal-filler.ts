import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openJournal } from '../../src/journal/open-journal.ts'
import { callFact } from './journal-facts.ts'

/** Fills a small disk with something else while a journal is written on it, and tells in JSON what the journal said. */
const dir = process.argv[2] ?? ''
const mebibyte = 1_048_576
const path = join(dir, 'journal.sqlite')
const journal = await openJournal({ path, reserveBytes: 2 * mebibyte, limits: { retryMs: 50 } })
await journal.upkeep()
const reserved = statSync(`${path}.reserve`).size
const early = journal.health()

const other = join(dir, 'other')
const fill = (leave: number): void => {
  const { bavail, bsize } = statfsSync(dir)
  writeFileSync(other, Buffer.alloc(Math.max(0, bavail * bsize - leave)), { flag: 'a' })
}
fill(4 * mebibyte)
await journal.upkeep()
const low = journal.health()

fill(0)
const facts = (from: number) => Array.from({ length: 100 }, (_, i) => callFact(`c${from + i}`, 1))
const full = []
for (let i = 0; i < 20; i++) {
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  full.push((await journal.append(facts(i * 100))).durable)
}
const written = journal.health()

rmSync(other)
await journal.upkeep()
const after = journal.health()
const all = await journal.read(0, 10_000)
await journal.close()
process.stdout.write(`${JSON.stringify({ reserved, early, low, full, written, after, again: statSync(`${path}.reserve`).size, facts: all.length })}\n`)
