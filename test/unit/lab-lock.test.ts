import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { withLock } from '../../src/lab/lock.ts'

const dir = mkdtempSync(join(tmpdir(), 'lab-lock-'))
afterAll(() => rmSync(dir, { recursive: true }))

test('two holders of one lock never overlap', async () => {
  const seen: string[] = []
  const hold = (name: string) => async (): Promise<void> => {
    seen.push(`${name} in`)
    await new Promise(setImmediate)
    seen.push(`${name} out`)
  }
  await Promise.all([withLock(join(dir, 'a'), hold('x')), withLock(join(dir, 'a'), hold('y'))])
  const first = seen[0]?.at(0) ?? ''
  const second = first === 'x' ? 'y' : 'x'
  expect(seen).toEqual([`${first} in`, `${first} out`, `${second} in`, `${second} out`])
})

test('the lock falls when the work fails', async () => {
  await expect(withLock(join(dir, 'b'), () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck')
  expect(await withLock(join(dir, 'b'), () => Promise.resolve('next'))).toBe('next')
})

test('a lock that cannot be taken is an error', async () => {
  await expect(withLock(join(dir, 'missing/c'), () => Promise.resolve())).rejects.toThrow('could not be locked')
})
