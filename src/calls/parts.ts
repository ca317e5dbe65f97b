import type { Part } from '../domain/keys.ts'
import { answeredLegsOf, handoverOf, type Leg } from '../domain/call/state.ts'
import { toRecord } from '../domain/handover/handover.ts'
import type { CallBook } from './call-book.ts'
import type { CallRunner } from './call-runner.ts'

/** Who has which part in which live call: what a key needs to know of it. */
export class Parts {
  readonly #book: CallBook

  constructor(book: CallBook) {
    this.#book = book
  }

  /** Of a desk's leg that has answered: neither a further party's, nor the citizen's. */
  ofLeg(leg: string): Part | undefined {
    const runner = this.#book.ofLeg(leg)
    const found = runner && answeredLegsOf(runner.state).find(({ id }) => id === leg)
    return found && !runner.state.call.guests.some(({ id }) => id === leg) ? partOf(runner, found) : undefined
  }

  ofAgent(agent: string): Part | undefined {
    const runner = this.#book.ofAgent(agent)
    const found = runner && answeredLegsOf(runner.state).find(({ endpoint }) => endpoint === agent)
    return found && this.ofLeg(found.id)
  }

  /** What a phone's own hold key means for the call, where that is not what it says. */
  heldByPhone(leg: string, held: boolean): void {
    this.#book.ofLeg(leg)?.deliver({ type: 'party-change-requested', command: 'phone', party: leg, heldByPhone: held })
  }
}

function partOf({ state }: CallRunner, { id, endpoint }: Leg): Part {
  const handover = handoverOf(state)
  const { last } = state.call
  return { callId: state.call.id, agent: endpoint, leg: id, phase: state.phase, ...(handover ? { handover: toRecord(handover) } : {}), ...(last ? { last: toRecord(last) } : {}) }
}
