import { DelayedError, type Job, Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Head } from './delivery-store.ts'

export interface QueueOptions {
  readonly url: string
  readonly prefix: string
  readonly name: string
  readonly concurrency: number
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
const queueName = /^[a-z0-9-]+$/

/** Job data: all else stays in the journal. */
interface JobData {
  readonly id: string
}

/** BullMQ as a runner of delivery ids. Redis may be away at any time: nothing here waits for it without limit. */
export class DeliveryQueue {
  readonly #options: QueueOptions
  /** For adding: fails at once when away. */
  readonly #redis: Redis
  /** For the worker, which waits. */
  readonly #workerRedis: Redis
  #parts: Promise<{ queue: Queue<JobData>; worker: Worker<JobData> }> | undefined
  #closing: Promise<void> | undefined

  constructor(options: QueueOptions) {
    if (!queueName.test(options.name)) throw new Error(`${options.name} cannot name a queue`)
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
      // Starts the worker, which may have jobs from before.
      void this.add([])
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
      const { queue } = await this.#started()
      if (heads.length === 0) return true
      const now = Date.now()
      await queue.addBulk(
        heads.map(({ id, nextAt }) => ({
          name: 'deliver',
          data: { id },
          // Nothing of a finished job stays, or adding it again would be dropped in silence.
          opts: { jobId: id, delay: Math.max(0, nextAt - now), removeOnComplete: true, removeOnFail: true },
        })),
      )
      return true
    } catch (error) {
      // Redis went away: the journal still has them as pending.
      this.#options.logger.debug({ err: error }, 'redis took no deliveries')
      return false
    }
  }

  /** Waits for running jobs, within limits. @param abort ends what still runs after the first one. */
  close(abort: () => void): Promise<void> {
    return (this.#closing ??= this.#close(abort))
  }

  async #close(abort: () => void): Promise<void> {
    const parts = this.#parts && (await within(commandMs, this.#parts))
    if (parts) {
      const ended = parts.worker.close()
      // Its later rejection is that of the connection that is cut below.
      ended.catch((error: unknown) => this.#options.logger.debug({ err: error }, 'redis worker cut off'))
      // Without Redis no job can end in order.
      if (this.up) await within(commandMs, ended)
      abort()
      if (this.up) await within(commandMs, ended)
      await within(commandMs, Promise.all([parts.worker.close(true), parts.queue.close(), parts.worker.disconnect()]))
    }
    abort()
    this.#redis.disconnect()
    this.#workerRedis.disconnect()
  }

  /** BullMQ's objects, made at the first connection and again if that broke while they were made. */
  #started(): Promise<{ queue: Queue<JobData>; worker: Worker<JobData> }> {
    this.#parts ??= this.#start().catch((error: unknown) => {
      this.#parts = undefined
      throw error
    })
    return this.#parts
  }

  async #start(): Promise<{ queue: Queue<JobData>; worker: Worker<JobData> }> {
    const { name, prefix, concurrency, logger } = this.#options
    const queue = new Queue<JobData>(name, { connection: this.#redis, prefix })
    const onError = (error: Error) => logger.debug({ err: error }, 'redis queue failed')
    queue.on('error', onError)
    const worker = new Worker<JobData>(name, (job, token) => this.#process(job, token), {
      connection: this.#workerRedis,
      prefix,
      concurrency,
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
