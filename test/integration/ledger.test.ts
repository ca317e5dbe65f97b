import { writeFileSync } from 'node:fs'
import sql from 'sql-template-tag'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CallsFact } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { LabPostgres } from '../../src/lab/postgres.ts'
import { makeCheckpoint, publicKeyOf, readPublished, signingKey } from '../../src/ledger/checkpoints.ts'
import { erasePersonal } from '../../src/ledger/erase.ts'
import { migrate, versionOf } from '../../src/ledger/migrate.ts'
import { migrations } from '../../src/ledger/migrations.ts'
import { LedgerQueries } from '../../src/ledger/queries.ts'
import { rebuildLedger } from '../../src/ledger/rebuild.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { type GivenLedger, givenLedger, startLabPostgres } from '../support/given-ledger.ts'
import { callFact, handoverFact } from '../support/journal-facts.ts'

let postgres: LabPostgres
const open: GivenLedger[] = []

beforeAll(async () => {
  postgres = await startLabPostgres('ledger-postgres')
}, 120_000)
afterEach(async () => {
  await Promise.all(open.splice(0).map((ledger) => ledger.close()))
})
afterAll(() => postgres.stop())

async function given(options: Parameters<typeof givenLedger>[1] = {}): Promise<GivenLedger> {
  const made = await givenLedger(postgres, options)
  open.push(made)
  return made
}

/** A hand-over from its press to its end, with what was said. */
const story = (id: string, more: { readonly number?: string; readonly ticket?: string; readonly item?: string } = {}): readonly CallsFact[] =>
  (['handover-requested', 'handover-ringing', 'handover-completed'] as const).map((type, i) => {
    const fact = handoverFact(id, type, i + 1) as Extract<CallsFact, { handover: object }>
    const { number = fact.call.caller.number, ticket, item } = more
    return {
      ...fact,
      call: { ...fact.call, caller: { number, name: '王女士' }, ...(ticket ? { ticket } : {}) },
      handover: { ...fact.handover, reason: '家里有人打架', ...(item ? { matter: { category: '社会治安类', item } } : {}) },
    }
  })

/** Whatever is done to it by somebody who may do everything in Postgres. */
async function tamper(ledger: GivenLedger, statement: string): Promise<void> {
  await ledger.database.run(`ALTER TABLE events DISABLE TRIGGER ALL; ${statement}; ALTER TABLE events ENABLE TRIGGER ALL`)
}
const verified = (ledger: GivenLedger, published?: Parameters<typeof verifyLedger>[2]) => verifyLedger(ledger.database, publicKeyOf(signingKey(ledger.config.keyFile)), published)
const sign = (ledger: GivenLedger) => makeCheckpoint(ledger.database, signingKey(ledger.config.keyFile), ledger.config.checkpointFile)

describe('the ledger', () => {
  it('has every fact of the journal, in its order, once, whatever of both ends meanwhile', async () => {
    const ledger = await given()
    for (let i = 0; i < 30; i++) {
      // oxlint-disable-next-line no-await-in-loop -- Postgres dies in the middle of it
      await ledger.journal.append(story(`ho-${i}`))
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (i % 10 === 5) await postgres.kill().then(() => postgres.start())
    }
    await ledger.caughtUp()
    const facts = (await ledger.journal.read(0, 1_000)).map(({ position }) => position)
    const events = await ledger.database.query<{ position: string }>(sql`SELECT position FROM events ORDER BY id`)
    expect(events.map(({ position }) => Number(position))).toEqual(facts)
    expect(await verified(ledger)).toMatchObject({ events: 90, chains: 30, findings: [] })
  }, 60_000)

  it('is written when Postgres comes, which was away at the start', async () => {
    await postgres.stop()
    const ledger = await givenLedger(postgres, { url: postgres.url })
    open.push(ledger)
    await ledger.journal.append(story('ho-1'))
    await eventually(() => ledger.ledger.health(), ({ ok }) => !ok)
    await postgres.start()
    await ledger.caughtUp()
    expect(await eventually(() => ledger.ledger.health(), ({ ok }) => ok)).toEqual({ ok: true })
  }, 60_000)

  it('goes on with a new journal where the old one was lost', async () => {
    const first = await given()
    await first.journal.append(story('ho-1'))
    await first.caughtUp()
    const second = await given({ url: first.config.url })
    await second.journal.append(story('ho-2'))
    await second.caughtUp()
    const { items } = await new LedgerQueries(second.database).handovers({}, 10)
    expect(items.map(({ handover }) => handover.id).toSorted()).toEqual(['ho-1', 'ho-2'])
    expect(await verified(second)).toMatchObject({ events: 6, findings: [] })
  })
})

describe('a change in the ledger is found', () => {
  it.each([
    ['an event was changed', `UPDATE events SET body = replace(body::text, '"110"', '"12345"')::json WHERE link = 2 AND chain = 'ho-1'`, 'ho-1', /link 2 was changed/],
    ['an event was removed', `DELETE FROM events WHERE link = 2 AND chain = 'ho-1'`, 'ho-1', /link 2 is missing/],
    ['the last event was removed', `DELETE FROM events WHERE link = 3 AND chain = 'ho-1'; UPDATE chains SET link = 2 WHERE chain = 'ho-1'`, 'ho-1', /its end is missing/],
    ['a hand-over was removed', `DELETE FROM events WHERE chain = 'ho-1'; DELETE FROM chains WHERE chain = 'ho-1'`, 'ho-1', /it is missing/],
    ['a number was changed', `UPDATE personal SET value = '110' WHERE kind = 'number' AND subject = 'call-ho-1'`, 'personal', /a value of call-ho-1 was changed/],
    ['a checkpoint was removed', `DELETE FROM checkpoints WHERE number = 1`, 'checkpoints', /checkpoint 1 is missing/],
    ['a checkpoint was changed', `UPDATE checkpoints SET text = replace(text, ',3,', ',2,')`, 'checkpoints', /not signed by this ledger/],
  ])('%s', async (_what, statement, where, what) => {
    const ledger = await given()
    await ledger.journal.append([...story('ho-1'), ...story('ho-2')])
    await ledger.caughtUp()
    await sign(ledger)
    await ledger.journal.append(story('ho-3'))
    await ledger.caughtUp()
    await sign(ledger)
    expect((await verified(ledger)).findings).toEqual([])
    await tamper(ledger, statement)
    const { findings } = await verified(ledger)
    expect(findings.filter((finding) => finding.where === where).map((finding) => finding.what)).toContainEqual(expect.stringMatching(what))
  })

  it('everything was written anew, checkpoints too: by a copy of the published file', async () => {
    const ledger = await given()
    await ledger.journal.append(story('ho-1'))
    await ledger.caughtUp()
    await sign(ledger)
    const kept = readPublished(ledger.config.checkpointFile)
    await tamper(ledger, 'DELETE FROM checkpoints; DELETE FROM events; DELETE FROM chains; DELETE FROM personal')
    await ledger.journal.append(story('ho-1').slice(0, 2))
    await ledger.caughtUp()
    expect((await verified(ledger)).findings).toEqual([])
    expect((await verified(ledger, kept)).findings).not.toEqual([])
  })

  it('the published file catches up where it could not be written, or was cut off', async () => {
    const ledger = await given()
    await ledger.journal.append(story('ho-1'))
    await ledger.caughtUp()
    await sign(ledger)
    for (const left of ['', '{"text":"{\\"numb']) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      writeFileSync(ledger.config.checkpointFile, left)
      expect(readPublished(ledger.config.checkpointFile)).toEqual([])
      await ledger.journal.append(story(`ho-2${left.length}`))
      await ledger.caughtUp()
      await sign(ledger)
      /* oxlint-enable no-await-in-loop */
    }
    expect(readPublished(ledger.config.checkpointFile)).toHaveLength(3)
    expect((await verified(ledger, readPublished(ledger.config.checkpointFile))).findings).toEqual([])
  })

  it('Postgres itself refuses to change an event', async () => {
    const ledger = await given()
    await ledger.journal.append(story('ho-1'))
    await ledger.caughtUp()
    for (const statement of [`UPDATE events SET type = 'x'`, 'DELETE FROM events', 'TRUNCATE events']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(ledger.database.run(statement)).rejects.toThrow('only ever added')
    }
  })
})

describe('personal data', () => {
  it('of a number are forgotten, and what happened is still proved', async () => {
    const ledger = await given()
    await ledger.journal.append([...story('ho-1', { number: '13800001234' }), ...story('ho-2', { number: '13900005678' })])
    await ledger.caughtUp()
    expect((await erasePersonal(ledger.database, { number: '13800001234' })).records).toHaveLength(1)
    const { items } = await new LedgerQueries(ledger.database).handovers({}, 10)
    const told = items.map(({ handover, call }) => [handover.id, handover.state, handover.reason, call.caller])
    expect(told).toContainEqual(['ho-1', 'completed', 'erased', { number: 'erased', name: 'erased' }])
    expect(told).toContainEqual(['ho-2', 'completed', '家里有人打架', { number: '13900005678', name: '王女士' }])
    expect((await verified(ledger)).findings).toEqual([])
    const everything = await ledger.database.query<{ text: string }>(sql`SELECT (SELECT json_agg(e) FROM events e)::text || (SELECT json_agg(c) FROM calls c)::text || (SELECT json_agg(h) FROM handovers h)::text || (SELECT json_agg(p) FROM personal p)::text AS text`)
    expect(everything[0]?.text).not.toContain('13800001234')
  })
})

describe('the read models', () => {
  it('are made again from the events, as they were', async () => {
    const ledger = await given()
    await ledger.journal.append([callFact('call-1', 1), ...story('ho-1', { ticket: 'T-1', item: '打架斗殴' }), ...story('ho-2')])
    await ledger.caughtUp()
    const read = async () => ({ calls: await ledger.database.query(sql`SELECT * FROM calls ORDER BY id`), handovers: await ledger.database.query(sql`SELECT * FROM handovers ORDER BY id`) })
    const before = await read()
    await ledger.database.run(`DELETE FROM handovers; UPDATE calls SET state = 'spoilt'`)
    expect(await rebuildLedger(ledger.database)).toBe(7)
    expect(await read()).toEqual(before)
  })

  it('stand as the last fact in the call’s own order has it, though an earlier one came later', async () => {
    const ledger = await given()
    const [requested, ringing, completed] = story('ho-1')
    await ledger.journal.append([requested, completed].flatMap((fact) => fact ?? []))
    await ledger.caughtUp()
    await ledger.journal.append(ringing ? [ringing] : [])
    await ledger.caughtUp()
    const { items } = await new LedgerQueries(ledger.database).handovers({}, 10)
    expect(items.map(({ handover }) => handover.state)).toEqual(['completed'])
  })

  it('are found by number, ticket, matter, platform and time, page by page', async () => {
    const ledger = await given()
    const stories = Array.from({ length: 7 }, (_, i) => story(`ho-${i}`, { number: `1380000000${i}`, ticket: `T-${i}`, item: i % 2 ? '打架斗殴' : '噪音' }))
    await ledger.journal.append(stories.flat())
    await ledger.caughtUp()
    const queries = new LedgerQueries(ledger.database)
    const found = async (filter: Parameters<LedgerQueries['handovers']>[0]) => (await queries.handovers(filter, 100)).items.map(({ handover }) => handover.id).toSorted()
    expect(await found({ number: '13800000003' })).toEqual(['ho-3'])
    expect(await found({ ticket: 'T-4' })).toEqual(['ho-4'])
    expect(await found({ call: 'call-ho-5' })).toEqual(['ho-5'])
    expect(await found({ category: '社会治安类', item: '打架斗殴' })).toEqual(['ho-1', 'ho-3', 'ho-5'])
    expect(await found({ platform: '12345' })).toEqual([])
    expect(await found({ platform: '110', state: 'completed', agent: 'a1' })).toHaveLength(7)
    expect(await found({ from: '2026-11-23T08:00:02.000Z' })).toEqual([])
    expect(await found({ from: '2026-11-23T08:00:01.000Z', to: '2026-11-23T08:00:02.000Z' })).toHaveLength(7)
    expect((await queries.calls({ number: '13800000003' }, 100)).items.map(({ id }) => id)).toEqual(['call-ho-3'])
    const paged: string[] = []
    let cursor: string | undefined
    do {
      // oxlint-disable-next-line no-await-in-loop -- a page after the other
      const page = await queries.handovers({}, 2, cursor)
      paged.push(...page.items.map(({ handover }) => handover.id))
      cursor = page.next
    } while (cursor !== undefined)
    expect(paged).toEqual(['ho-6', 'ho-5', 'ho-4', 'ho-3', 'ho-2', 'ho-1', 'ho-0'])
    const { items } = await queries.events({ handover: 'ho-2' }, 100)
    expect(items.map(({ fact }) => fact)).toEqual(stories[2])
  })
})

describe('the tables', () => {
  it('go back and forth, each step by its name', async () => {
    const ledger = await given()
    await ledger.journal.append(story('ho-1'))
    await ledger.caughtUp()
    expect(await versionOf(ledger.database)).toBe(migrations.length)
    expect(await migrate(ledger.database, 1)).toEqual([6, 5, 4, 3, 2, 1].map((version) => `back to ${version}: ${migrations[version]?.name}`))
    expect(await migrate(ledger.database)).toEqual([2, 3, 4, 5, 6, 7].map((version) => `to ${version}: ${migrations[version - 1]?.name}`))
    await rebuildLedger(ledger.database)
    const { items } = await new LedgerQueries(ledger.database).handovers({}, 10)
    expect(items.map(({ handover }) => handover.state)).toEqual(['completed'])
  })

  it('of a later version are left alone', async () => {
    const ledger = await given()
    await ledger.journal.append(story('ho-1'))
    await ledger.caughtUp()
    await ledger.database.run(`INSERT INTO ledger_version (version, name) VALUES (99, 'of tomorrow')`)
    await expect(migrate(ledger.database)).rejects.toThrow(/version 99/)
  })
})
