import { describe, expect, test } from 'vitest'
import { platforms } from '../../src/domain/handover/handover.ts'
import { fitting, intakeFaults, intakeStandards } from '../../src/domain/ticket/intake.ts'
import { incident, order } from '../support/intake.ts'

const whole = { '12345': order, '110': incident }

describe.each(platforms)('the standard of %s', (platform) => {
  const required = intakeStandards[platform].filter((field) => field.required).map(({ name }) => name)

  test('takes a form that is filled in', () => {
    expect(intakeFaults(platform, whole[platform])).toEqual([])
  })

  test('names every field that is missing', () => {
    expect(intakeFaults(platform, {}).map(({ field, missing }) => [field, missing])).toEqual(required.map((name) => [name, true]))
    expect(intakeFaults(platform, { ...whole[platform], address: '' })).toMatchObject([{ field: 'address', missing: true }])
  })

  test.each([
    ['callerNumber', '138-0000-1234'],
    ['callerNumber', 13800001234],
    ['content', ' '],
    ['content', '字'.repeat(4_001)],
    ['content', 'a\u0000b'],
    ['occurredAt', '昨天'],
    ['occurredAt', '2026-13-01T00:00:00Z'],
    ['latitude', 91],
    ['longitude', '121.6'],
    ['shoeSize', 43],
  ])('%s cannot be %j', (field, value) => {
    expect(intakeFaults(platform, { ...whole[platform], [field]: value })).toMatchObject([{ field, missing: false }])
  })

  test('of what does not fit, the rest is taken', () => {
    expect(fitting(platform, { ...whole[platform], latitude: 91, shoeSize: 43, address: '' })).toEqual(Object.fromEntries(Object.entries(whole[platform]).filter(([name]) => name !== 'address')))
  })
})

test('code lists and flags are held to', () => {
  expect(intakeFaults('110', { ...incident, incidentLevel: '5', injured: 'yes' })).toMatchObject([{ field: 'incidentLevel', reason: 'none of 1, 2, 3, 4' }, { field: 'injured', reason: 'neither true nor false' }])
})
