import type { Config } from '../config/schema.ts'
import type { TicketRules } from './ticket-book.ts'

/** What the configuration says of tickets. */
export const ticketRules = ({ dispatch: { deadlines, warnAfter, calendar, mostReturns, lapseAfterDays }, timezone }: Pick<Config, 'dispatch' | 'timezone'>): TicketRules => ({
  deadlines: { rules: deadlines, warnAfter, calendar: { ...calendar, timeZone: timezone } },
  mostReturns,
  lapseAfterDays,
})
