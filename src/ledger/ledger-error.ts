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
    return new LedgerError(isRefusal(error) ? 'refused' : 'away', text, { cause: error })
  }
}

/** An answer of Postgres (protocol, error and notice fields); its library is not loaded where nothing is asked. */
const isRefusal = (error: unknown): boolean => error instanceof Error && 'severity' in error && 'code' in error && !isOfTheServer(String(error.code))

/** Connection exceptions, insufficient resources, operator intervention, system errors (PostgreSQL, appendix A). */
const isOfTheServer = (code: string): boolean => ['08', '53', '57', '58', 'XX'].some((kind) => code.startsWith(kind))
