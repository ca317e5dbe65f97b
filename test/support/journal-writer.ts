import { openJournal } from '../../src/journal/open-journal.ts'
import { callFact } from './journal-facts.ts'

// Appends one fact after another and prints the sequence of each that was acknowledged, until it is killed.
const journal = await openJournal({ path: process.argv[2] ?? '' })
for (let sequence = 1; ; sequence++) {
  const commit = await journal.append([callFact('c', sequence)])
  if (!commit.durable) throw new Error(commit.reason)
  process.stdout.write(`${sequence}\n`)
}
