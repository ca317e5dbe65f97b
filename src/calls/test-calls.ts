import type { Logger } from 'pino'
import { v7 as uuid } from 'uuid'
import type { Config, TestCallConfig } from '../config/schema.ts'
import { factVersion, type TestCallFact } from '../domain/facts.ts'
import { otherThan, type Platform } from '../domain/handover/handover.ts'
import { type Instant, iso } from '../domain/instant.ts'
import type { TestCall } from '../domain/test-call.ts'
import type { Commit, Journal } from '../journal/journal.ts'
import type { CallControl } from './call-control.ts'
import type { Desks } from './desks.ts'
import { TestRun } from './test-run.ts'

export type TestCallRefusal = 'test-call-not-configured' | 'test-call-running' | 'destination-busy' | 'asterisk-away'

export interface TestCallResult {
  readonly testCall: TestCall
  readonly committed: Promise<Commit>
}

export interface TestCallsParts {
  readonly config: Config
  readonly control: CallControl
  readonly desks: Desks
  readonly journal: Journal
  readonly logger: Logger
  readonly now: () => Instant
  readonly calls: { readonly inControl: boolean; readonly full: boolean }
  /** An endpoint has become free. */
  readonly freed: () => void
  /** The last one of each platform, from the journal. */
  readonly last: readonly TestCallFact[]
}

/** How often the schedule is looked at, ms. */
const lookMs = 1_000

/** Calls to the configured test numbers (试呼), asked for or on the schedule: is the path there before it is needed? */
export class TestCalls {
  readonly #parts: TestCallsParts
  /** By leg. */
  readonly #running = new Map<string, { readonly run: TestRun; readonly done: Promise<TestCallResult> }>()
  readonly #last: Map<Platform, TestCall>
  #looks: NodeJS.Timeout | undefined
  #closed = false

  constructor(parts: TestCallsParts) {
    this.#parts = parts
    this.#last = new Map(parts.last.map(({ testCall }) => [testCall.platform, testCall]))
  }

  /** The last one of each platform that has a test number. */
  list(): readonly TestCall[] {
    return this.#parts.config.testCalls.flatMap(({ platform }) => this.#last.get(platform) ?? [])
  }

  /** Begins with the schedule. */
  start(): void {
    this.#looks = setInterval(() => this.#look(), lookMs).unref()
  }

  /** Ends those under way and makes no more; resolves when their legs have ended and they are recorded. */
  async close(): Promise<void> {
    clearInterval(this.#looks)
    this.#closed = true
    for (const { run } of this.#running.values()) run.controlLost()
    await Promise.allSettled([...this.#running.values()].map(({ done }) => done))
  }

  /** @param by who asks for it @returns once it has ended and is recorded, or why none was made */
  async make(platform: Platform, by: string): Promise<TestCallResult | TestCallRefusal> {
    const config = this.#parts.config.testCalls.find((test) => test.platform === platform)
    if (!config) return 'test-call-not-configured'
    if (this.#closed || !this.#parts.calls.inControl) return 'asterisk-away'
    if (this.#runs(platform)) return 'test-call-running'
    if (!this.#free(config)) return 'destination-busy'
    return this.#run(config, by)
  }

  /** The one that has this leg. */
  ofLeg(leg: string): TestRun | undefined {
    return this.#running.get(leg)?.run
  }

  /** What those under way waited for may have been missed. Their legs are strays from now on, should they still be there. */
  controlBack(): void {
    for (const [leg, { run }] of this.#running) {
      run.controlLost()
      this.#parts.control.tell('leg-ended', leg)
    }
  }

  #runs(platform: Platform): boolean {
    return [...this.#running.values()].some(({ run }) => run.platform === platform)
  }

  #free({ endpoint, number }: TestCallConfig): boolean {
    const { desks } = this.#parts
    return number === undefined ? desks.guest(endpoint) === true : desks.channelLeft(endpoint)
  }

  /** Nothing is tested on the schedule while citizens need what it would take. */
  #look(): void {
    const { config, calls, desks, logger, now } = this.#parts
    if (!calls.inControl || calls.full) return
    for (const test of config.testCalls) {
      const { platform, everyMs } = test
      const last = this.#last.get(platform)
      const due = everyMs !== undefined && (!last || now().utc - Date.parse(last.startedAt) >= everyMs)
      if (!due || this.#runs(platform) || desks.queues.length(platform) > 0 || !this.#free(test)) continue
      this.#run(test).catch((error: unknown) => logger.error({ err: error, platform }, 'a test call could not be made'))
    }
  }

  #run(config: TestCallConfig, by?: string): Promise<TestCallResult> {
    const { control, now, config: whole } = this.#parts
    const id = `test-${uuid()}`
    const callerNumber = whole.outbound?.number ?? whole.desks[otherThan(config.platform)].numbers[0] ?? ''
    const run = new TestRun({ id, config, callerNumber, control, now, ...(by === undefined ? {} : { by }) })
    const done = this.#finish(id, config, run)
    this.#running.set(id, { run, done })
    return done
  }

  async #finish(id: string, { platform, endpoint }: TestCallConfig, run: TestRun): Promise<TestCallResult> {
    const { desks, freed, journal, logger, now } = this.#parts
    const release = desks.take(endpoint)
    const testCall = await run.run()
    this.#running.delete(id)
    release()
    freed()
    this.#last.set(platform, testCall)
    if (testCall.ok) logger.info({ testCall }, 'test call')
    else logger.error({ testCall }, 'test call failed')
    const type = testCall.ok ? 'test-call-succeeded' : 'test-call-failed'
    return { testCall, committed: journal.append([{ type, version: factVersion, at: iso(now()), testCall }]) }
  }
}
