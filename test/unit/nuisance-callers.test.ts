import { expect, it } from 'vitest'
import { NuisanceCallers } from '../../src/calls/nuisance-callers.ts'
import type { Row, Statement } from '../../src/journal/sql.ts'

const mark = (number: string, at: string) => ({ number, at, by: 'desk', call_id: `call-${at}` })
const recent = new Date(Date.now() - 86_400_000).toISOString()
const old = new Date(Date.now() - 366 * 86_400_000).toISOString()

/** The journal's file with these marks in it; a full disk takes nothing. */
const tables = (rows: readonly Row[], written: Statement[] | 'full') => ({
  all: async () => rows,
  commit: async (statements: readonly Statement[]) => {
    if (written === 'full') throw new Error('database or disk is full')
    written.push(...statements)
  },
})

it('is known from the file though nothing can be written: a full disk keeps no service from starting', async () => {
  const callers = new NuisanceCallers(tables([mark('13800001234', recent)], 'full'))
  await callers.load()
  expect(callers.marksOf('+8613800001234')).toBe(1)
  await expect(callers.mark({ number: '13800001234', at: recent, by: 'desk', callId: 'call-9' })).rejects.toThrow('full')
  expect(callers.marksOf('13800001234')).toBe(1)
})

it('a mark counts for a year; then the next one takes it out of the file', async () => {
  const written: Statement[] = []
  const callers = new NuisanceCallers(tables([mark('13800001234', old), mark('13800001234', recent)], written))
  await callers.load()
  expect([callers.marksOf('13800001234'), callers.list()[0]?.marks]).toEqual([1, 1])
  expect(await callers.mark({ number: '13800001234', at: recent, by: 'desk', callId: 'call-9' })).toBe(2)
  expect(written.map(({ sql }) => sql.split(' ')[0])).toEqual(['DELETE', 'INSERT'])
})
