import type { TestCallConfig } from '../config/schema.ts'
import type { LegEvent } from '../domain/call/events.ts'
import type { Platform } from '../domain/handover/handover.ts'
import { type Instant, iso } from '../domain/instant.ts'
import { audioFailure, endFailure, isAsExpected, type Probe, type TestCall, type TestCallClock, type TestCallFailure } from '../domain/test-call.ts'
import type { CallControl } from './call-control.ts'

export interface TestRunParts {
  readonly id: string
  readonly config: TestCallConfig
  readonly by?: string
  /** What the far end is shown. */
  readonly callerNumber: string
  readonly control: CallControl
  readonly now: () => Instant
}

/** Beyond all its times: the hang-up. Then the PBX ends the leg by itself. */
const graceMs = 2_000
/** In which the end of a leg is told that was hung up, ms. */
const endMs = 1_000

/** One test call: a leg of its own in no bridge, dialled, answered, probed, hung up. */
export class TestRun {
  readonly #parts: TestRunParts
  readonly #startedAt: Instant
  readonly #verdict = Promise.withResolvers<TestCallFailure | undefined>()
  readonly #ended = Promise.withResolvers<void>()
  #clock: TestCallClock = { start: 0 }
  #packets: Probe['packets'] | undefined
  #timer: NodeJS.Timeout | undefined
  #over = false

  constructor(parts: TestRunParts) {
    this.#parts = parts
    this.#startedAt = parts.now()
  }

  get platform(): Platform {
    return this.#parts.config.platform
  }

  /** Never rejects; resolves when the leg has ended. */
  async run(): Promise<TestCall> {
    const { id, control, config, callerNumber } = this.#parts
    const { platform, endpoint, number, ringMs, answerMs, audioMs } = config
    const limitMs = ringMs + answerMs + audioMs + graceMs
    this.#failAfter(ringMs, 'unreachable')
    const numbers = { callerNumber, callerName: 'Tandem', ...(number === undefined ? {} : { number }) }
    control.dialLeg({ leg: id, callId: id, platform, endpoint, role: 'test', limitMs, ...numbers })
    const failure = await this.#verdict.promise
    this.#over = true
    clearTimeout(this.#timer)
    control.hangUpLeg(id, this.#clock.answer === undefined ? 'no-answer' : 'normal')
    await Promise.race([this.#ended.promise, new Promise((resolve) => setTimeout(resolve, endMs).unref())])
    return this.#record(failure)
  }

  deliver(event: LegEvent): void {
    switch (event.type) {
      case 'leg-dialled':
        return this.#note('dial')
      case 'leg-ringing':
        if (this.#clock.ring === undefined && this.#clock.answer === undefined) this.#failAfter(this.#parts.config.answerMs, 'no-answer')
        return this.#note('ring')
      case 'leg-answered':
        this.#note('answer')
        clearTimeout(this.#timer)
        return void this.#probe()
      case 'leg-ended':
        this.#ended.resolve()
        return this.#verdict.resolve(endFailure(event, this.#clock))
    }
  }

  /** Events may have been lost, or the service stops. */
  controlLost(): void {
    this.#verdict.resolve({ reason: 'control-lost' })
  }

  async #probe(): Promise<void> {
    const { id, control, config } = this.#parts
    const since = this.#sinceStart()
    try {
      const probe = await control.probe(id, config.audioMs, (sounds) => {
        const [first] = sounds
        if (first) this.#clock = { ...this.#clock, heard: since + first.fromMs }
        return isAsExpected(config.expect, sounds)
      })
      this.#packets = probe.packets
      const failure = audioFailure(config.expect, probe)
      if (!failure && config.expect === 'echo') this.#note('echoed')
      this.#verdict.resolve(failure)
    } catch {
      // Asterisk away, or the leg is ending: that is told, and is the verdict if it comes first.
      setTimeout(() => this.controlLost(), endMs).unref()
    }
  }

  #failAfter(ms: number, reason: TestCallFailure['reason']): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#verdict.resolve({ reason: this.#parts.control.up ? reason : 'control-lost' }), ms)
  }

  #note(step: Exclude<keyof TestCallClock, 'start'>): void {
    // The hang-up, too, has its events.
    if (!this.#over) this.#clock = { [step]: this.#sinceStart(), ...this.#clock }
  }

  #sinceStart(): number {
    return this.#parts.now().mono - this.#startedAt.mono
  }

  #record(failure: TestCallFailure | undefined): TestCall {
    const { id, by, config } = this.#parts
    const { platform, endpoint, number, expect } = config
    const { start, dial, ring, answer, heard, echoed } = this.#clock
    const clock = { start, ...rounded({ dial, ring, answer, heard, echoed }) }
    return {
      id,
      platform,
      endpoint,
      ...(number === undefined ? {} : { number }),
      expect,
      ...(by === undefined ? {} : { by }),
      startedAt: iso(this.#startedAt),
      ok: failure === undefined,
      clock,
      ...(this.#packets ? { packets: this.#packets } : {}),
      ...(failure ? { failure } : {}),
    }
  }
}

/** To a tenth of a millisecond, in their order. */
function rounded(steps: Partial<Record<Exclude<keyof TestCallClock, 'start'>, number | undefined>>): Omit<TestCallClock, 'start'> {
  return Object.fromEntries(Object.entries(steps).flatMap(([step, ms]) => (ms === undefined ? [] : [[step, Math.round(ms * 10) / 10]])))
}
