import type { FastifyReply } from 'fastify'
import { LedgerError } from '../ledger/ledger-error.ts'
import type { HttpDeps } from './deps.ts'
import { problem, sendProblem } from './problem.ts'

type Known = NonNullable<HttpDeps['ledger']>

/** Asks the ledger; where there is none, or its database is away, the answer says so. */
export async function askLedger<T>(ledger: HttpDeps['ledger'], reply: FastifyReply, question: (ledger: Known) => Promise<T>): Promise<T | FastifyReply> {
  return ledger ? whereKnown(reply, () => question(ledger)) : sendProblem(reply, problem('ledger-not-configured'))
}

/** An answer in which the ledger may have part; while its database is away, the answer says so. */
export async function whereKnown<T>(reply: FastifyReply, answer: () => Promise<T>): Promise<T | FastifyReply> {
  try {
    return await answer()
  } catch (error) {
    if (!(error instanceof LedgerError) || error.fault === 'refused') throw error
    reply.log.warn({ err: error }, 'the ledger cannot be asked')
    return sendProblem(reply, problem('ledger-away'))
  }
}
