import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type BirpcReturn, createBirpc } from 'birpc'
import type { Logger } from 'pino'
import { notInRealTime } from '../cli/real-time.mjs'
import type { Catalogues } from '../matters/catalogues.ts'
import type { JournalFile } from '../journal/open-journal.ts'
import type { Question } from '../recommendation/recommendation-thread.ts'
import type { Recommendation } from '../recommendation/recommender.ts'
import type { TicketsHealth } from '../tickets/tickets.ts'
import type { ReadersHealth, ReadersSide, ServiceSide, Settings } from './contract.ts'
import { servingTables } from './remote-journal.ts'

export interface ReadersOptions {
  readonly config: Settings['config']
  readonly journal: JournalFile
  readonly catalogues: Pick<Catalogues, 'lasting' | 'onChange'>
  /** What people did in ticket systems. */
  readonly inbox: Pick<ServiceSide, 'heard' | 'referred'>
  readonly logger: Logger
}

/** Pauses before it is started again, ms: longer as long as it ends at once. */
const restartMs = { first: 500, longest: 10_000 } as const
/** A process that has lived so long has started well, ms. */
const wellMs = 30_000
/** For an answer to health, ms; for an orderly end. */
const healthMs = 300
/** For a recommendation, ms: later it is of no use to whoever types. */
const recommendMs = 2_000
const closeMs = 13_000
/** For taking notice of new facts, ms: who does not stands still. */
const frozenMs = 60_000

interface Running {
  readonly child: ChildProcess
  readonly rpc: BirpcReturn<ReadersSide, ServiceSide>
  readonly ended: Promise<void>
  /** It has loaded what it needs, and answers. */
  answers: boolean
}

/** They cannot be asked now; they are started again by themselves. */
class ReadersAway extends Error {
  override readonly name = 'ReadersAway'
}

/** The service's end of its readers' process: starts it, starts it again, asks it. Nothing here touches a call. */
export class ReadersProcess {
  readonly #options: ReadersOptions
  #running: Running | undefined
  #pauseMs: number = restartMs.first
  #again: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined
  #known: ReadersHealth | undefined
  #forget: (() => void) | undefined
  #telling = false
  #untold = false

  constructor(options: ReadersOptions) {
    this.#options = options
  }

  start(): void {
    const { journal, catalogues } = this.#options
    const forget = [journal.onWritten(() => this.#tell()), catalogues.onChange(() => void this.#running?.rpc.learn.asEvent([...catalogues.lasting()]).catch(ignored))]
    this.#forget = () => forget.forEach((one) => one())
    this.#start()
  }

  /** What they said last, where they are being started or do not answer in time; of what they never said, `down`. */
  async health(): Promise<ReadersHealth & { readonly away: boolean }> {
    try {
      this.#known = await this.#ask((rpc) => rpc.health(), healthMs)
      return { ...this.#known, away: false }
    } catch {
      // That they are away is the answer.
      const { tickets = nothing, ...known } = this.#known ?? {}
      return { ...known, tickets: { ...tickets, redis: 'down' }, away: true }
    }
  }

  /** @returns undefined: it cannot be asked now */
  async recommend(question: Question): Promise<Recommendation | undefined> {
    try {
      return await this.#ask((rpc) => rpc.recommend(question), recommendMs)
    } catch (error) {
      if (error instanceof ReadersAway) return undefined
      throw error
    }
  }

  /** An agent chose a matter for what was said. @returns false: it could not be learned now */
  async choose(text: string, matter: string, call?: string): Promise<boolean> {
    try {
      return await this.#ask((rpc) => rpc.choose(text, matter, call), recommendMs)
    } catch (error) {
      if (error instanceof ReadersAway) return false
      throw error
    }
  }

  /** Choices were taken away. Where they are away they read them as they start. */
  chosenAnew(): void {
    void this.#running?.rpc.chosenAnew.asEvent().catch(ignored)
  }

  /** Something has happened in an endpoint's system. Where they are away they ask as they start. */
  look(endpoint: string): void {
    void this.#running?.rpc.look.asEvent(endpoint).catch(ignored)
  }

  /** Deliveries wait to be told once more. Where they are away they look for themselves as they start. */
  sweep(): void {
    void this.#running?.rpc.sweep.asEvent().catch(ignored)
  }

  /** Within some 13 s, whatever Redis, Postgres and the receivers do. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /** That there are new facts; one word at a time, so that nothing piles up for a process that stands still: that one is ended. */
  #tell(): void {
    this.#untold = true
    const running = this.#running
    if (this.#telling || !running) return
    this.#telling = true
    this.#untold = false
    const frozen = setTimeout(() => running.child.kill('SIGKILL'), frozenMs).unref()
    void running.rpc
      .written()
      .catch(ignored)
      .finally(() => {
        clearTimeout(frozen)
        this.#telling = false
        if (this.#untold) this.#tell()
      })
  }

  #start(): void {
    const { config, journal, catalogues, inbox, logger } = this.#options
    const began = performance.now()
    const [program = '', ...args] = notInRealTime([process.execPath, ...process.execArgv, fileURLToPath(new URL('../readers.ts', import.meta.url))])
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
    const mine: ServiceSide = { ...servingTables(journal.tables), reached: (reader, position) => journal.reached(reader, position), heard: (...said) => inbox.heard(...said), referred: (...said) => inbox.referred(...said) }
    const rpc = createBirpc<ReadersSide, ServiceSide>(mine, {
      // A process that is ending takes no message: its end is told by itself.
      post: (message) => void (child.connected && child.send(message, ignored)),
      on: (listener) => void child.on('message', listener),
      eventNames: ['sweep', 'look', 'learn', 'chosenAnew'],
      // The limits are those of each question.
      timeout: -1,
    })
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const running: Running = { child, rpc, ended, answers: false }
    const end = (reason: object): void => {
      if (this.#running !== running) return
      this.#running = undefined
      rpc.$close(new ReadersAway('they have just ended'))
      resolve()
      if (this.#closing) return
      logger.error(reason, 'the readers’ process has ended: started again')
      this.#pauseMs = performance.now() - began > wellMs ? restartMs.first : Math.min(2 * this.#pauseMs, restartMs.longest)
      this.#again = setTimeout(() => this.#start(), this.#pauseMs)
    }
    child.once('exit', (code, signal) => end({ code, signal }))
    child.once('error', (error) => end({ err: error }))
    this.#running = running
    rpc.begin({ config, journal: journal.id, rows: [...catalogues.lasting()] }).then(() => (running.answers = true), ignored)
  }

  /** @throws ReadersAway when they do not answer in time; Error with what they say */
  async #ask<T>(question: (rpc: Running['rpc']) => Promise<T>, withinMs: number): Promise<T> {
    if (!this.#running?.answers) throw new ReadersAway('they are being started')
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new ReadersAway(`they have not answered within ${withinMs} ms`)), withinMs)
    })
    try {
      return await Promise.race([question(this.#running.rpc), late])
    } finally {
      clearTimeout(timer)
    }
  }

  async #close(): Promise<void> {
    clearTimeout(this.#again)
    this.#forget?.()
    const running = this.#running
    if (!running) return
    try {
      if (running.answers) await this.#ask((rpc) => rpc.close(), closeMs)
    } catch (error) {
      // What was not told is told after the next start.
      this.#options.logger.warn({ err: error }, 'the readers did not end in order')
    }
    running.child.kill('SIGKILL')
    await running.ended
  }
}

const nothing: TicketsHealth = { redis: 'down', pending: 0, dead: 0, endpoints: [] }

/** The end of the process is told by its exit; what it was not told is on disk. */
const ignored = (): void => undefined
