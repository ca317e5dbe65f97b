import { describe, expect, it } from 'vitest'
import { Announcer } from '../../src/journal/announcer.ts'
import { DurableWrites } from '../../src/journal/durable-write.ts'
import { GroupCommit, type GroupWriter } from '../../src/journal/group-commit.ts'
import type { Entry } from '../../src/journal/journal.ts'
import type { Statement } from '../../src/journal/sql.ts'
import { upcast } from '../../src/journal/upcast.ts'
import { callFact, callOf } from '../support/journal-facts.ts'

const statement = (name: string): Statement => ({ sql: name, params: [] })
const entry = { position: 1, epoch: 1, fact: {} } as Entry
const at = (position: number): Entry => ({ ...entry, position })
const limits = { answerMs: 20, facts: 3, retryMs: 10, group: 100 }

/** A disk that keeps what it was given, and fails while `broken`. */
function disk() {
  const groups: string[][] = []
  const state = { broken: false, stuck: false, groups }
  const writer: GroupWriter = {
    commit(given) {
      if (state.stuck) return new Promise(() => {})
      if (state.broken) return Promise.reject(new Error('database or disk is full'))
      groups.push(given.flat().map((s) => s.sql))
      return Promise.resolve(given.map(() => null))
    },
  }
  const commits = new GroupCommit(writer, limits)
  return { state, commits, writes: new DurableWrites(commits, limits, undefined) }
}

describe('group commit', () => {
  it('writes in one transaction what waits, in order', async () => {
    const { state, writes } = disk()
    await Promise.all(['a', 'b', 'c'].map((name) => writes.write([statement(name)], [entry])))
    expect(state.groups).toEqual([['a', 'b', 'c']])
  })

  it('keeps facts while the disk is full and writes them, in order, before later ones', async () => {
    const { state, writes, commits } = disk()
    state.broken = true
    const first = await writes.write([statement('a')], [entry])
    const second = await writes.write([statement('b')], [entry])
    expect([first, second]).toEqual([1, 2].map(() => ({ durable: false, reason: 'database or disk is full' })))
    expect(commits.waiting).toBe(2)
    expect(writes.trouble).toBe('database or disk is full')
    state.broken = false
    await writes.write([statement('c')], [entry])
    await expect.poll(() => state.groups.flat()).toEqual(['a', 'b', 'c'])
    expect(writes.trouble).toBeUndefined()
    expect(commits.waiting).toBe(0)
  })

  it('answers in bounded time when the disk hangs', async () => {
    const { state, writes } = disk()
    state.stuck = true
    expect(await writes.write([statement('a')], [entry])).toEqual({ durable: false, reason: 'not written within 20 ms' })
    expect(writes.trouble).toContain('has not answered')
  })

  it('takes no more facts than it may hold, and says so', async () => {
    const { state, writes, commits } = disk()
    state.broken = true
    await Promise.all(['a', 'b', 'c'].map((name) => writes.write([statement(name)], [entry])))
    const refused = await writes.write([statement('d')], [entry])
    expect(refused).toMatchObject({ durable: false, reason: expect.stringContaining('dropped') as string })
    expect(commits.waiting).toBe(3)
    expect(writes.trouble).toContain('1 facts were dropped')
    await commits.close()
  })

  it('does not try again what is not to be kept', async () => {
    const { state, commits } = disk()
    state.broken = true
    const failures: unknown[] = []
    commits.put({ statements: [statement('x')], entries: [], keep: false, done: (failure) => failures.push(failure) })
    await expect.poll(() => failures).toHaveLength(1)
    state.broken = false
    await expect.poll(() => commits.failure?.message).toBe('database or disk is full')
    expect(state.groups).toEqual([])
  })
})

describe('announcer', () => {
  it('tells all listeners in order, also of what a listener appends, whatever another throws', () => {
    const faults: unknown[] = []
    const announcer = new Announcer<readonly Entry[]>((error) => faults.push(error))
    const heard: number[][] = [[], []]
    announcer.listen(() => {
      throw new Error('mine')
    })
    announcer.listen(([first]) => {
      heard[0]?.push(first?.position ?? 0)
      if (first?.position === 1) announcer.tell([at(2)])
    })
    const stop = announcer.listen(([first]) => heard[1]?.push(first?.position ?? 0))
    announcer.tell([at(1)])
    stop()
    announcer.tell([at(3)])
    expect(heard).toEqual([[1, 2, 3], [1, 2]])
    expect(faults).toHaveLength(3)
  })
})

const first = (of: object): { version: number } => ({ ...callFact('c', 1), version: 1, ...of })

describe('upcast', () => {
  it('refuses a fact of a later version', () => {
    const today = callFact('c', 1)
    expect(upcast(today)).toEqual(today)
    expect(() => upcast({ ...today, version: 3 })).toThrow('fact of version 3; this program knows up to 2')
  })

  it('brings a fact of version 1 to today’s form: nobody was told of parties, and `transferring` was the phase in which the other desk rings', () => {
    const { parties: _, ...call } = callOf('c')
    expect(upcast(first({ call: { ...call, state: 'transferring' } }))).toEqual({ ...callFact('c', 1), version: 2, call: { ...call, state: 'inviting', parties: [] } })
    expect(upcast(first({ call }))).toMatchObject({ call: { state: 'talking' } })
  })
})
