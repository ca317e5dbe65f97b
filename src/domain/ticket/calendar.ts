/** Working hours, as they are reckoned where the platforms are. Pure. */

export interface Calendar {
  /** IANA name. */
  readonly timeZone: string
  /** As `['08:30', '12:00']`, in their order, the same on every working day. */
  readonly hours: readonly (readonly [from: string, to: string])[]
  /** 1 Monday to 7 Sunday. */
  readonly weekdays: readonly number[]
  /** Days off though it is one of them, as `2026-10-01`. */
  readonly holidays: readonly string[]
  /** Days that are worked though it is none of them (调休). */
  readonly workdays: readonly string[]
}

const minuteMs = 60_000
const dayMs = 86_400_000
/** Looked ahead: whoever has no working day in a year has none. */
const mostDays = 400

/** @param at UTC ms @returns when so many working minutes have passed, UTC ms @throws Error when there are no working hours within a year */
export function afterWorking(at: number, minutes: number, calendar: Calendar): number {
  let left = minutes * minuteMs
  let day = dayOf(at, calendar.timeZone)
  for (let n = 0; n < mostDays; n++) {
    for (const [from, to] of isWorked(day, calendar) ? calendar.hours : []) {
      const [begin, end] = [Math.max(instantOf(day, from, calendar.timeZone), at), instantOf(day, to, calendar.timeZone)]
      if (end <= begin) continue
      if (left <= end - begin) return begin + left
      left -= end - begin
    }
    day = next(day)
  }
  throw new Error('the calendar has no working hours within a year')
}

function isWorked(day: string, { weekdays, holidays, workdays }: Calendar): boolean {
  if (workdays.includes(day)) return true
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7
  return weekdays.includes(weekday) && !holidays.includes(day)
}

const next = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) + dayMs).toISOString().slice(0, 10)

/** The day there, as `2026-11-27`. */
const dayOf = (at: number, timeZone: string): string => new Date(at + offsetAt(at, timeZone)).toISOString().slice(0, 10)

/** A time of day there, UTC ms. Where clocks are put on at just that time it is taken by the hour that holds before. */
function instantOf(day: string, time: string, timeZone: string): number {
  const there = Date.parse(`${day}T${time === '24:00' ? '00:00' : time}:00Z`) + (time === '24:00' ? dayMs : 0)
  const first = there - offsetAt(there, timeZone)
  return there - offsetAt(first, timeZone)
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** How far the clocks there are ahead of UTC at an instant, ms. */
function offsetAt(at: number, timeZone: string): number {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' })
  formats.set(timeZone, format)
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  const there = Date.parse(`${part['year']}-${part['month']}-${part['day']}T${part['hour']}:${part['minute']}:${part['second']}Z`)
  return there - Math.floor(at / 1_000) * 1_000
}
