import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import type { Journal } from '../journal/journal.ts'
import type { Delivery, DeliveryState, DeliveryStore } from './delivery-store.ts'
import { ticketOf } from './payload.ts'
import type { WebhookSender } from './post-webhook.ts'
import { signWebhook } from './signature.ts'
import { pauseAfter, WebhookError } from './verdict.ts'

export interface AttemptParts {
  readonly store: DeliveryStore
  readonly journal: Journal
  readonly sender: WebhookSender
  readonly tickets: Config['tickets']
  readonly logger: Logger
  /** From 0 up to 1. */
  readonly random: () => number
  /** Told once the outcome is on disk. */
  readonly onRecorded: (delivery: Delivery) => void
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

/**
 * Tries a delivery once, if it is pending and due, and notes the outcome.
 * @returns undefined when there is nothing to do.
 * @throws SqlError when the journal cannot be read; `signal`'s reason when aborted.
 */
export async function attempt(id: string, parts: AttemptParts, signal: AbortSignal): Promise<Ran | undefined> {
  const { store, logger } = parts
  const delivery = await store.find(id)
  if (delivery?.state !== 'pending') return undefined
  const startedAt = Date.now()
  if (delivery.nextAt > startedAt) return { delivery, runAgainAt: delivery.nextAt }
  const outcome = await send(delivery, parts, signal)
  const after = { ...delivery, ...outcome, attempts: delivery.attempts + 1, updatedAt: Date.now() }
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
  if (after.state === 'delivered') logger.info(line, 'webhook attempt')
  else logger.warn(line, 'webhook attempt')
  await record(after, parts, signal)
  parts.onRecorded(after)
  return after.state === 'pending' ? { delivery: after, runAgainAt: after.nextAt } : { delivery: after }
}

async function send(delivery: Delivery, parts: AttemptParts, signal: AbortSignal): Promise<Outcome> {
  const { journal, sender, tickets, random } = parts
  try {
    const endpoint = tickets.endpoints.find(({ id }) => id === delivery.endpoint)
    if (!endpoint) throw new WebhookError('dead', 'endpoint-removed')
    const [entry] = await journal.read(delivery.position - 1, 1)
    const ticket = entry?.position === delivery.position ? ticketOf(entry.fact) : undefined
    if (!ticket) throw new WebhookError('dead', 'fact-missing')
    const body = Buffer.from(JSON.stringify(ticket.payload))
    const headers = signWebhook(delivery.id, body, endpoint.secrets, Date.now())
    const status = await sender.post({ url: endpoint.url, headers, body }, signal)
    return { state: 'delivered', lastOutcome: `http-${status}`, nextAt: delivery.nextAt }
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error
    const dead: Outcome = { state: 'failed', lastOutcome: error.code, nextAt: delivery.nextAt }
    if (error.verdict === 'dead') return dead
    const pause = pauseAfter(delivery.attempts + 1, tickets.retryMs, error.retryAfterMs, random())
    return pause === undefined ? dead : { state: 'pending', lastOutcome: error.code, nextAt: Date.now() + pause }
  }
}

/** Pause before an outcome that could not be noted is noted again, ms. */
const recordRetryMs = 1_000

/** Holds its worker until the outcome is on disk: while none can be noted, none is sent twice either. */
async function record(delivery: Delivery, { store, logger }: AttemptParts, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await store.record(delivery)
    } catch (error) {
      // The journal's disk fails: wait for it, unless the service ends; then the receiver sees the same webhook-id once more.
      logger.warn({ err: error, delivery: delivery.id }, 'webhook outcome waits for the journal')
      await sleep(recordRetryMs, undefined, { signal })
    }
  }
}
