import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Circuit, Sign, Wait } from './circuit.ts'
import type { FileLink } from '../recordings/links.ts'
import type { Config } from '../config/schema.ts'
import type { Attempt, Delivery, DeliveryState, DeliveryStore, Due } from './delivery-store.ts'
import { type Notice, noticeOf } from './payload.ts'
import type { TicketSystem } from './ticket-system.ts'
import { pauseAfter, DeliveryError } from './verdict.ts'

export interface AttemptParts {
  readonly store: DeliveryStore
  /** Of each endpoint that is configured. */
  readonly systems: ReadonlyMap<string, TicketSystem>
  readonly tickets: Pick<Config['tickets'], 'retryMs'>
  /** Of each endpoint that is configured. */
  readonly circuits: ReadonlyMap<string, Circuit>
  readonly logger: Logger
  /** From 0 up to 1. */
  readonly random: () => number
  /** Told when an endpoint that was left alone is back. */
  readonly onBack: (endpoint: string) => void
  /** @param message by which it was told, as it came */
  readonly linksOf: (payload: Notice['payload'], message?: string) => readonly FileLink[]
  /** Told the number that a ticket has in an endpoint's system. */
  readonly onReference: (endpoint: string, ticket: string, reference: string) => void
}

/** A delivery whose job ran: as it is now, and when to run it again. */
export interface Ran {
  readonly delivery: Delivery
  /** UTC ms. */
  readonly runAgainAt?: number
}

interface Outcome {
  readonly state: DeliveryState
  readonly lastOutcome: string
  readonly nextAt: number
}

interface Sent extends Outcome {
  readonly sign?: Sign
  readonly answer: string
}

/**
 * Tries a delivery once, if it is pending and due and its endpoint is not left alone, and notes the outcome.
 * @returns undefined when there is nothing to do.
 * @throws SqlError when the journal cannot be read; `signal`'s reason when aborted.
 */
export async function attempt(id: string, parts: AttemptParts, signal: AbortSignal): Promise<Ran | undefined> {
  const { store, logger } = parts
  const due = await store.due(id)
  if (due?.delivery.state !== 'pending') return undefined
  const { delivery } = due
  // The one before it was told once more meanwhile: it is next when that one is.
  if (due.behind) return { delivery }
  const startedAt = Date.now()
  if (delivery.nextAt > startedAt) return { delivery, runAgainAt: delivery.nextAt }
  const sent = await withPermit(due, parts, signal)
  if ('askAgainAt' in sent) return { delivery, runAgainAt: sent.askAgainAt }
  const { state, lastOutcome, nextAt, answer } = sent
  const after = { ...delivery, state, lastOutcome, nextAt, attempts: delivery.attempts + 1, updatedAt: Date.now() }
  const line = {
    delivery: id,
    endpoint: delivery.endpoint,
    subject: delivery.subject,
    event: delivery.event,
    attempt: after.attempts,
    outcome: after.lastOutcome,
    state: after.state,
    ms: after.updatedAt - startedAt,
  }
  if (after.state === 'delivered' || sent.sign === undefined) logger.info(line, 'delivery attempt')
  else logger.warn(line, 'delivery attempt')
  await record(after, { at: startedAt, ms: line.ms, outcome: lastOutcome, answer }, parts, signal)
  return after.state === 'pending' ? { delivery: after, runAgainAt: after.nextAt } : { delivery: after }
}

/** As the endpoint's circuit allows. */
async function withPermit(due: Due, parts: AttemptParts, signal: AbortSignal): Promise<Sent | Wait> {
  const { delivery } = due
  const permit = parts.circuits.get(delivery.endpoint)?.ask(Date.now())
  if (permit && 'askAgainAt' in permit) return permit
  let sign: Sign | undefined
  try {
    const sent = await send(due, parts, signal)
    if ('sign' in sent) sign = sent.sign
    return sent
  } finally {
    if (permit && parts.circuits.get(delivery.endpoint)?.tell(permit, sign, Date.now())) parts.onBack(delivery.endpoint)
  }
}

async function send({ delivery, fact, missed, message }: Due, parts: AttemptParts, signal: AbortSignal): Promise<Sent | Wait> {
  const { systems, tickets, random } = parts
  try {
    const system = systems.get(delivery.endpoint)
    if (!system) throw new DeliveryError('dead', 'endpoint-removed')
    const notice = fact && noticeOf(fact)
    if (!notice) throw new DeliveryError('dead', 'fact-missing')
    const { outcome, answer, reference } = await system.tell({ id: delivery.id, payload: notice.payload, missed, links: parts.linksOf(notice.payload, message) }, signal)
    if (reference !== undefined) parts.onReference(delivery.endpoint, notice.subject, reference)
    return { state: 'delivered', lastOutcome: outcome, nextAt: delivery.nextAt, sign: 'alive', answer }
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    const { answer } = error
    // It is on its way: looked for until it has come, and noted once.
    if (error.waiting) {
      const nextAt = Date.now() + (error.retryAfterMs ?? 0)
      return delivery.lastOutcome === error.code ? { askAgainAt: nextAt } : { state: 'pending', lastOutcome: error.code, nextAt, answer }
    }
    const dead = { state: 'failed', lastOutcome: error.code, nextAt: delivery.nextAt, answer } as const
    // Who refuses has been reached; what was never sent says nothing.
    if (error.verdict === 'dead') return { ...dead, ...(error.reached ? { sign: 'alive' } : {}) }
    const pause = pauseAfter(delivery.attempts + 1, tickets.retryMs, error.retryAfterMs, random())
    return pause === undefined ? { ...dead, sign: 'failing' } : { state: 'pending', lastOutcome: error.code, nextAt: Date.now() + pause, sign: 'failing', answer }
  }
}

/** Pause before an outcome that could not be noted is noted again, ms. */
const recordRetryMs = 1_000

/** Holds its worker until the outcome is on disk: while none can be noted, none is sent twice either. */
async function record(delivery: Delivery, made: Attempt, { store, logger }: AttemptParts, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await store.record(delivery, made)
    } catch (error) {
      // The journal's disk fails: wait for it, unless the service ends; then the receiver sees the same webhook-id once more.
      logger.warn({ err: error, delivery: delivery.id }, 'an outcome waits for the journal')
      await sleep(recordRetryMs, undefined, { signal })
    }
  }
}
