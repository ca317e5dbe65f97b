import type { Logger } from 'pino'
import { v7 as uuid } from 'uuid'
import type { Config } from '../config/schema.ts'
import type { Adoption, AnyEvent, Arrival, Context, Event } from '../domain/call/events.ts'
import { carriedOf } from '../domain/call/carrying.ts'
import type { Step } from '../domain/call/draft.ts'
import { begin, beginAdopted, beginOutbound } from '../domain/call/machine.ts'
import { handoverOf, legsOf, type State } from '../domain/call/state.ts'
import { type Handover, type Mode, type Outcome, otherThan, type Platform, toRecord } from '../domain/handover/handover.ts'
import type { AgentFact, CallSummary, TestCallFact } from '../domain/facts.ts'
import { type Instant, iso } from '../domain/instant.ts'
import type { Commit, Journal } from '../journal/journal.ts'
import { type CommandRefusal, type CommandResult, type OutboundCommand, type PartyChange, type PressCommand, refusedBy } from './commands.ts'
import { Adoptions } from './adoptions.ts'
import { Agents } from './agents.ts'
import { CallBook } from './call-book.ts'
import { ControlEvents } from './control-events.ts'
import { contextOf } from './context.ts'
import type { CallControl, ControlListener, PhoneListener } from './call-control.ts'
import { CallRecordings } from './call-recordings.ts'
import { CallRunner } from './call-runner.ts'
import { maskNumber } from './mask.ts'
import { type Availability, Desks } from './desks.ts'
import { Offers } from './offers.ts'
import { Parts } from './parts.ts'
import { recognised } from './recognised.ts'
import { Reconciler } from './reconciler.ts'
import type { CallSnapshot } from '../domain/call/snapshot.ts'
import { Presence } from './presence.ts'
import { TestCalls } from './test-calls.ts'
import { type Timers, realNow, realTimers } from './timers.ts'

export interface CallsOptions {
  readonly config: Config
  readonly journal: Journal
  readonly logger: Logger
  readonly control: (listener: ControlListener) => CallControl
  readonly now?: () => Instant
  readonly timers?: Timers
  /** What each agent said last, from the journal. */
  readonly agents?: readonly AgentFact[]
  /** A recording's file is closed. */
  readonly recorded?: (recording: string, startedAt: string | undefined) => void
  /** The last one of each platform, from the journal. */
  readonly testCalls?: readonly TestCallFact[]
  /** Where a hand-over can be looked at. */
  readonly handoverLink?: (handoverId: string) => string | undefined
  /** How often a number was marked as harassing the hotline. */
  readonly nuisanceMarks?: (number: string) => number
}

/** All live calls: begins them, and brings commands to the right one's mailbox. */
export class Calls implements Pick<ControlListener, 'arrived' | 'adopted' | 'restored' | 'recordings'> {
  readonly control: CallControl
  readonly recordings: CallRecordings
  readonly agents: Agents
  readonly testCalls: TestCalls
  readonly parts: Parts
  /** Who hears what desk phones do. */
  phones: PhoneListener | undefined
  readonly #options: CallsOptions
  readonly #timers: Timers
  readonly #now: () => Instant
  readonly #desks: Desks
  readonly #book = new CallBook()
  readonly #offers: Offers
  readonly #adoptions: Adoptions
  readonly #reconciler: Reconciler
  #handsBack = false

  constructor(options: CallsOptions) {
    this.#options = options
    this.#timers = options.timers ?? realTimers()
    this.#now = options.now ?? realNow
    const [now, freed] = [this.#now, () => this.#offers.soon()]
    const presence = new Presence(options.config.agents, options.agents)
    this.#desks = new Desks(options.config, presence, () => now().mono)
    this.#offers = new Offers(this.#desks, this.#book, () => this.control.up)
    this.parts = new Parts(this.#book)
    this.recordings = new CallRecordings(this.#book, (callId, event) => this.#ofCall(callId, event), options.recorded)
    this.agents = new Agents({ presence, journal: options.journal, now: () => iso(now()), changed: freed })
    this.control = options.control(new ControlEvents(this.#book, this))
    this.#adoptions = new Adoptions({
      config: options.config,
      control: this.control,
      logger: options.logger,
      calls: this,
      seated: (callId) => this.#book.get(callId)?.seated,
    })
    this.#reconciler = new Reconciler({
      ...options,
      control: this.control,
      book: this.#book,
      now,
      restore: (snapshot) => this.#run({ state: snapshot.state, actions: [] }, snapshot),
      arrived: (arrival) => this.arrived(arrival),
      isTest: (leg) => this.testCalls.ofLeg(leg) !== undefined,
      adopted: (adoption) => this.adopted(adoption),
    })
    this.testCalls = new TestCalls({ ...options, control: this.control, desks: this.#desks, calls: this, now, freed, last: options.testCalls ?? [] })
  }

  list(): readonly CallSummary[] {
    return this.#book.live.map((runner) => runner.summary)
  }

  /** A live call, or one that ended not long ago. */
  get(callId: string): CallSummary | undefined {
    return this.#book.get(callId)?.summary
  }

  /** The live call that an agent is in. */
  callOf(agent: string): string | undefined {
    return this.#book.ofAgent(agent)?.state.call.id
  }

  /** An agent calls a citizen: the agent's own phone rings first. @returns the new call's id, or why there is none */
  callOut({ agent, number, purpose, ticket }: OutboundCommand): { readonly call: string; readonly committed: Promise<Commit> } | CommandRefusal {
    const { config } = this.#options
    const found = config.agents.find(({ id }) => id === agent)
    if (!found) return 'destination-not-found'
    if (!config.outbound) return 'outbound-not-configured'
    if (!this.inControl) return 'asterisk-away'
    if (!this.#desks.guest(agent) || !this.#desks.channelLeft(config.outbound.trunk) || this.full) return 'destination-busy'
    const id = `call-${uuid()}`
    const order = { id, platform: found.platform, agent, number, trunk: config.outbound.trunk, ...(purpose ? { purpose } : {}), ...(ticket === undefined ? {} : { ticket }) }
    const runner = this.#run(beginOutbound(order, this.#context(id)))
    return { call: id, committed: runner.committed }
  }

  /**
   * A key press, whichever key it came from: the second press shows what the first one made.
   * @returns a promise only where the agent has no call of ours: the one that he has may have to be adopted first
   */
  press(command: PressCommand): CommandResult | Promise<CommandResult> {
    const { callId = this.callOf(command.agent ?? ''), ...press } = command
    return callId === undefined ? this.#adoptions.press(command) : this.pressIn(callId, press)
  }

  /** As `press`, in a call that is named. */
  pressIn(callId: string, { to, ...request }: Omit<PressCommand, 'callId'>): CommandResult {
    const runner = this.#book.get(callId)
    if (!runner) return refusedBy('call-not-found')
    if (!this.inControl) return refusedBy('asterisk-away')
    const handoverId = `ho-${uuid()}`
    const other = to ?? otherThan(runner.summary.desk)
    this.#book.noteHandover(handoverId, runner)
    const answered = runner.command({ type: 'handover-requested', ...request, to: other, command: 'transfer', handoverId })
    if (answered.reply.kind !== 'handover' || !answered.reply.created) this.#book.forgetHandover(handoverId)
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
    if (!this.#book.get(callId)) return refusedBy('call-not-found')
    const free = this.#desks.guest(endpoint)
    if (free === undefined) return refusedBy('destination-not-found')
    const state = this.#book.get(callId)?.state
    // Who is in this very call already is told so by it.
    if (!free && !(state && legsOf(state).some((leg) => leg.endpoint === endpoint))) return refusedBy('destination-busy')
    return this.#ofCall(callId, { type: 'party-invite-requested', command: 'invite', endpoint })
  }

  changeParty(callId: string, party: string, to: PartyChange): CommandResult {
    return this.#ofCall(callId, { type: 'party-change-requested', command: 'change-party', party, ...to })
  }

  /** @param by who drops it, for the record */
  dropParty(callId: string, party: string, by: string): CommandResult {
    return this.#ofCall(callId, { type: 'party-drop-requested', command: 'drop-party', party, by })
  }

  #about(handoverId: string, event: Extract<Event, { handoverId: string }>): CommandResult | undefined {
    const runner = this.#book.ofHandover(handoverId)
    if (runner && handoverOf(runner.state)?.id === handoverId && !this.inControl) return refusedBy('asterisk-away')
    return runner?.command(event)
  }

  #ofCall(callId: string, event: Extract<AnyEvent, { command: string }>): CommandResult {
    const runner = this.#book.get(callId)
    if (!runner) return refusedBy('call-not-found')
    return this.inControl ? runner.command(event) : refusedBy('asterisk-away')
  }

  /** A hand-over of a live or recent call. */
  handover(handoverId: string): Handover | undefined {
    const found = this.#book.handover(handoverId)
    return found && toRecord(found)
  }

  /** Every live call is known, as it is in Asterisk: commands can be carried out. */
  get inControl(): boolean {
    return this.#reconciler.inControl
  }

  /** Resolves when it was in control for the first time. */
  get firstInControl(): Promise<void> {
    return this.#reconciler.firstInControl
  }

  /** Whether a desk could be rung now, as far as is known: its last test call counts. */
  availability = (platform: Platform): Availability => (this.testCalls.list().some((test) => test.platform === platform && !test.ok) ? 'unreachable' : this.#desks.availability(platform))

  /** No further call can be taken. */
  get full(): boolean {
    return this.#book.size >= this.#options.config.calls.maximum
  }

  /** Now and then, in peace. */
  look(): Promise<void> {
    return this.#reconciler.look()
  }

  /** Before the service stops: nobody is left waiting for it. At most `withinMs`. */
  async handBack(withinMs = 2_000): Promise<void> {
    this.#handsBack = true
    await Promise.race([Promise.all(this.#book.live.map((runner) => runner.handBack())), new Promise((resolve) => setTimeout(resolve, withinMs))])
  }

  arrived(arrival: Omit<Arrival, 'id'>): void {
    if (this.#handsBack || this.full) {
      this.#options.logger.error({ calls: this.#book.size }, 'too many calls, or stopping: given back to the dialplan')
      this.control.giveBackCaller(arrival.caller.channelId, arrival.platform).catch((error: unknown) => this.#options.logger.error({ err: error }, 'a caller could not be given back'))
      return
    }
    const id = `call-${uuid()}`
    this.#run(begin({ ...arrival, caller: recognised(arrival.caller, this.#options), id }, this.#context(id)))
  }

  adopted(adoption: Adoption): void {
    if (!this.#book.get(adoption.id)) this.#run(beginAdopted({ ...adoption, caller: recognised(adoption.caller, this.#options) }, this.#context(adoption.id)))
  }

  #run(begun: Step, taken?: CallSnapshot): CallRunner {
    const { logger, config, journal, handoverLink = () => undefined } = this.#options
    const { id, caller, platform } = begun.state.call
    const runner = new CallRunner(
      {
        control: this.control,
        timers: this.#timers,
        logger: logger.child({ call: id, caller: maskNumber(caller.number, config.log.numbers) }),
        ownNumber: config.outbound?.number ?? config.desks[platform].numbers[0] ?? '',
        context: () => this.#context(id),
        ...(config.edge ? { carried: (state, handoverId) => carriedOf(state, handoverId, handoverLink) } : {}),
        record: (facts) => journal.append(facts),
        changed: (before, after) => this.#changed(id, before, after),
      },
      begun,
      taken,
    )
    this.#book.add(runner)
    return runner
  }

  #context(callId: string): Context {
    return contextOf(callId, this.#desks, this.#options.config, this.#now())
  }

  #changed(id: string, before: State | undefined, after: State): void {
    this.#desks.changed(id, before, after)
    if (this.#desks.freed(before, after)) this.#offers.soon()
    const runner = this.#book.get(id)
    if (!runner) return
    this.#book.noteLegs(runner, after)
    if (after.phase !== 'ended') return
    this.#timers.clear(id)
    this.#book.close(runner, after)
  }

  restored(helped = false): void {
    if (helped) for (const runner of this.#book.live) runner.distrust()
    this.testCalls.controlBack()
    this.phones?.controlBack()
    void this.#reconciler.comeBack().then(() => this.#offers.soon())
  }
}
