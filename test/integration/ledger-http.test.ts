import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallsFact } from '../../src/domain/facts.ts'
import type { LabPostgres } from '../../src/lab/postgres.ts'
import { LedgerAccess } from '../../src/ledger/access.ts'
import { type GivenHttp, givenHttp, withArchiveKey, withKey } from '../support/given-http.ts'
import { type GivenLedger, givenLedger, startLabPostgres } from '../support/given-ledger.ts'
import { handoverFact } from '../support/journal-facts.ts'

let postgres: LabPostgres
let ledger: GivenLedger
let access: LedgerAccess
let given: GivenHttp

/** What the agent wrote would be a formula in a spreadsheet, and has all that CSV must quote. */
const said = '=1+1,"家里"\n有人\\打架'

beforeAll(async () => {
  postgres = await startLabPostgres('ledger-http-postgres')
  ledger = await givenLedger(postgres)
  access = new LedgerAccess(ledger.config)
  given = await givenHttp({ ledger: access })
  for (const id of ['ho-1', 'ho-2', 'ho-3']) {
    const [requested, completed] = (['handover-requested', 'handover-completed'] as const).map((type, i) => told(id, type, i + 1))
    // oxlint-disable-next-line no-await-in-loop -- in their order
    await ledger.journal.append([requested, completed].flatMap((fact) => fact ?? []))
  }
  await ledger.caughtUp()
}, 120_000)
afterAll(async () => {
  await given.close()
  await access.close()
  await ledger.close()
  await postgres.stop()
})

function told(id: string, type: 'handover-requested' | 'handover-completed', sequence: number): CallsFact {
  const fact = handoverFact(id, type, sequence) as Extract<CallsFact, { handover: object }>
  return { ...fact, call: { ...fact.call, caller: { number: `1380000000${id.at(-1)}`, name: '王女士' } }, handover: { ...fact.handover, reason: said, matter: { category: '社会治安类', item: '打架斗殴' } } }
}
const get = (url: string) => given.http.inject({ url, headers: withKey })

const pressed = (id: string, more: object) => {
  const fact = handoverFact(id, 'handover-requested', 1) as Extract<CallsFact, { handover: object }>
  return { ...fact, handover: { ...fact.handover, ...more } } as CallsFact
}
const counted = async (query = '') => (await get(`/v1/ledger/overrides${query}`)).json<{ items: object[] }>().items
const reasons = async () => (await get('/v1/ledger/events?call=call-ho-4')).json<{ items: { fact: { type: string; reason?: string } }[] }>().items.flatMap(({ fact }) => (fact.type === 'decision-recorded' ? [fact.reason] : []))

describe('the ledger over HTTP', () => {
  it('finds hand-overs with their calls, page by page', async () => {
    const first = (await get('/v1/ledger/handovers?item=%E6%89%93%E6%9E%B6%E6%96%97%E6%AE%B4&limit=2')).json<{ items: { handover: { id: string; reason: string }; call: { caller: object } }[]; next: string }>()
    expect(first.items.map(({ handover }) => handover.id)).toEqual(['ho-3', 'ho-2'])
    expect(first.items[0]).toMatchObject({ handover: { reason: said }, call: { caller: { number: '13800000003', name: '王女士' } } })
    const second = (await get(`/v1/ledger/handovers?limit=2&cursor=${first.next}`)).json<typeof first>()
    expect(second.items.map(({ handover }) => handover.id)).toEqual(['ho-1'])
    expect(second).not.toHaveProperty('next')
  })

  it('finds calls by the citizen’s number, and tells what happened', async () => {
    expect((await get('/v1/ledger/calls?number=13800000002')).json()).toMatchObject({ items: [{ id: 'call-ho-2' }] })
    const { items } = (await get('/v1/ledger/events?call=call-ho-2')).json<{ items: { fact: { type: string }; hash: string }[] }>()
    expect(items.map(({ fact }) => fact.type)).toEqual(['handover-requested', 'handover-completed'])
    expect(items[0]?.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('knows a hand-over that the journal does not know any more', async () => {
    expect((await get('/v1/handovers/ho-2')).json()).toMatchObject({ handover: { id: 'ho-2', state: 'completed', reason: said } })
    expect((await get('/v1/handovers/ho-of-nobody')).json()).toMatchObject({ code: 'handover-not-found' })
  })

  it('asks of whom, and says what it does not know', async () => {
    expect((await get('/v1/ledger/events')).statusCode).toBe(400)
    expect((await get('/v1/ledger/handovers?matter=x')).json()).toMatchObject({ code: 'invalid-request', errors: [{ reason: 'unknown field' }] })
    expect((await get('/v1/ledger/handovers?from=yesterday')).json()).toMatchObject({ code: 'invalid-request' })
  })

  it('exports JSON lines and CSV which a spreadsheet reads as text; each export is a fact', async () => {
    const lines = (await get('/v1/ledger/export?subject=handovers&format=jsonl')).body.trim().split('\n')
    const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(rows.map(({ id, number, reason, state }) => [id, number, reason, state])).toEqual(['1', '2', '3'].map((n) => [`ho-${n}`, `1380000000${n}`, `'${said}`, 'completed']))
    const csv = await get('/v1/ledger/export?subject=handovers&format=csv&to=2030-01-01T00:00:00Z')
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(csv.body.startsWith('\uFEFFid,call,requestedAt,')).toBe(true)
    expect(csv.body).toContain(`"'=1+1,""家里""\n有人\\打架"`)
    expect((await get('/v1/ledger/export?subject=handovers&format=csv&from=2030-01-01T00:00:00Z')).body.trim().split('\n')).toHaveLength(1)
    expect((await get('/v1/ledger/export?subject=events&format=jsonl')).body.trim().split('\n')).toHaveLength(6)
    expect((await get('/v1/ledger/export?subject=calls&format=csv')).body.trim().split('\n')).toHaveLength(4)
    const facts = (await given.journal.read(0, 100)).map(({ fact }) => fact)
    expect(facts.filter(({ type }) => type === 'ledger-exported')).toMatchObject([{ by: 'desk', subject: 'handovers', format: 'jsonl' }, { format: 'csv', to: '2030-01-01T00:00:00Z' }, {}, {}, {}])
  })

  it('exports numbers and names masked for who need not know them', async () => {
    const { key } = (await given.http.inject({ method: 'POST', url: '/v1/keys', headers: withArchiveKey, payload: { name: 'checks', role: 'auditor' } })).json<{ key: string }>()
    const asAuditor = (url: string) => given.http.inject({ url, headers: { authorization: `Bearer ${key}` } })
    const calls = (await asAuditor('/v1/ledger/export?subject=calls&format=jsonl')).body.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(calls.map(({ number, name }) => [number, name])).toEqual(['1', '2', '3'].map((n) => [`138****000${n}`, '王**']))
    expect((await asAuditor('/v1/ledger/export?subject=handovers&format=csv')).body).not.toMatch(/1380000000/)
    expect((await asAuditor('/v1/ledger/handovers?limit=1')).json()).toMatchObject({ items: [{ call: { caller: { number: '138****0003', name: '王**' } } }] })
    const erasure = await given.http.inject({ method: 'POST', url: '/v1/ledger/erasures', headers: { authorization: `Bearer ${key}` }, payload: { call: 'call-ho-1' } })
    expect(erasure.json()).toMatchObject({ code: 'forbidden' })
  })

  it('counts what was done otherwise than the policy says, at the key and without one; with what it was for, it is forgotten', async () => {
    const against = { mode: 'keep', platform: '12345', urgency: 'routine', paragraphs: ['§1'], warnings: [], followed: false } as const
    const kept = { type: 'decision-recorded', version: 2, at: '2026-11-23T09:00:00.000Z', by: 'desk', callId: 'call-ho-4', agent: 'a1', facts: { at: '12345', channel: 'phone', responsibility: '110' }, decision: { ...against, mode: 'transfer', platform: '110', paragraphs: ['§4'] }, mode: 'keep', platform: '12345', reason: said } as const
    await ledger.journal.append([pressed('ho-4', { decision: against }), pressed('ho-5', { decision: against, reason: 'she insists' }), pressed('ho-6', { decision: { ...against, followed: true } }), kept])
    await ledger.caughtUp()
    const [atTheKey, without] = [
      { agent: 'a1', decided: 'keep', decidedFor: '12345', paragraph: '§1', did: 'transfer', didFor: '110', count: 2, withoutReason: 1 },
      { agent: 'a1', decided: 'transfer', decidedFor: '110', paragraph: '§4', did: 'keep', didFor: '12345', count: 1, withoutReason: 0 },
    ]
    expect(await counted()).toEqual([atTheKey, without])
    expect(await counted('?from=2026-11-23T08:30:00Z')).toEqual([without])
    expect(await reasons()).toEqual([said])
    await given.http.inject({ method: 'POST', url: '/v1/ledger/erasures', headers: withKey, payload: { call: 'call-ho-4' } })
    expect(await reasons()).toEqual(['erased'])
  })

  it('forgets a citizen, and says who asked for it, not whom', async () => {
    const erase = (payload: object) => given.http.inject({ method: 'POST', url: '/v1/ledger/erasures', headers: withKey, payload })
    expect((await erase({})).statusCode).toBe(400)
    expect((await erase({ number: '13800000001' })).json()).toEqual({ calls: 1 })
    expect((await erase({ number: '13800000001' })).json()).toEqual({ calls: 0 })
    expect((await get('/v1/ledger/calls?number=13800000001')).json()).toEqual({ items: [] })
    expect((await get('/v1/ledger/handovers?call=call-ho-1')).json()).toMatchObject({ items: [{ handover: { reason: 'erased' }, call: { caller: { number: 'erased' } } }] })
    const facts = (await given.journal.read(0, 100)).map(({ fact }) => fact)
    expect(facts.findLast(({ type, ...fact }) => type === 'personal-data-erased' && 'calls' in fact && fact.calls === 1)).toMatchObject({ by: 'desk' })
  })

  it('answers within seconds when its database is away, and again when it is back', async () => {
    await postgres.stop()
    expect((await get('/v1/ledger/handovers')).json()).toMatchObject({ code: 'ledger-away' })
    await postgres.start()
    await expect.poll(async () => (await get('/v1/ledger/handovers')).statusCode, { timeout: 20_000 }).toBe(200)
  })
})
