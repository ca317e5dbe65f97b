import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type GivenHttp, givenHttp, withKey } from '../support/given-http.ts'
import { callFact } from '../support/journal-facts.ts'
import { openEvents, type SseReader } from '../support/sse-client.ts'

let given: GivenHttp
let address: string
/** Times the journal was read. */
let reads: number

beforeEach(async () => {
  reads = 0
  given = await givenHttp({
    wrap: (file) => ({
      ...file,
      read(after, limit) {
        reads++
        return file.read(after, limit)
      },
    }),
  })
  address = await given.http.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(() => given.close())

const live = (query = '', headers: Record<string, string> = {}): Promise<SseReader> =>
  openEvents(`${address}/v1/events${query}`, { ...withKey, ...headers })
const factsOf = (first: number, count: number, call = 'c') => Array.from({ length: count }, (_, i) => callFact(call, first + i))
const sequences = (reader: SseReader) => reader.events.map(({ data }) => data.sequence)
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

/** Some 2 KB a fact: 30,000 of them are far more than the sockets hold. */
async function flood(facts: number): Promise<void> {
  const name = '字'.repeat(500)
  for (let first = 1; first < facts; first += 100) {
    await given.journal.append(factsOf(first, 100).map((fact) => ({ ...fact, call: { ...fact.call, caller: { number: '110', name } } })))
  }
}

describe('live events', () => {
  it('tell in order what happens, with the call and the hand-over as they then stood', async () => {
    const reader = await live()
    expect(reader.status).toBe(200)
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    const { call, caller } = given.control.talk('1001')
    await given.http.inject({ method: 'POST', url: '/v1/handovers', headers: withKey, payload: { mode: 'transfer', agent: '1001' } })
    given.control.answer('2001')
    await expect.poll(() => given.calls.get(call)?.agent).toBe('2001')
    given.control.callerLeaves(caller)
    const events = await reader.readTo(12)
    expect(events.map(({ event }) => event)).toEqual([
      'call-arrived',
      'call-answered',
      'handover-requested',
      'ticket-registered',
      'handover-dialled',
      'handover-ringing',
      'handover-answered',
      'handover-joined',
      'handover-released',
      'handover-completed',
      'ticket-accepted',
      'call-ended',
    ])
    const recorded = await given.journal.read(0, 100)
    expect(events.map(({ id }) => id)).toEqual(recorded.map(({ position }) => position))
    expect(events.map(({ data }) => ({ version: 2, ...data }))).toEqual(recorded.map(({ fact }) => fact))
    reader.leave()
  })

  it('come once each and in order after Last-Event-ID, while more happens', async () => {
    await given.journal.append(factsOf(1, 450))
    const tenth = (await given.journal.read(0, 10)).at(-1)?.position ?? 0
    const reader = await live('', { 'last-event-id': String(tenth) })
    const reading = reader.readTo(2_440)
    for (let first = 451; first < 2_450; first += 20) await given.journal.append(factsOf(first, 20))
    expect((await reading).map(({ data }) => data.sequence)).toEqual(upTo(2_450, 11))
    expect(reader.events.map(({ id }) => id)).toEqual(upTo(tenth + 2_440, tenth + 1))
    reader.leave()
  })

  it('may be those of one call only', async () => {
    const reader = await live('?call=mine')
    await given.journal.append([...factsOf(1, 300, 'other'), ...factsOf(1, 3, 'mine'), ...factsOf(301, 1, 'other')])
    await given.journal.append(factsOf(4, 1, 'mine'))
    await reader.readTo(4)
    expect(reader.events.map(({ data }) => data.call.id)).toEqual(['mine', 'mine', 'mine', 'mine'])
    expect(sequences(reader)).toEqual([1, 2, 3, 4])
    reader.leave()
  })

  it('are told also to a reader who comes with the id of another journal', async () => {
    const reader = await live('', { 'last-event-id': '999999999999999' })
    await expect.poll(() => reads).toBe(1)
    await given.journal.append(factsOf(1, 2))
    await reader.readTo(2)
    expect(sequences(reader)).toEqual([1, 2])
    reader.leave()
  })

  it('refuse an id that is none', async () => {
    const reader = await live('', { 'last-event-id': 'yesterday' })
    expect([reader.status, reader.headers['content-type']]).toEqual([400, 'application/problem+json; charset=utf-8'])
  })
})

describe('a reader who takes nothing', () => {
  it('neither fills the memory nor holds up others, and gets everything once he reads', async () => {
    const total = 40_000
    const slow = await live()
    const quick = await live()
    const reading = quick.readTo(total)
    await flood(total)
    expect((await reading).map(({ data }) => data.sequence)).toEqual(upTo(total))
    expect(reads).toBe(0)
    await slow.readTo(total)
    expect(sequences(slow)).toEqual(upTo(total))
    // What did not fit into the sockets came from the journal, a hundred at a time.
    expect(reads).toBeGreaterThan(100)
    slow.leave()
    quick.leave()
  })

  it('does not hold up the end of the service', async () => {
    const stalled = await live()
    await flood(30_000)
    const startedAt = performance.now()
    await given.http.close()
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    stalled.leave()
  })
})

describe('many readers', () => {
  it('are a hundred at most, and one who leaves makes room', async () => {
    const readers = await Promise.all(Array.from({ length: 100 }, () => live()))
    expect(new Set(readers.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await live()).status).toBe(503)
    readers[0]?.leave()
    await expect
      .poll(async () => {
        const next = await live()
        if (next.status === 200) readers.push(next)
        return next.status
      })
      .toBe(200)
    for (const reader of readers) reader.leave()
    await expect.poll(() => given.warnings).toEqual([])
  })

  it('are told that the service ends', async () => {
    const readers = await Promise.all([live(), live('?call=c'), live('', { 'last-event-id': '1' })])
    const reading = Promise.all(readers.map((reader) => reader.readTo(1)))
    const startedAt = performance.now()
    await given.http.close()
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    expect(await reading).toEqual([[], [], []])
    expect(given.warnings).toEqual([])
  })
})
