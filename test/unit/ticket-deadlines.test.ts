import { describe, expect, test } from 'vitest'
import { type DeadlineRules, dueEvents, duesOf, isOverdue, lapsedOf, nextDue, withTold } from '../../src/domain/ticket/deadlines.ts'
import { pushed } from '../../src/domain/ticket/registration.ts'
import type { Ticket, TicketState } from '../../src/domain/ticket/ticket.ts'
import { incident } from '../support/intake.ts'

/** Monday, 09:00 in Shanghai. */
const at = '2026-11-23T01:00:00.000Z'
const rules: DeadlineRules = {
  rules: [
    { category: '社会治安类', item: '殴打伤害事故', urgency: 'emergency', count: 'always', accept: 1, feedback: 30 },
    { urgency: 'emergency', count: 'always', accept: 5 },
    { to: '110', count: 'working', accept: 60, finish: 960 },
  ],
  warnAfter: 0.5,
  calendar: { timeZone: 'Asia/Shanghai', hours: [['08:30', '12:00'], ['13:30', '17:30']], weekdays: [1, 2, 3, 4, 5], holidays: [], workdays: [] },
}

function ticket(more: Partial<Ticket> = {}): Ticket {
  const made = pushed({ id: 'ho-1', from: '12345', to: '110', urgency: 'routine', intake: incident, by: '1001' }, at)
  if (!('id' in made)) throw new Error('its form is not filled in')
  const one = { ...made, ...more }
  const due = duesOf(one, at, rules)
  return due ? { ...one, due } : one
}
const time = (text: string) => Date.parse(`2026-11-${text}:00.000Z`)

describe('a ticket’s deadlines', () => {
  test('are of the first rule that fits', () => {
    const matter = { category: '社会治安类', item: '殴打伤害事故' }
    expect(ticket({ urgency: 'emergency', matter }).due).toEqual({ accept: { at: '2026-11-23T01:01:00.000Z', warnAt: '2026-11-23T01:00:30.000Z' }, feedback: { at: '2026-11-23T01:30:00.000Z', warnAt: '2026-11-23T01:15:00.000Z' } })
    expect(ticket({ urgency: 'emergency' }).due).toMatchObject({ accept: { at: '2026-11-23T01:05:00.000Z' } })
    expect(ticket({ to: '12345' }).due).toBeUndefined()
  })

  test('of what is not urgent run in working hours', () => {
    // 420 minutes of Monday, 450 of Tuesday, 90 of Wednesday; half of them, 420 and 60.
    expect(ticket().due).toEqual({ accept: { at: '2026-11-23T02:00:00.000Z', warnAt: '2026-11-23T01:30:00.000Z' }, finish: { at: '2026-11-25T02:00:00.000Z', warnAt: '2026-11-24T01:30:00.000Z' } })
  })

  test('are told once before, and once when they have run out', () => {
    let one = ticket()
    const told = (now: string) => {
      const events = dueEvents(one, time(now))
      one = events.reduce(withTold, one)
      return events.map(({ deadline, told: what }) => `${deadline} ${what}`)
    }
    expect([told('23T01:29'), told('23T01:30'), told('23T01:40'), told('23T02:00'), told('23T03:00'), told('24T02:00'), told('26T00:00'), told('27T00:00')]).toEqual([[], ['accept soon'], [], ['accept overdue'], [], ['finish soon'], ['finish overdue'], []])
    expect(isOverdue(one)).toBe(true)
    expect(nextDue(one)).toBe(Infinity)
  })

  test('that ran out while nobody looked are told as such alone', () => {
    expect(dueEvents(ticket(), time('30T00:00')).map(({ told }) => told)).toEqual(['overdue', 'overdue'])
  })

  test.each([
    ['sent', ['accept', 'finish']],
    ['accepted', ['finish']],
    ['on-scene', ['finish']],
    ['resolved', []],
    ['returned', []],
    ['withdrawn', []],
  ] as const)('when it is %s, %j are waited for', (state: TicketState, waited) => {
    expect(dueEvents({ ...ticket(), state }, time('30T00:00')).map(({ deadline }) => deadline)).toEqual(waited)
  })

  test('one of which nobody says anything any more is closed after so many days', () => {
    const one = { ...ticket(), steps: [{ step: 'sent', at, by: '1001', platform: '12345' }] } as const
    expect(lapsedOf(one, Date.parse(at), 7, time('30T00:59'))).toBeUndefined()
    expect(lapsedOf(one, Date.parse(at), 7, time('30T01:00'))).toMatchObject({ state: 'lapsed', steps: [{}, { step: 'lapsed', by: 'tandem', platform: '110' }] })
  })

  test('the next look is at the next of them', () => {
    expect(nextDue(ticket())).toBe(time('23T01:30'))
    expect(nextDue({ ...ticket(), state: 'accepted' })).toBe(time('24T01:30'))
  })
})
