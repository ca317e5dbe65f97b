import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CallsFact } from '../../src/domain/facts.ts'
import { type JournalFile, type JournalOptions, openJournal } from '../../src/journal/open-journal.ts'
import { DeliveryStore } from '../../src/tickets/delivery-store.ts'
import { callFact, handoverFact } from '../support/journal-facts.ts'

let dir: string
let journal: JournalFile

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'journal-'))
})
afterEach(async () => {
  await journal?.close()
  rmSync(dir, { recursive: true })
})

async function given(options: Omit<JournalOptions, 'path'> = {}): Promise<JournalFile> {
  journal = await openJournal({ path: join(dir, 'journal.sqlite'), readers: ['tickets', 'ledger'], ...options })
  return journal
}

const ago = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString()
/** A hand-over, and the end of its call. */
const story = (id: string, at: string): readonly CallsFact[] => [
  { ...handoverFact(id, 'handover-requested', 1), at },
  { ...handoverFact(id, 'handover-completed', 2), at },
  { ...callFact(`call-${id}`, 3), type: 'call-ended', at },
]
const idsLeft = async (): Promise<readonly string[]> => {
  const facts = (await journal.read(0, 10_000)).map(({ fact }) => fact)
  return [...new Set(facts.flatMap((fact) => ('call' in fact ? [fact.call.id.replace('call-', '')] : [])))]
}
const lastPosition = async (): Promise<number> => (await journal.read(0, 10_000)).at(-1)?.position ?? 0

describe('old facts', () => {
  it('are forgotten when every reader has read them, and not before', async () => {
    await given()
    await journal.append([...story('old', ago(40)), ...story('new', ago(20))])
    await journal.upkeep()
    expect(await idsLeft()).toEqual(['old', 'new'])
    journal.reached('ledger', await lastPosition())
    await journal.upkeep()
    expect(await idsLeft()).toEqual(['old', 'new'])
    journal.reached('tickets', await lastPosition())
    await journal.upkeep()
    expect(await idsLeft()).toEqual(['new'])
    expect(await journal.handovers(10)).toHaveLength(1)
  })

  it('stay while something stands as they say: a call that has not ended, an agent, a ticket that was not told', async () => {
    await given()
    await journal.append([
      { ...callFact('call-open', 1), at: ago(40) },
      { type: 'agent-changed', version: 2, at: ago(40), agent: '1001', state: 'paused' },
      ...story('told', ago(40)),
      ...story('dead', ago(40)),
    ])
    const position = async (id: string) => (await journal.factsOfHandover(id))[0]?.position ?? 0
    const store = new DeliveryStore(journal.tables)
    const delivery = async (id: string) => ({ id: `msg_${id}`, endpoint: 'e', subject: id, position: await position(id), event: 'handover.requested', state: 'pending', attempts: 0, nextAt: 0, updatedAt: 0 }) as const
    const [told, dead] = [await delivery('told'), await delivery('dead')]
    await store.plan([told, dead], 1)
    await store.record({ ...told, state: 'delivered', attempts: 1 }, { at: 1, ms: 1, outcome: 'http-204', answer: '' })
    await store.record({ ...dead, state: 'failed', attempts: 1 }, { at: 1, ms: 1, outcome: 'http-400', answer: '' })
    for (const reader of ['tickets', 'ledger']) journal.reached(reader, await lastPosition())
    await journal.upkeep()
    expect(await idsLeft()).toEqual(['open', 'dead'])
    expect((await journal.openCalls()).map(({ last }) => ('call' in last ? last.call.id : ''))).toEqual(['call-open'])
    expect(await journal.agents()).toMatchObject([{ agent: '1001', state: 'paused' }])
    expect((await store.list({}, 10)).map(({ id }) => id)).toEqual(['msg_dead'])
    expect(await store.attempts('msg_told')).toEqual([])
    expect(await store.attempts('msg_dead')).toHaveLength(1)
  })

  it('go sooner where the journal is as big as it may be, and an alarm says so while it stays big', async () => {
    await given({ maxBytes: 1_500_000 })
    const many = Array.from({ length: 900 }, (_, i) => story(`ho-${i}`, ago(2))).flat()
    await journal.append(many)
    await journal.upkeep()
    expect(journal.health()).toMatchObject({ ok: false, reason: expect.stringMatching(/MiB of 1 are in use; not read yet by tickets and ledger/) })
    for (const reader of ['tickets', 'ledger']) journal.reached(reader, await lastPosition())
    await journal.upkeep()
    expect(await idsLeft()).toEqual([])
    expect(journal.health()).toMatchObject({ ok: true })
  })
})

it('a disk that fills up: an alarm long before, and facts are still written from the reserve', async () => {
  const mounted = join(dir, 'small')
  mkdirSync(mounted)
  // A disk of its own, which is gone with the process.
  const script = `mount -t tmpfs -o size=12m tmpfs '${mounted}' && exec '${process.execPath}' '${join(import.meta.dirname, '../support/journal-filler.ts')}' '${mounted}'`
  const { stdout } = await promisify(execFile)('unshare', ['--mount', 'sh', '-c', script])
  const said = JSON.parse(stdout) as Record<string, unknown>
  expect(said).toMatchObject({
    reserved: 2_097_152,
    early: { ok: true },
    low: { ok: false, reason: expect.stringMatching(/^[0-9] MiB are left on the disk$/) },
    written: { ok: false, waiting: 0, reason: expect.stringMatching(/reserve/) },
    after: { ok: true },
    again: 2_097_152,
    facts: 2_000,
  })
  expect(said['full']).toEqual(Array(20).fill(true))
})
