import { describe, expect, test } from 'vitest'
import { afterWorking, type Calendar } from '../../src/domain/ticket/calendar.ts'

/** National Day 2026: Thursday 1 October to Wednesday 7 October are off, Saturday 10 October is worked. */
const calendar: Calendar = {
  timeZone: 'Asia/Shanghai',
  hours: [['08:30', '12:00'], ['13:30', '17:30']],
  weekdays: [1, 2, 3, 4, 5],
  holidays: ['2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07'],
  workdays: ['2026-10-10'],
}
const beijing = (text: string) => Date.parse(`${text}:00+08:00`)
const after = (from: string, minutes: number, more: Partial<Calendar> = {}) => new Date(afterWorking(beijing(from), minutes, { ...calendar, ...more }) + 8 * 3_600_000).toISOString().slice(0, 16)

describe('working time', () => {
  test.each([
    ['within the morning', '2026-09-28T09:00', 60, '2026-09-28T10:00'],
    ['over the midday pause', '2026-09-28T11:30', 60, '2026-09-28T14:00'],
    ['to the very end of a morning', '2026-09-28T11:00', 60, '2026-09-28T12:00'],
    ['from before work', '2026-09-28T06:00', 30, '2026-09-28T09:00'],
    ['from after work to the next day', '2026-09-28T20:00', 30, '2026-09-29T09:00'],
    ['a whole working day', '2026-09-28T10:00', 450, '2026-09-29T10:00'],
    ['over a weekend', '2026-09-25T17:00', 60, '2026-09-28T09:00'],
    ['over the holidays', '2026-09-30T17:00', 60, '2026-10-08T09:00'],
    ['on a Saturday that is worked', '2026-10-09T17:00', 60, '2026-10-10T09:00'],
    ['five working days', '2026-09-28T08:30', 5 * 450, '2026-10-09T17:30'],
  ])('%s', (_, from, minutes, to) => {
    expect(after(from, minutes)).toBe(to)
  })

  test('round the clock', () => {
    expect(after('2026-09-28T23:30', 60, { hours: [['00:00', '24:00']], weekdays: [1, 2, 3, 4, 5, 6, 7], holidays: [] })).toBe('2026-09-29T00:30')
  })

  test('where clocks change, an hour is an hour', () => {
    const berlin = { ...calendar, timeZone: 'Europe/Berlin', hours: [['00:00', '24:00']] as const, weekdays: [7] }
    // On 25 October 2026 clocks go back there: the day has 25 hours.
    expect(new Date(afterWorking(Date.parse('2026-10-24T22:00:00Z'), 25 * 60, berlin)).toISOString()).toBe('2026-10-25T23:00:00.000Z')
  })

  test('of a calendar without any is an error', () => {
    expect(() => afterWorking(0, 1, { ...calendar, weekdays: [], workdays: [] })).toThrow('no working hours')
  })
})
