import postgres from 'postgres'

/** `away`: Postgres cannot be reached, or ends: try again. `version`: the tables are of another program. `refused`: it answers, and says no. */
export type LedgerFault = 'away' | 'version' | 'refused'

export class LedgerError extends Error {
  readonly fault: LedgerFault

  constructor(fault: LedgerFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LedgerError'
    this.fault = fault
  }

  /** Of anything thrown while Postgres was asked. */
  static from(error: unknown): LedgerError {
    if (error instanceof LedgerError) return error
    const text = error instanceof Error ? error.message : String(error)
    return new LedgerError(error instanceof postgres.PostgresError && !isOfTheServer(error.code) ? 'refused' : 'away', text, { cause: error })
  }
}

/** Connection exceptions, insufficient resources, operator intervention, system errors (PostgreSQL, appendix A). */
const isOfTheServer = (code: string): boolean => ['08', '53', '57', '58', 'XX'].some((kind) => code.startsWith(kind))
