import type { Adoption, Arrival, LegEnd, LegEvent } from '../domain/call/events.ts'
import type { CallBook } from './call-book.ts'
import type { ControlListener, RecordingListener } from './call-control.ts'
import type { TestCalls } from './test-calls.ts'

/** Who begins calls, compares them with the PBX, and knows their recordings and the test calls. */
interface Begins extends Pick<ControlListener, 'arrived' | 'adopted' | 'restored' | 'recordings'> {
  readonly testCalls: TestCalls
}

/** Brings what the PBX tells of channels to the right call's mailbox. */
export class ControlEvents implements ControlListener {
  readonly #book: CallBook
  readonly #calls: Begins

  constructor(book: CallBook, calls: Begins) {
    this.#book = book
    this.#calls = calls
  }

  arrived(arrival: Omit<Arrival, 'id'>): void {
    this.#calls.arrived(arrival)
  }

  adopted(adoption: Adoption): void {
    this.#calls.adopted(adoption)
  }

  get recordings(): RecordingListener {
    return this.#calls.recordings
  }

  restored(helped?: boolean): void {
    this.#calls.restored(helped)
  }

  callerLeft(channelId: string, movedOn = false): void {
    const runner = this.#book.ofCaller(channelId)
    // He is not lost: the dialplan has him.
    if (movedOn) runner?.deliver({ type: 'control-lost' })
    runner?.deliver({ type: 'caller-left' })
  }

  callerPressed(channelId: string, digit: string): void {
    this.#book.ofCaller(channelId)?.deliver({ type: 'digit-pressed', digit })
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
    this.#book.ofLeg(leg)?.deliver({ type: 'party-change-requested', command: 'phone', party: leg, heldByPhone: held })
  }

  legEnded(leg: string, end: LegEnd): void {
    this.#toLeg({ type: 'leg-ended', leg, ...end })
    this.#book.forgetLeg(leg)
  }

  #toLeg(event: LegEvent): void {
    const concerned = this.#book.ofLeg(event.leg) ?? this.#calls.testCalls.ofLeg(event.leg)
    concerned?.deliver(event)
  }
}
