import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Handover } from '../../src/domain/handover/handover.ts'
import type { DeliveryView } from '../../src/tickets/deliveries.ts'
import { type GivenHttp, givenHttp, newJournalPath, withKey } from '../support/given-http.ts'
import { handoverFact } from '../support/journal-facts.ts'

interface Answer {
  handover: Handover
  created: boolean
  durable: boolean
}
interface Page {
  items: Handover[]
  next?: string
}

const delivery: DeliveryView = {
  id: 'msg_1',
  endpoint: 'tickets-110',
  subject: 'ho_1',
  event: 'handover.requested',
  state: 'pending',
  attempts: 2,
  lastOutcome: 'http-503',
  updatedAt: '2026-11-23T08:00:01.000Z',
}
let path: string
let given: GivenHttp

beforeEach(async () => {
  path = newJournalPath()
  given = await givenHttp({ path, deliveries: [delivery] })
})
afterEach(async () => {
  await given.close()
  rmSync(dirname(path), { recursive: true })
})

const get = (url: string) => given.http.inject({ url, headers: withKey })
const press = (body: object) => given.http.inject({ method: 'POST', url: '/v1/handovers', headers: withKey, payload: { mode: 'transfer', ...body } })
const cancel = (id: string) => given.http.inject({ method: 'POST', url: `/v1/handovers/${id}/cancel`, headers: withKey })
const show = async (id: string) => (await get(`/v1/handovers/${id}`)).json<{ handover: Handover; deliveries: DeliveryView[] }>()
const pageOf = async (limit: number, cursor?: string) =>
  (await get(`/v1/handovers?limit=${limit}${cursor === undefined ? '' : `&cursor=${cursor}`}`)).json<Page>()

describe('calls', () => {
  it('are shown with everything that is known of them, live and ended', async () => {
    expect((await get('/v1/calls')).json()).toEqual({ items: [] })
    const { call, caller } = given.control.talk('1001')
    await press({ agent: '1001' })
    given.control.ring('2001')
    const live = given.calls.get(call)
    expect(live).toMatchObject({ state: 'inviting', agent: '1001', channels: { peer: { endpoint: '2001' } } })
    expect((await get('/v1/calls')).json()).toEqual({ items: [live] })
    expect((await get(`/v1/calls/${call}`)).json()).toEqual(live)
    given.control.callerLeaves(caller)
    expect((await get('/v1/calls')).json()).toEqual({ items: [] })
    const ended = await get(`/v1/calls/${call}`)
    expect(ended.json()).toEqual(given.calls.get(call))
    expect(ended.json()).toMatchObject({ state: 'ended', endedBy: 'caller' })
  })
})

describe('the key', () => {
  it('rings the other desk; pressed again, from anywhere, it shows the same hand-over', async () => {
    const { call } = given.control.talk('1001')
    const more = { matter: { category: '治安', item: '噪音扰民' }, reason: '邻居打架' }
    const first = await press({ agent: '1001', ...more })
    expect(first.statusCode).toBe(201)
    const { handover, created, durable } = first.json<Answer>()
    expect({ created, durable }).toEqual({ created: true, durable: true })
    expect(handover).toMatchObject({ callId: call, from: '12345', to: '110', agent: '1001', state: 'requested', ...more })
    const rung = given.control.dialled.filter(({ handoverId }) => handoverId === handover.id).map(({ endpoint }) => endpoint)
    expect(rung).toEqual(['2001', '2002', '2003'])
    const presses = await Promise.all([press({ agent: '1001' }), press({ call }), press({ call, agent: '1001', to: '110' })])
    expect(presses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
    expect(new Set(presses.map((answer) => answer.json<Answer>().handover.id))).toEqual(new Set([handover.id]))
    expect(given.control.dialled.filter(({ role }) => role === 'peer')).toHaveLength(3)
  })

  it('is taken back while the other desk rings, and that may be said twice', async () => {
    given.control.talk('1001')
    const { id } = (await press({ agent: '1001' })).json<Answer>().handover
    const answers = [await cancel(id), await cancel(id)]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200])
    expect(answers.map((answer) => answer.json<Answer>().handover.state)).toEqual(['cancelled', 'cancelled'])
    expect(given.control.hungUp).toContain(given.control.legTo('2001').leg)
    expect((await given.journal.factsOfHandover(id)).map(({ fact }) => fact.type)).toEqual(['handover-requested', 'handover-cancelled'])
  })

  it('may be pressed on by the desk that received the call', async () => {
    const { call } = given.control.talk('1001')
    const first = (await press({ agent: '1001' })).json<Answer>().handover
    given.control.answer('2002')
    await expect.poll(async () => (await show(first.id)).handover.state).toBe('completed')
    const back = (await press({ call, agent: '2002' })).json<Answer>().handover
    expect(back).toMatchObject({ from: '110', to: '12345' })
    expect(back.id).not.toBe(first.id)
  })
})

describe('hand-overs', () => {
  it('are shown as they stand with their deliveries, and from the journal after a restart', async () => {
    const { caller } = given.control.talk('1001')
    const { id } = (await press({ agent: '1001', matter: { item: 'x' }, reason: 'y' })).json<Answer>().handover
    for (const endpoint of ['2001', '2002', '2003']) {
      given.control.ring(endpoint)
      given.control.busy(endpoint)
    }
    const live = await show(id)
    expect(live.handover).toEqual(given.calls.handover(id))
    expect(live.handover.failure).toEqual({ reason: 'busy', sipCode: 486, cause: 17, causeText: 'User busy' })
    expect(live.deliveries).toEqual([delivery])
    given.control.callerLeaves(caller)
    await given.close()
    given = await givenHttp({ path, deliveries: [delivery] })
    expect(await show(id)).toEqual(live)
    expect((await cancel(id)).json()).toMatchObject({ code: 'handover-settled' })
  })

  it('are listed newest first, page by page, without repetition or gap while new ones come', async () => {
    const names = Array.from({ length: 25 }, (_, i) => `h${i + 10}`)
    for (const name of names) await given.journal.append([handoverFact(name, 'handover-completed', 1)])
    const seen: string[] = []
    let cursor: string | undefined
    const sizes: number[] = []
    do {
      const { items, next } = await pageOf(10, cursor)
      sizes.push(items.length)
      seen.push(...items.map(({ id }) => id))
      cursor = next
      // A new one, and one that was listed or will be goes on.
      await given.journal.append([handoverFact(`new-${seen.length}`, 'handover-requested', 1), handoverFact('h12', 'handover-completed', 2)])
    } while (cursor !== undefined)
    expect(sizes).toEqual([10, 10, 5])
    expect(seen).toEqual(names.toReversed())
    expect((await get('/v1/handovers')).json<Page>().items).toHaveLength(28)
  })
})

describe('health', () => {
  it('says what works', async () => {
    given.control.talk('1001')
    expect((await get('/v1/health')).json()).toMatchObject({ ok: true, asterisk: { ok: true }, journal: { ok: true }, redis: { ok: true }, calls: 1 })
    given.control.up = false
    const { ok, asterisk } = (await get('/v1/health')).json<{ ok: boolean; asterisk: object }>()
    expect({ ok, asterisk }).toMatchObject({ ok: false, asterisk: { ok: false, detail: expect.stringContaining('dialplan') as string } })
  })
})

describe('a talk of the call centre’s own', () => {
  it('is adopted once, however often and fast the key is pressed, and makes one hand-over', async () => {
    given.control.ownTalks.set('1001', 'taken')
    const answers = await Promise.all([press({ agent: '1001' }), press({ agent: '1001' }), press({ agent: '1001', mode: 'conference' })])
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 200, 200])
    expect(new Set(answers.map((answer) => answer.json<Answer>().handover.id)).size).toBe(1)
    expect(given.control.adoptions).toBe(1)
    expect(given.calls.list()).toMatchObject([{ adopted: true, agent: '1001', dialled: '600', state: 'inviting' }])
    expect((await press({ agent: '1001' })).statusCode).toBe(200)
    expect(given.control.adoptions).toBe(1)
  })

  it('that is not adopted may be tried again', async () => {
    given.control.ownTalks.set('1001', 'adoption-failed')
    expect((await press({ agent: '1001' })).json()).toMatchObject({ code: 'adoption-failed' })
    given.control.ownTalks.set('1001', 'taken')
    expect((await press({ agent: '1001' })).statusCode).toBe(201)
  })

  it('is not looked for where the agent is not known, nor while a call of ours is his', async () => {
    given.control.ownTalks.set('9999', 'taken').set('1001', 'taken')
    expect((await press({ agent: '9999' })).json()).toMatchObject({ code: 'agent-not-in-call' })
    given.control.talk('1001')
    expect((await press({ agent: '1001' })).statusCode).toBe(201)
    expect(given.control.adoptions).toBe(0)
  })
})
