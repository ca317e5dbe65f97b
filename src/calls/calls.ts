import type { Logger } from 'pino'
import { v7 as uuid } from 'uuid'
import type { Config } from '../config/schema.ts'
import type { Reply } from '../domain/call/actions.ts'
import type { AnyEvent, Arrival, Context, Event, HandoverRequest, LegEnd } from '../domain/call/events.ts'
import { begin } from '../domain/call/machine.ts'
import { answeredLegsOf, handoverOf, legsOf, type State } from '../domain/call/state.ts'
import { type Handover, type Mode, type Outcome, type Platform, toRecord } from '../domain/handover/handover.ts'
import type { CallSummary } from '../domain/facts.ts'
import type { Instant } from '../domain/instant.ts'
import type { Commit, Journal } from '../journal/journal.ts'
import type { CallControl, ControlListener } from './call-control.ts'
import { CallRunner } from './call-runner.ts'
import { maskNumber } from './mask.ts'
import { Seats } from './seats.ts'
import { type Timers, realTimers } from './timers.ts'

export interface CallsOptions {
  readonly config: Config
  readonly journal: Journal
  readonly logger: Logger
  readonly control: (listener: ControlListener) => CallControl
  readonly now?: () => Instant
  readonly timers?: Timers
}

export type CommandRefusal = 'call-not-found' | 'agent-not-in-call' | 'destination-not-found' | 'destination-busy' | 'asterisk-away'
export type CommandReply = Reply | { readonly kind: 'refused'; readonly code: CommandRefusal }
export interface CommandResult {
  readonly reply: CommandReply
  readonly committed: Promise<Commit>
}

export interface PressCommand extends Omit<HandoverRequest, 'command' | 'handoverId' | 'to'> {
  /** The other platform when left out. */
  readonly to?: Platform
  /** The call; found by `agent` when left out. */
  readonly callId?: string
}

/** Ended calls that are still known by name, so that a late press is told what became of the call. */
const rememberEnded = 1_000

const nothingToCommit: Promise<Commit> = Promise.resolve({ durable: true })
const refusedBy = (code: CommandRefusal): CommandResult => ({ reply: { kind: 'refused', code }, committed: nothingToCommit })

/** All live calls: brings what the PBX tells to the right call's mailbox, and commands too. */
export class Calls implements ControlListener {
  readonly control: CallControl
  readonly #options: CallsOptions
  readonly #timers: Timers
  readonly #seats: Seats
  readonly #live = new Map<string, CallRunner>()
  readonly #byCaller = new Map<string, CallRunner>()
  readonly #byLeg = new Map<string, CallRunner>()
  readonly #ended = new Map<string, CallRunner>()
  readonly #byHandover = new Map<string, CallRunner>()
  #handsBack = false

  constructor(options: CallsOptions) {
    this.#options = options
    this.#timers = options.timers ?? realTimers()
    this.#seats = new Seats(options.config)
    this.control = options.control(this)
  }

  list(): readonly CallSummary[] {
    return [...this.#live.values()].map((runner) => runner.summary)
  }

  /** A live call, or one that ended not long ago. */
  get(callId: string): CallSummary | undefined {
    return (this.#live.get(callId) ?? this.#ended.get(callId))?.summary
  }

  /** A key press, whichever key it came from: the second press shows what the first one made. */
  press({ callId, to, ...request }: PressCommand): CommandResult {
    const runner = callId === undefined ? this.#ofAgent(request.agent) : (this.#live.get(callId) ?? this.#ended.get(callId))
    if (!runner) return refusedBy(callId === undefined ? 'agent-not-in-call' : 'call-not-found')
    if (!this.control.up) return refusedBy('asterisk-away')
    const handoverId = `ho-${uuid()}`
    const other = to ?? (runner.summary.desk === '12345' ? '110' : '12345')
    this.#byHandover.set(handoverId, runner)
    const answered = runner.command({ type: 'handover-requested', ...request, to: other, command: 'transfer', handoverId })
    if (answered.reply.kind !== 'handover' || !answered.reply.created) this.#byHandover.delete(handoverId)
    return answered
  }

  /** Takes a press back. @returns undefined when no live or recent call has this hand-over. */
  cancel(handoverId: string): CommandResult | undefined {
    return this.#about(handoverId, { type: 'handover-cancel-requested', handoverId, command: 'cancel' })
  }

  /** Goes on in another way: transfer or three-way call, after a consultation or without. As `cancel`. */
  change(handoverId: string, to: { readonly mode: Mode; readonly consult: boolean }): CommandResult | undefined {
    return this.#about(handoverId, { type: 'handover-change-requested', handoverId, command: 'change', ...to })
  }

  /** The other desk confirms a verified transfer. As `cancel`. */
  confirm(handoverId: string): CommandResult | undefined {
    return this.#about(handoverId, { type: 'handover-confirm-requested', handoverId, command: 'confirm' })
  }

  /** What was decided in a three-way call. As `cancel`. */
  decide(handoverId: string, outcome: Outcome): CommandResult | undefined {
    return this.#about(handoverId, { type: 'handover-outcome-decided', handoverId, command: 'decide', outcome })
  }

  /** Rings a further party, which joins the call as it answers. */
  invite(callId: string, endpoint: string): CommandResult {
    const free = this.#seats.guest(endpoint)
    if (free === undefined) return refusedBy('destination-not-found')
    const state = this.#live.get(callId)?.state
    // Who is in this very call already is told so by it.
    if (!free && !(state && legsOf(state).some((leg) => leg.endpoint === endpoint))) return refusedBy('destination-busy')
    return this.#ofCall(callId, { type: 'party-invite-requested', command: 'invite', endpoint })
  }

  changeParty(callId: string, party: string, to: { readonly held?: boolean; readonly muted?: boolean }): CommandResult {
    return this.#ofCall(callId, { type: 'party-change-requested', command: 'change-party', party, ...to })
  }

  /** @param by who drops it, for the record */
  dropParty(callId: string, party: string, by: string): CommandResult {
    return this.#ofCall(callId, { type: 'party-drop-requested', command: 'drop-party', party, by })
  }

  #about(handoverId: string, event: Extract<Event, { handoverId: string }>): CommandResult | undefined {
    const runner = this.#byHandover.get(handoverId)
    if (runner && handoverOf(runner.state)?.id === handoverId && !this.control.up) return refusedBy('asterisk-away')
    return runner?.command(event)
  }

  #ofCall(callId: string, event: Extract<AnyEvent, { command: string }>): CommandResult {
    const runner = this.#live.get(callId) ?? this.#ended.get(callId)
    if (!runner) return refusedBy('call-not-found')
    return this.control.up ? runner.command(event) : refusedBy('asterisk-away')
  }

  /** A hand-over of a live or recent call. */
  handover(handoverId: string): Handover | undefined {
    const state = this.#byHandover.get(handoverId)?.state
    const found = state && [handoverOf(state), state.call.last].find((handover) => handover?.id === handoverId)
    return found && toRecord(found)
  }

  /** Before the service stops: nobody is left waiting for it. At most `withinMs`. */
  async handBack(withinMs = 2_000): Promise<void> {
    this.#handsBack = true
    const told = Promise.all([...this.#live.values()].map((runner) => runner.handBack()))
    await Promise.race([told, new Promise((resolve) => setTimeout(resolve, withinMs))])
  }

  arrived(arrival: Omit<Arrival, 'id'>): void {
    const { logger, config } = this.#options
    if (this.#handsBack || this.#live.size >= config.calls.maximum) {
      logger.error({ calls: this.#live.size }, 'too many calls, or stopping: given back to the dialplan')
      this.#giveBack(arrival)
      return
    }
    const id = `call-${uuid()}`
    const log = logger.child({ call: id, caller: maskNumber(arrival.caller.number, config.log.numbers) })
    const runner = new CallRunner(
      {
        control: this.control,
        timers: this.#timers,
        logger: log,
        context: () => this.#context(),
        record: (facts) => this.#options.journal.append(facts),
        changed: (before, after) => this.#changed(id, before, after),
      },
      begin({ ...arrival, id }, this.#context()),
    )
    this.#live.set(id, runner)
    this.#byCaller.set(arrival.caller.channelId, runner)
    for (const leg of legsOf(runner.state)) this.#byLeg.set(leg.id, runner)
  }

  callerLeft(channelId: string): void {
    this.#byCaller.get(channelId)?.deliver({ type: 'caller-left' })
  }

  legDialled(leg: string, sipCallId: string | undefined): void {
    this.#toLeg({ type: 'leg-dialled', leg, ...(sipCallId === undefined ? {} : { sipCallId }) })
  }

  legRinging(leg: string): void {
    this.#toLeg({ type: 'leg-ringing', leg })
  }

  legAnswered(leg: string): void {
    this.#toLeg({ type: 'leg-answered', leg })
  }

  legHeld(leg: string, held: boolean): void {
    this.#byLeg.get(leg)?.deliver({ type: 'party-change-requested', command: 'phone', party: leg, held })
  }

  legEnded(leg: string, end: LegEnd): void {
    this.#toLeg({ type: 'leg-ended', leg, ...end })
    this.#byLeg.delete(leg)
  }

  #toLeg(event: Extract<Event, { leg: string }>): void {
    this.#byLeg.get(event.leg)?.deliver(event)
  }

  /** The call that the agent's leg is in, as the desk that has it or as the other one. */
  #ofAgent(agent: string | undefined): CallRunner | undefined {
    return [...this.#live.values()].find(({ state }) => answeredLegsOf(state).some(({ endpoint }) => endpoint === agent))
  }

  #context(): Context {
    const seats = this.#seats
    const { ringMs, retryMs, release } = this.#options.config.calls
    return {
      now: this.#options.now?.() ?? { mono: performance.now(), utc: Date.now() },
      seats: {
        get '12345'() {
          return seats.free('12345')
        },
        get '110'() {
          return seats.free('110')
        },
      },
      ringMs,
      retryMs,
      releaseAt: release,
    }
  }

  #changed(id: string, before: State | undefined, after: State): void {
    this.#seats.changed(before, after)
    const runner = this.#live.get(id)
    if (!runner) return
    for (const leg of legsOf(after)) this.#byLeg.set(leg.id, runner)
    if (after.phase === 'ended') this.#forget(id, runner, after)
  }

  #forget(id: string, runner: CallRunner, { call }: State): void {
    this.#timers.clear(id)
    this.#live.delete(id)
    this.#byCaller.delete(call.caller.channelId)
    this.#ended.set(id, runner)
    for (const [oldest, gone] of this.#ended) {
      if (this.#ended.size <= rememberEnded) break
      this.#ended.delete(oldest)
      for (const [handoverId, of] of this.#byHandover) if (of === gone) this.#byHandover.delete(handoverId)
    }
  }

  #giveBack(arrival: Omit<Arrival, 'id'>): void {
    this.control.giveBackCaller(arrival.caller.channelId, arrival.platform).catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'a caller could not be given back')
    })
  }

  /** Control is back: what the PBX no longer has is told to the machines as ended. */
  restored(): void {
    this.control.reconcile().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'calls could not be compared with Asterisk')
    })
  }
}
