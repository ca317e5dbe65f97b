import { DelayedError, type Job, Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Head } from './delivery-store.ts'

export interface QueueOptions {
  readonly url: string
  readonly prefix: string
  readonly name: string
  /** Most jobs at a time, of each endpoint that is configured. */
  readonly endpoints: ReadonlyMap<string, number>
  /** Runs a job. @returns when to run it again, UTC ms; undefined when it is done with. */
  readonly run: (id: string) => Promise<number | undefined>
  /** Told at each connection: whatever is missing may be added again. */
  readonly onReady: () => void
  readonly logger: Logger
}

/** Longest time for a command that somebody waits for, and for an orderly end, ms. */
const commandMs = 2_000
/** Pause after `run` threw, ms. */
const faultMs = 1_000
const retryStrategy = (times: number): number => Math.min(50 * 2 ** Math.min(times, 5), 1_000)
/** Of the endpoints that are configured no more: no Name in the configuration. */
const removed = '-'

/** Job data: all else stays in the journal. */
interface JobData {
  readonly id: string
}

interface Parts {
  readonly queue: Queue<JobData>
  readonly worker: Worker<JobData>
}

/**
 * BullMQ as a runner of delivery ids, a queue an endpoint: one that hangs does not slow the others. Redis may be away at any
 * time: nothing here waits for it without limit.
 */
export class DeliveryQueue {
  readonly #options: QueueOptions
  /** For adding: fails at once when away. */
  readonly #redis: Redis
  /** For the workers, which wait. */
  readonly #workerRedis: Redis
  readonly #parts = new Map<string, Promise<Parts>>()
  #closing: Promise<void> | undefined

  constructor(options: QueueOptions) {
    this.#options = options
    const common = { retryStrategy, connectTimeout: commandMs, maxRetriesPerRequest: null }
    this.#redis = new Redis(options.url, {
      ...common,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      commandTimeout: commandMs,
    })
    this.#workerRedis = new Redis(options.url, common)
    for (const redis of [this.#redis, this.#workerRedis]) {
      // Without a listener ioredis prints; being away is told by `up` and tried again by itself.
      redis.on('error', (error) => options.logger.debug({ err: error }, 'redis connection failed'))
    }
    let wasUp = false
    this.#redis.on('ready', () => {
      wasUp = true
      options.logger.info('redis connected')
      void this.#startAll()
      options.onReady()
    })
    this.#redis.on('close', () => {
      if (wasUp) options.logger.warn('redis connection closed')
      wasUp = false
    })
  }

  get up(): boolean {
    return this.#redis.status === 'ready'
  }

  /** Adds what is not there; false when Redis could not take it: the sweep adds it again. */
  async add(heads: readonly Head[]): Promise<boolean> {
    if (!this.up || this.#closing) return false
    try {
      const byEndpoint = Map.groupBy(heads, ({ endpoint }) => (this.#options.endpoints.has(endpoint) ? endpoint : removed))
      await Promise.all([...byEndpoint].map(([endpoint, own]) => this.#addTo(endpoint, own)))
      return true
    } catch (error) {
      // Redis went away: the journal still has them as pending.
      this.#options.logger.debug({ err: error }, 'redis took no deliveries')
      return false
    }
  }

  /** Runs at once what waits. */
  async promote(endpoint: string): Promise<void> {
    if (!this.up || this.#closing) return
    try {
      const { queue } = await this.#started(endpoint)
      await queue.promoteJobs()
    } catch (error) {
      // Redis went away: each comes when its time has come.
      this.#options.logger.debug({ err: error, endpoint }, 'redis promoted no deliveries')
    }
  }

  async #addTo(endpoint: string, heads: readonly Head[]): Promise<void> {
    const { queue } = await this.#started(endpoint)
    const now = Date.now()
    await queue.addBulk(
      heads.map(({ id, nextAt }) => ({
        name: 'deliver',
        data: { id },
        // Nothing of a finished job stays, or adding it again would be dropped in silence.
        opts: { jobId: id, delay: Math.max(0, nextAt - now), removeOnComplete: true, removeOnFail: true },
      })),
    )
  }

  /** The workers, which may have jobs from before. */
  async #startAll(): Promise<void> {
    try {
      await Promise.all([...this.#options.endpoints.keys()].map((endpoint) => this.#started(endpoint)))
    } catch (error) {
      // Redis went away again: at the next connection.
      this.#options.logger.debug({ err: error }, 'redis worker not started')
    }
  }

  /** Waits for running jobs, within limits. @param abort ends what still runs after the first one. */
  close(abort: () => void): Promise<void> {
    return (this.#closing ??= this.#close(abort))
  }

  async #close(abort: () => void): Promise<void> {
    const started = await Promise.all([...this.#parts.values()].map((parts) => within(commandMs, parts)))
    const all = started.filter((parts) => parts !== undefined)
    const ended = Promise.all(all.map(({ worker }) => worker.close()))
    // Its later rejection is that of the connection that is cut below.
    ended.catch((error: unknown) => this.#options.logger.debug({ err: error }, 'redis worker cut off'))
    // Without Redis no job can end in order.
    if (this.up) await within(commandMs, ended)
    abort()
    if (this.up) await within(commandMs, ended)
    await within(commandMs, Promise.all(all.flatMap(({ queue, worker }) => [worker.close(true), queue.close(), worker.disconnect()])))
    this.#redis.disconnect()
    this.#workerRedis.disconnect()
  }

  /** BullMQ's objects, made at the first connection and again if that broke while they were made. */
  #started(endpoint: string): Promise<Parts> {
    const parts = this.#parts.get(endpoint) ?? this.#start(endpoint).catch((error: unknown) => {
      this.#parts.delete(endpoint)
      throw error
    })
    this.#parts.set(endpoint, parts)
    return parts
  }

  async #start(endpoint: string): Promise<Parts> {
    const { prefix, endpoints, logger } = this.#options
    const name = `${this.#options.name}-${endpoint}`
    const queue = new Queue<JobData>(name, { connection: this.#redis, prefix })
    const onError = (error: Error) => logger.debug({ err: error }, 'redis queue failed')
    queue.on('error', onError)
    const worker = new Worker<JobData>(name, (job, token) => this.#process(job, token), {
      connection: this.#workerRedis,
      prefix,
      concurrency: endpoints.get(endpoint) ?? 1,
      autorun: false,
      // A killed process's job is run again after some 6 s, however often that happens.
      lockDuration: 5_000,
      stalledInterval: 2_000,
      maxStalledCount: 1_000_000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    })
    worker.on('error', onError)
    try {
      await bounded(commandMs, Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]))
    } catch (error) {
      const closed = Promise.all([queue.close(), worker.close(true)])
      closed.catch(onError)
      throw error
    }
    worker.run().catch(onError)
    return { queue, worker }
  }

  async #process(job: Job<JobData>, token: string | undefined): Promise<void> {
    let again: number | undefined
    try {
      again = await this.#options.run(job.data.id)
    } catch (error) {
      // Not an attempt: the journal could not be used, or the service ends. The delivery is still pending.
      this.#options.logger.warn({ err: error, delivery: job.data.id }, 'delivery put off')
      again = Date.now() + faultMs
    }
    if (again === undefined) return
    await job.moveToDelayed(again, token)
    throw new DelayedError()
  }
}

/** Undefined when it takes longer or fails. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  try {
    return await bounded(ms, work)
  } catch {
    // Only used where the end comes anyway.
    return undefined
  }
}

async function bounded<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms)
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
