import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { runtimeDir } from '../../src/lab/paths.ts'
import { freePort } from '../../src/lab/ports.ts'
import { startRedis } from '../../src/lab/redis.ts'
import { type GivenTandem, givenTandem } from '../support/given-tandem.ts'
import { incident } from '../support/intake.ts'
import { startRequestTracker } from '../support/request-tracker.ts'
import { type Receiver, webhookReceiver } from '../support/webhook-receiver.ts'
import type { BenchResult } from './result.ts'
import { printTable } from './result.ts'
import { figures, ratio } from './statistics.ts'

const target = { webhookP95Ms: 100, requestTrackerP95Ms: 2_000 }
/** Idle: one at a time, with a pause. */
const pauseMs = 50
/** Request Tracker makes some ten tickets a second. */
const trackerShare = 5
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/** From a push's acceptance by the API until it is in the other platform's system, beside the same sent there directly. */
export async function push(rounds: number, progress: (line: string) => void): Promise<BenchResult> {
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  const dir = mkdtempSync(join(runtimeDir, 'test/push-'))
  progress('starting Redis, Request Tracker and Tandem')
  const redis = await startRedis({ dir: join(dir, 'redis') })
  const rt = await startRequestTracker({ dir: join(dir, 'rt') })
  const receiver = await webhookReceiver()
  const at = (endpoint: object) => ({ redis: { url: redis.url }, tickets: { allowNetworks: ['127.0.0.0/8'], endpoints: [endpoint] } })
  const toWebhook = await givenTandem(join(dir, 'webhook'), await freePort(), at({ id: 'police', platform: '110', url: receiver.url, secrets: [secret] }))
  const toTracker = await givenTandem(join(dir, 'tracker'), await freePort(), at({ id: 'police', platform: '110', kind: 'request-tracker', url: rt.url, token: rt.token, queue: '110 警单', pollMs: 3_600_000 }))
  try {
    await toWebhook.start()
    progress(`${rounds} pushes to a webhook, each beside the same body posted there`)
    const webhooks = await series(rounds, async () => [await pushed(toWebhook, (id) => received(receiver, id)), await posted(receiver)])
    await toWebhook.kill()
    await toTracker.start()
    progress(`${Math.ceil(rounds / trackerShare)} pushes to Request Tracker, each beside a ticket made there by one request`)
    const trackers = await series(Math.ceil(rounds / trackerShare), async () => [
      await pushed(toTracker, (id) => delivered(toTracker, id)),
      await timed(async () => void (await rt.asTandem.ask('POST', '/ticket', { Queue: '110 警单', Subject: '打架', Content: incident.content, ContentType: 'text/plain', CustomFields: { TandemID: `raw-${Math.random()}` } }))),
    ])
    const [webhook, rawPost, tracker, rawTicket] = [...webhooks, ...trackers].map(figures) as [ReturnType<typeof figures>, ReturnType<typeof figures>, ReturnType<typeof figures>, ReturnType<typeof figures>]
    printTable({ 'to a webhook': webhook, 'posted there': rawPost, 'to Request Tracker': tracker, 'made there': rawTicket })
    return {
      name: 'push',
      samples: rounds,
      measured: { webhookMs: webhook, requestTrackerMs: tracker },
      reference: { postedMs: rawPost, madeMs: rawTicket },
      ratio: { webhook: ratio(webhook, rawPost), requestTracker: ratio(tracker, rawTicket) },
      target,
      ok: webhook.p95 < target.webhookP95Ms && tracker.p95 < target.requestTrackerP95Ms,
    }
  } finally {
    await Promise.all([toWebhook.kill(), toTracker.kill()])
    await Promise.all([receiver.close(), rt.stop(), redis.stop()])
    rmSync(dir, { recursive: true })
  }
}

/** Two series, measured in turn. */
async function series(rounds: number, round: () => Promise<readonly [number, number]>): Promise<readonly [readonly number[], readonly number[]]> {
  const all: (readonly [number, number])[] = []
  for (let n = 0; n < rounds; n++) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time
    all.push(await round())
    // oxlint-disable-next-line no-await-in-loop -- idle in between
    await pause(pauseMs)
  }
  return [all.map(([measured]) => measured), all.map(([, reference]) => reference)]
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** From the API's answer. @returns ms; 0 where it was there before the answer was read */
async function pushed(tandem: GivenTandem, there: (id: string) => Promise<number>): Promise<number> {
  const { ticket } = await tandem.post<{ ticket: { id: string } }>('/v1/tickets', { from: '12345', intake: incident })
  const accepted = performance.now()
  return Math.max(0, (await there(ticket.id)) - accepted)
}

/** @returns when it came, by `performance.now()` */
async function received(receiver: Receiver, id: string): Promise<number> {
  for (;;) {
    const found = receiver.received.find(({ payload }) => (payload.data as { ticket?: { id: string } }).ticket?.id === id)
    if (found) return performance.now()
    // oxlint-disable-next-line no-await-in-loop -- asked until it is so
    await pause(1)
  }
}

/** Made, and read back: only then it counts as delivered. */
async function delivered(tandem: GivenTandem, id: string): Promise<number> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- asked until it is so
    const { deliveries } = await tandem.get<{ deliveries: readonly { state: string }[] }>(`/v1/tickets/${id}`)
    if (deliveries.some(({ state }) => state === 'delivered')) return performance.now()
    // oxlint-disable-next-line no-await-in-loop -- as above
    await pause(5)
  }
}

const posted = (receiver: Receiver): Promise<number> =>
  timed(async () => void (await (await fetch(receiver.url, { method: 'POST', headers: { 'content-type': 'application/json', 'webhook-id': 'raw' }, body: JSON.stringify({ data: { intake: incident } }) })).arrayBuffer()))
