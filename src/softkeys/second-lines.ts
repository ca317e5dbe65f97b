import type { Logger } from 'pino'
import type { PhoneListener, TransferProgress } from '../calls/call-control.ts'
import type { Calls } from '../calls/calls.ts'
import type { CommandResult } from '../calls/commands.ts'
import type { Config } from '../config/schema.ts'
import { type HandoverFact, isHandoverFact } from '../domain/facts.ts'
import type { Failure, Platform } from '../domain/handover/handover.ts'
import type { Key, Part } from '../domain/keys.ts'
import type { Journal } from '../journal/journal.ts'
import { meaningOf } from './extensions.ts'

export interface SecondLinesParts {
  readonly config: Config
  readonly calls: Calls
  readonly journal: Pick<Journal, 'onAppended'>
  readonly logger: Logger
  readonly press: (key: Key, part: Part, lit: boolean) => CommandResult
}

/** A desk's second call: the other desk, as its phone sees it. */
interface Line {
  readonly id: string
  readonly leg: string
  readonly handover: string
  /** Among the desks that consult. */
  up: boolean
  held: boolean
  /** Its phone has given both calls away by a REFER: what it ends now it does not take back. */
  givenAway: boolean
}

/** Q.850 causes by which a phone is told why its line was not answered; Asterisk makes SIP codes of them (17: 486, 19: 480, 21: 403). */
const refused = 21
const causes: Partial<Record<Failure['reason'], number>> = { busy: 17, rejected: refused }
const noAnswer = 19

/**
 * The phone's own Transfer and Conference keys. A number of the other desk that is dialled on a second line is a consultation: the
 * line stands for the desk's leg, which its phone holds meanwhile; REFER with Replaces completes it, the end of the hold merges it,
 * the end of the line takes it back. A REFER to a number is a transfer.
 */
export class SecondLines {
  readonly #parts: SecondLinesParts
  readonly #lines = new Map<string, Line>()
  /** Legs that their phone holds. */
  readonly #held = new Set<string>()
  /** Channels whose phone waits to be told of a hand-over. */
  readonly #referrers = new Map<string, Set<string>>()
  readonly #stop: () => void

  constructor(parts: SecondLinesParts) {
    this.#parts = parts
    this.#stop = parts.journal.onAppended((entries) => {
      for (const { fact } of entries) if (isHandoverFact(fact)) this.#happened(fact)
    })
  }

  close(): void {
    this.#stop()
  }

  dialled(line: string, endpoint: string, extension: string): void {
    const { calls, config, press } = this.#parts
    const phones = calls.control.phones
    const meaning = meaningOf(extension, endpoint, config)
    const part = calls.parts.ofAgent(endpoint)
    if (!part || !meaning) return phones.endLine(line, refused)
    if ('desk' in meaning) return this.#open(line, part, meaning.desk)
    const { reply } = press(meaning.key, part, meaning.lit)
    phones.endLine(line, reply.kind === 'refused' ? refused : undefined)
  }

  /** The leg that a line stands for. */
  legOf(line: string): string | undefined {
    return this.#lines.get(line)?.leg
  }

  held(line: string, held: boolean): void {
    const found = this.#lines.get(line)
    if (found) found.held = held
  }

  ended(line: string): void {
    const found = this.#lines.get(line)
    if (!found) return
    this.#letGo(found)
    const part = found.givenAway ? undefined : this.#parts.calls.parts.ofLeg(found.leg)
    if (part?.handover?.id === found.handover && (part.phase === 'inviting' || part.phase === 'consulting')) this.#parts.press('back', part, false)
  }

  /** @returns whether it is not the call that is held: the phone has gone to its other line, or comes back from it */
  legHeld(leg: string, held: boolean): boolean {
    if (held) this.#held.add(leg)
    else this.#held.delete(leg)
    const line = this.#lineOf(leg)
    if (!line) return false
    if (!held && line.up && !line.held) this.#merge(leg)
    return true
  }

  legEnded(leg: string): void {
    this.#held.delete(leg)
    const line = this.#lineOf(leg)
    if (line) this.#end(line, line.up ? undefined : noAnswer)
  }

  referred(channel: string, to: Parameters<PhoneListener['referred']>[1]): void {
    const { calls, config, press } = this.#parts
    const part = calls.parts.ofLeg(this.legOf(channel) ?? channel)
    if (!part) return this.#tell(channel, 'channel_declined')
    if ('channel' in to) return this.#attended(channel, to.channel, part)
    const meaning = meaningOf(to.extension, part.agent, config)
    if (!meaning) return this.#tell(channel, 'channel_declined')
    if ('desk' in meaning) return this.#await(channel, this.#transferTo(part, meaning.desk))
    const result = press(meaning.key, part, meaning.lit)
    // Told that it succeeded, the phone would leave: of a three-way call, too.
    if (meaning.key === 'transfer') this.#await(channel, result)
    else this.#tell(channel, 'channel_declined')
  }

  #transferTo(part: Part, desk: Platform): CommandResult {
    return this.#parts.calls.pressIn(part.callId, { agent: part.agent, mode: 'transfer', to: desk })
  }

  #open(line: string, { callId, agent, leg }: Part, desk: Platform): void {
    const { calls, logger } = this.#parts
    const { reply } = calls.pressIn(callId, { agent, mode: 'transfer', consult: true, to: desk })
    if (reply.kind !== 'handover' || this.#lineOf(leg)) return calls.control.phones.endLine(line, refused)
    const { id, state, failure } = reply.handover
    logger.info({ call: callId, agent, handover: id }, 'the other desk is dialled on a second line')
    if (state === 'failed') return calls.control.phones.endLine(line, causeOf(failure))
    const opened: Line = { id: line, leg, handover: id, up: false, held: false, givenAway: false }
    this.#lines.set(line, opened)
    calls.control.phones.ringLine(line)
    calls.parts.heldByPhone(leg, false)
    // Consulted about already, when another key was quicker.
    if (calls.parts.ofLeg(leg)?.phase === 'consulting') this.#join(opened, callId)
  }

  #join(line: Line, callId: string): void {
    line.up = true
    this.#parts.calls.control.phones.joinLine(callId, line.id)
  }

  #attended(channel: string, other: string, part: Part): void {
    const line = this.#lineOf(part.leg)
    if (!line || part.handover?.id !== line.handover || ![channel, other].includes(line.id) || ![channel, other].includes(line.leg)) return this.#tell(channel, 'channel_declined')
    const changed = this.#parts.calls.change(line.handover, { mode: 'transfer', consult: false })
    if (!changed) return this.#tell(channel, 'channel_declined')
    line.givenAway = changed.reply.kind === 'handover'
    this.#await(channel, changed)
  }

  #merge(leg: string): void {
    const part = this.#parts.calls.parts.ofLeg(leg)
    if (part?.phase === 'consulting') this.#parts.press('conference', part, false)
  }

  /** The phone is told what becomes of the hand-over that its REFER made or met. */
  #await(channel: string, { reply }: CommandResult): void {
    if (reply.kind !== 'handover') return this.#tell(channel, 'channel_declined')
    const { id, state, failure } = reply.handover
    if (state === 'failed') return this.#tell(channel, failureTold(failure))
    if (state === 'answered' || state === 'joined') return this.#tell(channel, 'channel_answered')
    this.#tell(channel, 'channel_progress')
    this.#referrers.set(id, (this.#referrers.get(id) ?? new Set()).add(channel))
  }

  #tell(channel: string, progress: TransferProgress): void {
    this.#parts.calls.control.phones.tellProgress(channel, progress)
  }

  /** From within a step: nothing is asked of the call here. */
  #happened({ type, handover }: HandoverFact): void {
    const lines = [...this.#lines.values()].filter((line) => line.handover === handover.id)
    switch (type) {
      case 'handover-answered':
        // Who is told so leaves by himself.
        this.#settle(handover.id, 'channel_answered')
        if (handover.consult) for (const line of lines) this.#join(line, handover.callId)
        return
      case 'handover-changed':
        if (!handover.consult && handover.mode === 'conference') for (const line of lines) this.#end(line)
        return
      case 'handover-failed':
      case 'handover-cancelled':
        this.#settle(handover.id, type === 'handover-failed' ? failureTold(handover.failure) : 'channel_declined')
        for (const line of lines) this.#end(line, line.up ? undefined : causeOf(handover.failure))
        return
      case 'handover-completed':
        for (const line of lines) this.#end(line)
        return
      case 'handover-requested':
      case 'handover-dialled':
      case 'handover-ringing':
      case 'handover-joined':
      case 'handover-released':
      case 'handover-confirmed':
      case 'handover-decided':
    }
  }

  #settle(handover: string, progress: TransferProgress): void {
    for (const channel of this.#referrers.get(handover) ?? []) this.#tell(channel, progress)
    this.#referrers.delete(handover)
  }

  #end(line: Line, cause?: number): void {
    this.#letGo(line)
    this.#parts.calls.control.phones.endLine(line.id, cause)
  }

  /** The leg is again all that the desk has: held where its phone holds it. */
  #letGo({ id, leg }: Line): void {
    this.#lines.delete(id)
    queueMicrotask(() => {
      if (this.#held.has(leg)) this.#parts.calls.parts.heldByPhone(leg, true)
    })
  }

  #lineOf(leg: string): Line | undefined {
    return [...this.#lines.values()].find((line) => line.leg === leg)
  }
}

const causeOf = (failure: Failure | undefined): number => (failure && causes[failure.reason]) ?? noAnswer

/** 603 to a phone whose transfer somebody refused, 503 to one whose could not be done (RFC 3515 §2.4.4). */
const failureTold = (failure: Failure | undefined): TransferProgress => (failure?.reason === 'rejected' ? 'channel_declined' : 'channel_unavailable')
