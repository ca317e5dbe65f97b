import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { invariants } from '../support/call-invariants.ts'

const spec = readFileSync(new URL('../../src/domain/call/SPEC.md', import.meta.url), 'utf8')

it('the specification of the call names the invariants as they are checked', () => {
  const rows = spec.split('\n').flatMap((line) => /^\| (I[0-9]+ [^|]+) \|/.exec(line)?.[1] ?? [])
  expect(rows).toEqual(Object.keys(invariants))
})
