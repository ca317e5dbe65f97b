import type { Logger } from 'pino'
import type { Attachments } from '../attachments/attachments.ts'
import type { Calls } from '../calls/calls.ts'
import type { NuisanceCallers } from '../calls/nuisance-callers.ts'
import type { Catalogues } from '../matters/catalogues.ts'
import type { Config } from '../config/schema.ts'
import type { TicketBook } from '../dispatch/ticket-book.ts'
import type { Inbox } from './inbox.ts'
import type { Journal } from '../journal/journal.ts'
import type { LedgerAccess } from '../ledger/access.ts'
import type { ReadersProcess } from '../readers/readers-process.ts'
import type { Choices } from '../recommendation/choices.ts'
import type { Recordings } from '../recordings/recordings.ts'
import type { PhoneLinks } from '../softkeys/phone-links.ts'
import type { Softkeys } from '../softkeys/softkeys.ts'
import type { Accounts } from '../users/accounts.ts'
import type { Deliveries } from '../tickets/deliveries.ts'

export interface HttpDeps {
  readonly config: Config
  readonly logger: Logger
  readonly calls: Calls
  readonly journal: Journal
  readonly tickets: TicketBook
  readonly inbox: Inbox
  readonly recordings: Recordings
  readonly attachments: Attachments
  /** Signs links to files. */
  readonly linkKey: Buffer
  readonly softkeys: Pick<Softkeys, 'press' | 'shown'>
  readonly phoneLinks: PhoneLinks
  readonly accounts: Accounts
  readonly catalogues: Catalogues
  readonly nuisance: NuisanceCallers
  readonly choices: Choices
  /** None is configured when left out. */
  readonly ledger: Omit<LedgerAccess, 'close'> | undefined
  readonly readers: Pick<ReadersProcess, 'health' | 'recommend' | 'choose' | 'chosenAnew'>
  readonly deliveries: Pick<Deliveries, 'deliveriesOf' | 'list' | 'show' | 'replay' | 'forgetAnswers'>
}
