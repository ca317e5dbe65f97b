import type { Logger } from 'pino'
import type { Calls } from '../calls/calls.ts'
import type { Config } from '../config/schema.ts'
import type { Journal } from '../journal/journal.ts'
import type { LedgerAccess } from '../ledger/access.ts'
import type { Recordings } from '../recordings/recordings.ts'
import type { Tickets } from '../tickets/tickets.ts'

export interface HttpDeps {
  readonly config: Config
  readonly logger: Logger
  readonly calls: Calls
  readonly journal: Journal
  readonly recordings: Recordings
  /** None is configured when left out. */
  readonly ledger: Omit<LedgerAccess, 'close'> | undefined
  /** Whether it is being written; undefined where there is none. */
  readonly ledgerHealth: () => { readonly ok: boolean; readonly detail?: string } | undefined
  readonly tickets: Omit<Tickets, 'onDelivery' | 'close'>
}
