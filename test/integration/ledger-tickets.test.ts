import { text } from 'node:stream/consumers'
import sql from 'sql-template-tag'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { TicketBook, type TicketRules } from '../../src/dispatch/ticket-book.ts'
import type { Ticket, TicketCommand } from '../../src/domain/ticket/ticket.ts'
import type { LabPostgres } from '../../src/lab/postgres.ts'
import { publicKeyOf, signingKey } from '../../src/ledger/checkpoints.ts'
import { compareLedgers } from '../../src/ledger/compare.ts'
import { erasePersonal } from '../../src/ledger/erase.ts'
import { exportTable } from '../../src/ledger/export.ts'
import { LedgerQueries } from '../../src/ledger/queries.ts'
import { rebuildLedger } from '../../src/ledger/rebuild.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { type GivenLedger, givenLedger, startLabPostgres } from '../support/given-ledger.ts'
import { incident, order } from '../support/intake.ts'

const at = '2026-11-27T06:00:00.000Z'
const noDeadlines: TicketRules = { deadlines: { rules: [], warnAfter: 1, calendar: { timeZone: 'UTC', hours: [], weekdays: [], holidays: [], workdays: [] } }, mostReturns: 3, lapseAfterDays: 30 }
let postgres: LabPostgres
let ledger: GivenLedger
let book: TicketBook

beforeAll(async () => {
  postgres = await startLabPostgres('ledger-tickets')
}, 120_000)
afterEach(() => ledger.close())
afterAll(() => postgres.stop())

async function given(): Promise<LedgerQueries> {
  ledger = await givenLedger(postgres)
  book = await TicketBook.load(ledger.journal, noDeadlines)
  return new LedgerQueries(ledger.database)
}

async function push(id: string, from: Ticket['from'] = '12345'): Promise<void> {
  const to = from === '12345' ? '110' : '12345'
  const done = await book.register({ id, from, to, urgency: 'routine', intake: to === '110' ? incident : order, by: '1001', matter: { category: '社会治安类', item: '殴打伤害事故' }, reason: '先期处置' }, at)
  await ('faults' in done ? Promise.reject(new Error('its form is not filled in')) : done.committed)
}

const receiver = { platform: '110', by: '2001', at } as const
const steps: readonly TicketCommand[] = [{ ...receiver, do: 'accept', reference: 'J-1' }, { ...receiver, do: 'report', step: 'on-scene', text: '已见到王女士' }]

async function carryOut(id: string, commands: readonly TicketCommand[] = steps): Promise<void> {
  for (const command of commands) {
    /* oxlint-disable no-await-in-loop -- one after the other */
    const done = await book.carryOut(id, command, at)
    await ('kind' in done ? Promise.reject(new Error(done.code)) : done.committed)
    /* oxlint-enable no-await-in-loop */
  }
}

const verified = () => verifyLedger(ledger.database, publicKeyOf(signingKey(ledger.config.keyFile)), undefined)

it('are found by what they are about, as they stand last, also when they are made again from the events', async () => {
  const queries = await given()
  await push('ho-1')
  await push('ho-2', '110')
  await carryOut('ho-1')
  await ledger.caughtUp()
  const found = async (filter: Parameters<LedgerQueries['tickets']>[0]) => (await queries.tickets(filter, 10)).items.map(({ id, state }) => [id, state])
  const everything = async () => [await found({}), await found({ number: incident.callerNumber }), await found({ ticket: 'J-1' }), await found({ platform: '12345' }), await found({ state: 'on-scene', mode: 'push' }), await found({ item: '路灯故障' })]
  const wanted = [[['ho-2', 'sent'], ['ho-1', 'on-scene']], [['ho-1', 'on-scene']], [['ho-1', 'on-scene']], [['ho-2', 'sent']], [['ho-1', 'on-scene']], []]
  expect(await everything()).toEqual(wanted)
  expect((await queries.tickets({ ticket: 'ho-1' }, 1)).items[0]).toMatchObject({ intake: incident, reason: '先期处置', steps: [{}, {}, { step: 'on-scene', text: '已见到王女士' }] })
  await rebuildLedger(ledger.database)
  expect(await everything()).toEqual(wanted)
})

it('are in their hand-over’s chain, and forgotten with the citizen, while the chain holds', async () => {
  const queries = await given()
  await push('ho-1')
  await carryOut('ho-1')
  await ledger.caughtUp()
  const kept = JSON.stringify(await ledger.database.query(sql`SELECT chain, body FROM events`))
  for (const personal of [incident.callerNumber, incident.callerName, incident.content, incident.address, '王女士', '先期处置']) expect(kept).not.toContain(personal)
  expect(await ledger.database.query(sql`SELECT chain, count(*)::int AS n FROM events GROUP BY chain`)).toEqual([{ chain: 'ho-1', n: 3 }])
  expect((await erasePersonal(ledger.database, { number: incident.callerNumber })).records).toEqual(['ho-1'])
  expect((await queries.tickets({}, 1)).items[0]).toMatchObject({ state: 'on-scene', intake: { callerNumber: 'erased', content: 'erased', incidentLevel: '2' }, reason: 'erased', steps: [{}, {}, { text: 'erased' }] })
  expect((await verified()).findings).toEqual([])
})

it('of which a long or odd text is told stop nobody: the ledger goes on, and its chain holds', async () => {
  const queries = await given()
  await push('ho-1')
  await carryOut('ho-1', [{ ...receiver, do: 'complete', intake: { content: '长'.repeat(4_000) } }, { ...receiver, do: 'report', step: 'on-scene', text: `\u0000 \ud83d ${'长'.repeat(1_900)}` }])
  await ledger.caughtUp()
  const [ticket] = (await queries.tickets({}, 1)).items
  expect(ticket?.intake['content']).toBe('长'.repeat(4_000))
  expect(ticket?.steps.at(-1)?.text).toBe(`\u{fffd} \u{fffd} ${'长'.repeat(1_900)}`)
  expect((await verified()).findings).toEqual([])
})

it('are exported, one a line', async () => {
  await given()
  await push('ho-1')
  await carryOut('ho-1')
  await ledger.caughtUp()
  const csv = await text(await exportTable(ledger.database, { subject: 'tickets', format: 'csv', masked: true }))
  const [head = '', line = ''] = csv.trim().split('\n')
  const row = Object.fromEntries(head.split(',').map((name, index) => [name, line.split(',')[index]]))
  expect(row).toMatchObject({ id: 'ho-1', state: 'on-scene', from: '12345', to: '110', number110: 'J-1', returns: '0', name: '王**', number: '138****1234', address: incident.address })
})

it('of two platforms are held against each other: what one has otherwise, or not at all, is told', async () => {
  await given()
  const here = ledger
  await push('ho-1')
  await push('ho-2')
  await carryOut('ho-1')
  await here.caughtUp()
  await given()
  await push('ho-1')
  await push('ho-3')
  await carryOut('ho-1', steps.slice(0, 1))
  await ledger.caughtUp()
  const compared = () => compareLedgers(here.database, ledger.database, {})
  expect(await compared()).toEqual({ tickets: 3, disagreements: expect.arrayContaining([{ ticket: 'ho-1', what: 'state, steps' }, { ticket: 'ho-2', what: 'missing-there' }, { ticket: 'ho-3', what: 'missing-here' }]) })
  await carryOut('ho-1', steps.slice(1))
  await ledger.caughtUp()
  expect(new Set((await compared()).disagreements.map(({ ticket }) => ticket))).toEqual(new Set(['ho-2', 'ho-3']))
  await here.close()
})

async function mark(id: string): Promise<void> {
  const stated = { reason: 'secret', cause: '涉密' } as const
  await book.mark({ ticketId: id }, ['12345', '110'], stated, { platform: '12345', by: '1001', at })?.committed
}

it('that are need-to-know are compared where both have them, and left out of what is for nobody; also when all is made again', async () => {
  await given()
  const here = ledger
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const id of ['ho-1', 'ho-2', 'ho-4']) await push(id)
  // oxlint-disable-next-line no-await-in-loop -- as above
  for (const id of ['ho-1', 'ho-2']) await mark(id)
  await here.caughtUp()
  await rebuildLedger(here.database)
  await given()
  await push('ho-1')
  await ledger.caughtUp()
  expect(await compareLedgers(here.database, ledger.database, {})).toEqual({ tickets: 2, disagreements: [{ ticket: 'ho-4', what: 'missing-there' }, { ticket: 'ho-1', what: 'needToKnow' }] })
  const nobody = { records: [], reasons: [], handled: [] }
  for (const subject of ['tickets', 'events'] as const) {
    const lines = await text(await exportTable(here.database, { subject, format: 'jsonl', withheld: nobody }))
    expect([lines.includes('ho-1'), lines.includes('ho-2'), lines.includes('ho-4')]).toEqual([false, false, true])
  }
  await here.close()
})
