import type { Logger } from 'pino'
import type { Action, Background, Reply } from '../domain/call/actions.ts'
import type { Step } from '../domain/call/draft.ts'
import type { AnyEvent, Context } from '../domain/call/events.ts'
import { step } from '../domain/call/machine.ts'
import { resumption, type Seen } from '../domain/call/resumption.ts'
import { type CallSnapshot, toText } from '../domain/call/snapshot.ts'
import type { State } from '../domain/call/state.ts'
import { summarise } from '../domain/call/summary.ts'
import type { Carried } from '../domain/edge/carried.ts'
import type { CallsFact, CallSummary, Fact } from '../domain/facts.ts'
import type { Commit } from '../journal/journal.ts'
import { type CallControl, LegGone } from './call-control.ts'
import { doMediaAction, type MediaAction } from './media-action.ts'
import { MediaQueue } from './media-queue.ts'
import type { Timers } from './timers.ts'

export interface RunnerDeps {
  readonly control: CallControl
  readonly timers: Timers
  readonly logger: Logger
  /** What a citizen who is called sees. */
  readonly ownNumber: string
  readonly context: () => Context
  readonly record: (facts: readonly Fact[]) => Promise<Commit>
  /** What a leg tells another network; nothing where there is no edge. */
  readonly carried?: (state: State, handoverId: string | undefined) => Carried
  /** After every step, before the next event. */
  readonly changed: (before: State | undefined, after: State) => void
}

export interface Answered {
  readonly reply: Reply
  /** Resolves once the facts of the command are on disk, or cannot be. */
  readonly committed: Promise<Commit>
}

/** Runs one call's machine: one event at a time, its actions handed to the call control, its facts to the journal. */
export class CallRunner {
  readonly #deps: RunnerDeps
  #state: State
  #mailbox: AnyEvent[] = []
  #running = false
  /** What changes the bridge and what is heard in it happens in order; ringing and ending legs does not wait for it. */
  readonly #media = new MediaQueue((action) => this.#doMedia(action))
  #told: Promise<unknown> = Promise.resolve()
  #background: Background = 'nothing'
  #reply: Reply | undefined
  /** The PBX was away as something was to be done. */
  #missed = false
  #timer: CallSnapshot['timer']
  /** Facts that are not known to be on disk. */
  #uncommitted: readonly CallsFact[] = []
  #keeping = false
  /** Of the call's last facts: a second press is told of the first one's. */
  #committed: Promise<Commit> = Promise.resolve({ durable: true })

  /** @param taken of a call that another process had */
  constructor(deps: RunnerDeps, begun: Step, taken?: Pick<CallSnapshot, 'timer'>) {
    this.#deps = deps
    this.#missed = taken !== undefined
    this.#state = begun.state
    deps.changed(undefined, begun.state)
    this.#perform(begun.actions)
    if (taken?.timer) this.#setTimer(taken.timer.token, taken.timer.at - deps.context().now.mono)
    this.#keepSoon()
    deps.logger.info({ phase: begun.state.phase }, 'call begins')
  }

  get state(): State {
    return this.#state
  }

  /** The call's last facts are on disk, or cannot be. */
  get committed(): Promise<Commit> {
    return this.#committed
  }

  /** What has been asked of the bridges so far is done. */
  get seated(): Promise<void> {
    return this.#media.done
  }

  get summary(): CallSummary {
    return summarise(this.#state)
  }

  deliver(event: AnyEvent): void {
    this.#mailbox.push(event)
    if (this.#running) return
    this.#running = true
    for (let next = this.#mailbox.shift(); next; next = this.#mailbox.shift()) {
      try {
        this.#take(next)
      } catch (error) {
        // The machine does not throw; should it, one event of one call is lost, and not the process with all calls.
        this.#deps.logger.error({ err: error, event: next.type }, 'an event could not be taken')
      }
    }
    this.#running = false
  }

  /** A command: the machine's reply to it. Never called from within a step. */
  command(event: Extract<AnyEvent, { command: string }>): Answered {
    this.#reply = undefined
    this.deliver(event)
    const reply: Reply | undefined = this.#reply
    if (!reply) throw new Error(`the machine gave no reply to ${event.type} in ${this.#state.phase}`)
    return { reply, committed: this.#committed }
  }

  /**
   * The service stops: who waits goes back to the dialplan, whose fallback rings the desk; who talks, talks on.
   * Resolves when the PBX has been told.
   */
  async handBack(): Promise<void> {
    const state = this.#state
    if ((state.phase === 'inviting' && state.desk) || state.phase === 'consulting') {
      this.deliver({ type: 'handover-cancel-requested', command: 'stop', handoverId: state.handover.id })
    } else if (interrupted.has(state.phase)) {
      this.deliver({ type: 'control-lost' })
    }
    for (const { id, joined } of this.#state.call.guests) {
      if (!joined) this.deliver({ type: 'party-drop-requested', command: 'stop', party: id, by: 'stop' })
    }
    await Promise.all([this.#media.done, this.#told])
  }

  /**
   * Control is back, and the machine knows who has left meanwhile: what could not be done, or was done otherwise, is done now, as the call stands.
   * @param known the call as it was when the PBX was asked: what has been changed since is not on the picture
   */
  resume(seen: Seen, known: State): void {
    const trusted = !this.#missed
    const { actions, joined, misplaced, sound } = resumption(this.#state, seen, trusted, known)
    this.#missed = false
    if (trusted) for (const party of misplaced) this.deliver({ type: 'repaired', repair: 'place-restored', party })
    else this.#background = sound
    this.#perform(actions)
    for (const { leg, room } of joined) this.deliver({ type: 'leg-joined', leg, room })
    this.#keepSoon()
  }

  /** Somebody else may have changed what cannot be seen. */
  distrust(): void {
    this.#missed = true
  }

  #take(event: AnyEvent): void {
    const before = this.#state
    const { state, actions } = step(before, event, this.#deps.context())
    this.#state = state
    // First of all: an INVITE may be among them.
    this.#perform(actions)
    this.#deps.changed(before, state)
    // That a leg was dialled is known by its order: it is kept with what comes next.
    if (event.type !== 'leg-dialled') this.#keepSoon()
    this.#deps.logger.info(
      { event: event.type, ...('leg' in event ? { leg: event.leg } : {}), before: before.phase, phase: state.phase, ...endOf(event) },
      'step',
    )
  }

  #perform(actions: readonly Action[]): void {
    for (const action of actions) this.#act(action)
  }

  #carried(handoverId: string | undefined): { readonly carried?: Carried } {
    const { carried } = this.#deps
    return carried ? { carried: carried(this.#state, handoverId) } : {}
  }

  #act(action: Action): void {
    const { control } = this.#deps
    const { call } = this.#state
    switch (action.type) {
      case 'dial-leg':
        control.dialLeg({
          leg: action.leg,
          callId: call.id,
          endpoint: action.endpoint,
          platform: action.platform,
          role: action.role,
          ...(action.handoverId === undefined ? {} : { handoverId: action.handoverId }),
          ...(action.number === undefined ? {} : { number: action.number }),
          callerNumber: call.direction === 'outbound' && action.role === 'caller' ? this.#deps.ownNumber : call.caller.number,
          ...(call.caller.name ? { callerName: call.caller.name } : {}),
          ...this.#carried(action.handoverId),
        })
        return
      case 'hang-up-leg':
        control.hangUpLeg(action.leg, action.reason)
        return
      case 'hang-up-caller':
        this.#quietly(control.hangUpCaller(call.caller.channelId), action)
        return
      case 'give-back-caller':
        this.#quietly(control.giveBackCaller(call.caller.channelId, this.summary.desk), action)
        return
      case 'set-timer':
        this.#setTimer(action.token, action.afterMs)
        return
      case 'record':
        this.#record(action.facts)
        return
      case 'reply':
        this.#reply = action.reply
        return
      case 'close-bridge':
        // With its end on disk: the bridge, and the snapshot with it, says until then that the call is not over.
        this.#media.pushAfter(() => this.#committed, action)
        return
      case 'note-handover':
        // Nothing waits for it, and it waits for nothing but the INVITE.
        queueMicrotask(() => void this.#doMedia(action))
        return
      case 'open-bridge':
      case 'answer-caller':
      case 'join-leg':
      case 'separate-leg':
      case 'whisper':
      case 'mute':
      case 'set-background':
      case 'announce':
      case 'brief-leg':
      case 'start-recording':
      case 'stop-recording':
      case 'pause-recording':
        this.#media.push(action)
    }
  }

  #setTimer(token: number, afterMs: number): void {
    const { timers, context } = this.#deps
    this.#timer = { token, at: context().now.mono + afterMs }
    timers.set(this.#state.call.id, Math.max(0, afterMs), () => this.deliver({ type: 'timer-fired', token }))
  }

  #record(facts: readonly CallsFact[]): void {
    this.#uncommitted = [...this.#uncommitted, ...facts]
    this.#committed = this.#deps.record(facts)
    void this.#forgetOnceDurable(this.#committed, facts.at(-1)?.sequence ?? 0)
  }

  /** The commit never rejects. */
  async #forgetOnceDurable(committed: Promise<Commit>, until: number): Promise<void> {
    if ((await committed).durable) this.#uncommitted = this.#uncommitted.filter(({ sequence }) => sequence > until)
  }

  /** Once for all that happens at a time, and after all that it asked of the PBX. */
  #keepSoon(): void {
    if (this.#keeping) return
    this.#keeping = true
    setImmediate(() => {
      this.#keeping = false
      const state = this.#state
      if (state.phase === 'ended' || !this.#deps.control.up) return
      const timer = this.#timer?.token === state.call.timer ? { timer: this.#timer } : {}
      this.#deps.control.keep(state.call.id, toText({ state, ...timer, facts: this.#uncommitted }))
    })
  }

  async #doMedia(action: MediaAction): Promise<void> {
    try {
      const from = this.#background
      if (action.type === 'set-background') this.#background = action.sound
      await doMediaAction(this.#deps.control, this.#state.call, action, from)
      if (action.type === 'join-leg') this.deliver({ type: 'leg-joined', leg: action.leg, room: action.room })
    } catch (error) {
      this.#deps.logger.warn({ err: error, action: action.type }, 'action failed')
      if (!this.#deps.control.up) {
        // Nothing can be done now, and nobody is lost by it: it is made good when control is back.
        this.#missed = true
        return
      }
      if (action.type === 'join-leg') this.deliver({ type: 'leg-join-failed', leg: action.leg, gone: error instanceof LegGone })
      if (action.type === 'open-bridge' || action.type === 'answer-caller') this.deliver({ type: 'control-lost' })
      if (action.type === 'start-recording' || (action.type === 'pause-recording' && action.on)) {
        this.deliver({ type: 'recording-failed', recording: action.recording, reason: error instanceof Error ? error.message : String(error) })
      }
    }
  }

  /** The PBX may refuse to end what has ended by itself. */
  #quietly(done: Promise<void>, action: Action): void {
    this.#told = done.catch((error: unknown) => this.#deps.logger.warn({ err: error, action: action.type }, 'action failed'))
  }
}

/** Phases in which somebody would wait for the service in vain. */
const interrupted = new Set<State['phase']>(['calling', 'ringing', 'waiting', 'inviting', 'asking'])

function endOf(event: AnyEvent): object {
  return event.type === 'leg-ended' ? { cause: event.cause, sipCode: event.sipCode, lost: event.lost } : {}
}
