/** What the service and its readers ask of each other. Everything that crosses is data. */
import type { MatterRow } from '../domain/matters/matter.ts'
import type { Config } from '../config/schema.ts'
import type { Row, SqlFailure, Statement } from '../journal/sql.ts'
import type { LedgerHealth } from '../ledger/ledger.ts'
import type { Question } from '../recommendation/recommendation-thread.ts'
import type { Recommendation } from '../recommendation/recommender.ts'
import type { Heard } from '../tickets/ticket-system.ts'
import type { TicketsHealth } from '../tickets/tickets.ts'

/** An answer, or what SQLite, or the way to it, had against it. */
export type Answer<T> = { readonly value: T } | { readonly failure: SqlFailure }

/** What the service does for its readers: the journal's file is held by it alone. */
export interface ServiceSide {
  all(statement: Statement): Promise<Answer<readonly Row[]>>
  commit(statements: readonly Statement[]): Promise<Answer<null>>
  /** A reader has read as far as this. */
  reached(reader: string, position: number): void
  /** People did something in a ticket system. @returns false: it could not be written now */
  heard(endpoint: string, id: string, message: object): Promise<Heard | false>
  /** The number that a ticket has in an endpoint's system. */
  referred(endpoint: string, ticket: string, reference: string): void
}

export interface Settings {
  readonly config: Pick<Config, 'instance' | 'redis' | 'tickets' | 'ledger' | 'log' | 'recommendation'> & { readonly http: Pick<Config['http'], 'publicUrl'>; readonly recording: Pick<Config['recording'], 'linkHours'> }
  /** The journal's id. */
  readonly journal: string
  /** Of the catalogue, those that hold or will. */
  readonly rows: readonly MatterRow[]
}

export interface ReadersHealth {
  readonly tickets: TicketsHealth
  /** Where there is a ledger. */
  readonly ledger?: LedgerHealth
}

/** What the readers do for the service. */
export interface ReadersSide {
  /** First of all. */
  begin(settings: Settings): void
  /** There are new facts on disk. */
  written(): void
  /** Deliveries wait to be told once more. */
  sweep(): void
  /** Something has happened in an endpoint's system. */
  look(endpoint: string): void
  health(): ReadersHealth
  /** The catalogue's rows that hold or will: what is recommended from then on. */
  learn(rows: readonly MatterRow[]): void
  /** @returns undefined: the recommender is being started, or swamped */
  recommend(question: Question): Promise<Recommendation | undefined>
  /** An agent chose a matter, by its id. @param call in which it was said, where that is known @returns whether it was learned and kept */
  choose(text: string, matter: string, call?: string): Promise<boolean>
  /** Choices were taken away from the journal's file. */
  chosenAnew(): void
  /** In order, within some 12 s. */
  close(): Promise<void>
}
