import type { Adoption, Arrival, LegEnd, LegEvent } from '../domain/call/events.ts'
import type { CallBook } from './call-book.ts'
import type { ControlListener, PhoneListener, RecordingListener } from './call-control.ts'
import type { TestCalls } from './test-calls.ts'

/** Who begins calls, compares them with the PBX, and knows their recordings and the test calls. */
interface Begins extends Pick<ControlListener, 'arrived' | 'adopted' | 'restored' | 'recordings'> {
  readonly testCalls: TestCalls
  readonly phones: PhoneListener | undefined
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

  digitPressed(channelId: string, digit: string): void {
    const runner = this.#book.ofCaller(channelId)
    if (runner) runner.deliver({ type: 'digit-pressed', digit })
    else this.#calls.phones?.digitPressed(channelId, digit)
  }

  referred(leg: string, to: Parameters<PhoneListener['referred']>[1]): void {
    this.#calls.phones?.referred(leg, to)
  }

  lineDialled(line: string, endpoint: string, extension: string): void {
    this.#calls.phones?.lineDialled(line, endpoint, extension)
  }

  lineHeld(line: string, held: boolean): void {
    this.#calls.phones?.lineHeld(line, held)
  }

  lineEnded(line: string): void {
    this.#calls.phones?.lineEnded(line)
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
    if (this.#calls.phones?.legHeld(leg, held)) return
    this.#book.ofLeg(leg)?.deliver({ type: 'party-change-requested', command: 'phone', party: leg, heldByPhone: held })
  }

  legEnded(leg: string, end: LegEnd): void {
    this.#toLeg({ type: 'leg-ended', leg, ...end })
    this.#book.forgetLeg(leg)
    this.#calls.phones?.legEnded(leg)
  }

  #toLeg(event: LegEvent): void {
    const concerned = this.#book.ofLeg(event.leg) ?? this.#calls.testCalls.ofLeg(event.leg)
    concerned?.deliver(event)
  }
}
