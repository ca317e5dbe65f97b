import { expect, it } from 'vitest'
import { canonicalNumber, numberAs } from '../../src/domain/edge/numbers.ts'

const plan = { country: '86', area: '513' }

it.each([
  ['+8651388887777', '+8651388887777'],
  ['008651388887777', '+8651388887777'],
  ['8651388887777', '+8651388887777'],
  ['051388887777', '+8651388887777'],
  ['88887777', '+8651388887777'],
  ['(0513) 8888-7777', '+8651388887777'],
  ['+8613800001234', '+8613800001234'],
  ['13800001234', '+8613800001234'],
  ['013800001234', '+8613800001234'],
  ['110', '110'],
  ['12345', '12345'],
  ['95598', '95598'],
  ['051312345', '12345'],
  ['+8651312345', '12345'],
  ['+8521234567', '+8521234567'],
  ['008521234567', '+8521234567'],
  ['02112345', '+862112345'],
])('%s is %s', (written, canonical) => {
  expect(canonicalNumber(written, plan)).toBe(canonical)
})

it.each(['', 'anonymous', '+', '1', '12a45', '+86 513 abc', '1'.repeat(21)])('%j is no number', (written) => {
  expect(canonicalNumber(written, plan)).toBeUndefined()
})

it.each([
  ['+8651388887777', 'e164', '+8651388887777'],
  ['+8651388887777', 'national', '051388887777'],
  ['+8651388887777', 'local', '88887777'],
  ['+862188887777', 'local', '02188887777'],
  ['+8613800001234', 'national', '13800001234'],
  ['+8613800001234', 'e164', '+8613800001234'],
  ['+8521234567', 'national', '008521234567'],
  ['110', 'e164', '110'],
] as const)('%s in the form %s is %s', (canonical, form, written) => {
  expect(numberAs(form, canonical, plan)).toBe(written)
})

it('what is written in any form is read back as the same number', () => {
  for (const canonical of ['+8651388887777', '+862188887777', '+8613800001234', '+8521234567', '110', '12345']) {
    for (const form of ['e164', 'national', 'local'] as const) expect(canonicalNumber(numberAs(form, canonical, plan), plan)).toBe(canonical)
  }
})
