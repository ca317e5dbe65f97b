import { answeredLegsOf, handoverOf, legsOf, type State } from '../domain/call/state.ts'
import type { Tracked } from '../domain/handover/handover.ts'
import type { CallRunner } from './call-runner.ts'

/** Ended calls that are still known by name, so that a late press is told what became of the call. */
const rememberEnded = 1_000

/** The calls by every name that they have: their own, the caller's channel, their legs, their hand-overs. */
export class CallBook {
  readonly #live = new Map<string, CallRunner>()
  readonly #byCaller = new Map<string, CallRunner>()
  readonly #byLeg = new Map<string, CallRunner>()
  readonly #ended = new Map<string, CallRunner>()
  readonly #byHandover = new Map<string, CallRunner>()

  get live(): readonly CallRunner[] {
    return [...this.#live.values()]
  }

  get size(): number {
    return this.#live.size
  }

  /** A live call, or one that ended not long ago. */
  get(callId: string): CallRunner | undefined {
    return this.#live.get(callId) ?? this.#ended.get(callId)
  }

  ofCaller(channelId: string): CallRunner | undefined {
    return this.#byCaller.get(channelId)
  }

  ofLeg(leg: string): CallRunner | undefined {
    return this.#byLeg.get(leg)
  }

  ofHandover(handoverId: string): CallRunner | undefined {
    return this.#byHandover.get(handoverId)
  }

  /** Of a live or recent call. */
  handover(handoverId: string): Tracked | undefined {
    const state = this.ofHandover(handoverId)?.state
    return state && [handoverOf(state), state.call.last].find((handover) => handover?.id === handoverId)
  }

  /** The live call that has a leg of this agent which has answered. */
  ofAgent(agent: string): CallRunner | undefined {
    return this.live.find(({ state }) => answeredLegsOf(state).some(({ endpoint }) => endpoint === agent))
  }

  add(runner: CallRunner): void {
    const { id, caller } = runner.state.call
    this.#live.set(id, runner)
    this.#byCaller.set(caller.channelId, runner)
    // A citizen whom a desk called: his leg is the caller's from the answer on.
    this.#byLeg.set(caller.channelId, runner)
    this.noteLegs(runner, runner.state)
    for (const handover of [runner.state.call.last, handoverOf(runner.state)]) if (handover) this.noteHandover(handover.id, runner)
  }

  noteLegs(runner: CallRunner, state: State): void {
    for (const leg of legsOf(state)) this.#byLeg.set(leg.id, runner)
  }

  forgetLeg(leg: string): void {
    this.#byLeg.delete(leg)
  }

  noteHandover(handoverId: string, runner: CallRunner): void {
    this.#byHandover.set(handoverId, runner)
  }

  forgetHandover(handoverId: string): void {
    this.#byHandover.delete(handoverId)
  }

  /** The call has ended. */
  close(runner: CallRunner, { call }: State): void {
    this.#live.delete(call.id)
    this.#byCaller.delete(call.caller.channelId)
    this.#byLeg.delete(call.caller.channelId)
    this.#ended.set(call.id, runner)
    for (const [oldest, gone] of this.#ended) {
      if (this.#ended.size <= rememberEnded) break
      this.#ended.delete(oldest)
      for (const [handoverId, of] of this.#byHandover) if (of === gone) this.#byHandover.delete(handoverId)
    }
  }
}
