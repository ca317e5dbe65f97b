import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Handover } from '../../src/domain/handover/handover.ts'
import type { Commit, Journal } from '../../src/journal/journal.ts'
import type { JournalFile } from '../../src/journal/open-journal.ts'
import { type GivenHttp, givenHttp, keys, newJournalPath, withKey } from '../support/given-http.ts'
import { callFact } from '../support/journal-facts.ts'

interface Answer {
  handover: Handover
  durable: boolean
}

let path: string
let given: GivenHttp
/** Commits wait for it. */
let gate: Promise<void>

const slow = (file: JournalFile): Journal => ({
  ...file,
  append(facts, answer): Promise<Commit> {
    const commit = file.append(facts, answer)
    return gate.then(() => commit)
  },
})

beforeEach(async () => {
  gate = Promise.resolve()
  path = newJournalPath()
  given = await givenHttp({ path, wrap: slow })
})
afterEach(async () => {
  await given.close()
  rmSync(dirname(path), { recursive: true })
})

const press = (idempotencyKey: string, body: object = { agent: '1001' }, apiKey = withKey.authorization) =>
  given.http.inject({
    method: 'POST',
    url: '/v1/handovers',
    headers: { authorization: apiKey, 'idempotency-key': idempotencyKey },
    payload: { mode: 'transfer', ...body },
  })
const rung = () => given.control.dialled.filter(({ endpoint }) => endpoint === '2001').length

describe('a press with an Idempotency-Key', () => {
  it('repeated gets the first answer again, also when the hand-over has ended since', async () => {
    const { caller } = given.control.talk('1001')
    const first = await press('k')
    expect(first.statusCode).toBe(201)
    expect(first.headers).not.toHaveProperty('idempotent-replayed')
    given.control.callerLeaves(caller)
    const again = await press('k')
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect([again.statusCode, again.body, again.headers['content-type']]).toEqual([201, first.body, first.headers['content-type']])
    expect(rung()).toBe(1)
  })

  it('gets a refusal again as well', async () => {
    const first = await press('k')
    expect(first.json()).toMatchObject({ code: 'agent-not-in-call' })
    given.control.talk('1001')
    const again = await press('k')
    expect([again.statusCode, again.body, again.headers['content-type']]).toEqual([409, first.body, first.headers['content-type']])
    expect(rung()).toBe(0)
  })

  it('is refused when the same key comes with another body, not when another user has the same key', async () => {
    given.control.talk('1001')
    const first = await press('k')
    expect((await press('k', { agent: '1001', reason: 'other' })).statusCode).toBe(422)
    const other = await press('k', { agent: '1001' }, `Bearer ${keys.tickets}`)
    expect(other.statusCode).toBe(200)
    expect(other.json<Answer>().handover.id).toBe(first.json<Answer>().handover.id)
  })

  it('makes one hand-over when it comes five times at once', async () => {
    given.control.talk('1001')
    const answers = await Promise.all(Array.from({ length: 5 }, () => press('k')))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201, 201, 201])
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1)
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(4)
    expect(rung()).toBe(1)
  })

  it('gets the same answer after a restart', async () => {
    given.control.talk('1001')
    const first = await press('k')
    await given.close()
    given = await givenHttp({ path })
    given.control.talk('1001')
    const again = await press('k')
    expect([again.statusCode, again.body, again.headers['idempotent-replayed']]).toEqual([201, first.body, 'true'])
    expect((await press('k', { agent: '1002' })).statusCode).toBe(422)
    expect(rung()).toBe(0)
  })

  it('may be tried again after a failure of ours', async () => {
    given.control.talk('1001')
    given.control.up = false
    expect((await press('k')).statusCode).toBe(503)
    given.control.up = true
    const again = await press('k')
    expect(again.statusCode).toBe(201)
    expect(again.headers).not.toHaveProperty('idempotent-replayed')
  })

  it('works while the disk fails, and the answer says that it is not durable', async () => {
    given.control.talk('1001')
    const [{ page_count: pages } = { page_count: 0 }] = await given.journal.tables.all({ sql: 'PRAGMA page_count', params: [] })
    // SQLite answers SQLITE_FULL at this limit just as at the disk's own.
    await given.journal.tables.all({ sql: `PRAGMA max_page_count = ${pages}`, params: [] })
    await given.journal.append(Array.from({ length: 200 }, (_, i) => callFact(`c${i}`, 1)))
    expect(given.journal.health().ok).toBe(false)
    const first = await press('k')
    expect(first.json()).toMatchObject({ created: true, durable: false })
    const again = await press('k')
    expect([again.body, again.headers['idempotent-replayed']]).toEqual([first.body, 'true'])
    expect(rung()).toBe(1)
    const { id } = first.json<Answer>().handover
    expect((await given.http.inject({ url: `/v1/handovers/${id}`, headers: withKey })).json()).toMatchObject({ handover: { id } })
  })
})

describe('a slow journal', () => {
  it('holds up the answer, not the ringing', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    given.control.talk('1001')
    gate = promise
    let answered = false
    const answer = press('k').finally(() => {
      answered = true
    })
    await expect.poll(rung).toBe(1)
    given.control.ring('2001')
    const { items } = (await given.http.inject({ url: '/v1/calls', headers: withKey })).json<{ items: { state: string }[] }>()
    expect(items).toMatchObject([{ state: 'inviting' }])
    expect(answered).toBe(false)
    resolve()
    expect((await answer).json()).toMatchObject({ created: true, durable: true })
  })
})
