import type { LegOrder } from '../calls/call-control.ts'
import type { LegEnd } from '../domain/call/events.ts'
import type { AriChannel, AriEvent } from './ari-events.ts'
import type { AriLink } from './ari-link.ts'
import { encodeCarried } from '../domain/edge/carried.ts'
import { isLeg } from './names.ts'

/** Beyond the machine's own timer: ends the ringing should Tandem stand still. */
const dialGraceSec = 10
/** Q.850 causes by which Asterisk tells that a leg broke: nobody hung up (network, RTP time-out, timers). */
const broken = new Set([27, 38, 41, 44, 102])
/** Early media is a ringing that the far end plays itself. */
const rings = new Set(['RINGING', 'PROGRESS'])

const hangupReasons = { normal: 'normal', 'no-answer': 'no_answer', 'answered-elsewhere': 'answered_elsewhere' } as const
type HangUpReason = keyof typeof hangupReasons

/** Where an answered leg enters our application, and waits for it should we be away. Named by a label: without that dialplan the dialling is refused, not the answer lost. */
const answeredAt = { context: 'tandem-leg', extension: 's', label: 'enter' }

/** The phone's REFER is told to us, and nothing else comes of it (Asterisk 22.3 and newer). */
export const referring = { 'PJSIP_TRANSFER_HANDLING()': 'ari-only' } as const

/** How a leg can be dialled: by the SIP edge, or straight. */
export interface LegWay {
  /** Asterisk's name of it. */
  readonly dial: string
  /** Its INVITE says what the call carries: the edge strips what a network may not see. */
  readonly carries: boolean
}

/** The edge does not answer, or says that it cannot: what it has said of the far end is final. */
const edgeAway = new Set([500, 502, 503])
/** Q.850 causes by which Asterisk tells that it has found nobody there, without an answer of SIP. What was not told at all is unknown, and not dialled again. */
const notThere = new Set([3, 20, 27, 34, 38])

interface Leg {
  readonly order?: LegOrder
  /** What is left to be tried. */
  readonly ways: readonly LegWay[]
  readonly made: Promise<unknown>
  rang: boolean
  ending: boolean
  answered: boolean
}

export interface LegListener {
  legDialled(leg: string, sipCallId: string | undefined): void
  legRinging(leg: string): void
  legAnswered(leg: string): void
  /** The phone's own hold key. */
  legHeld(leg: string, held: boolean): void
  legEnded(leg: string, end: LegEnd): void
}

/** The legs that Tandem makes: originated, ringing, answered when they enter Stasis; and what becomes of them. */
export class Legs {
  readonly #link: AriLink
  readonly #application: string
  readonly #ringMs: number
  readonly #waysOf: (order: LegOrder) => readonly LegWay[]
  readonly #listener: LegListener
  /** Endpoints whose Transfer keys are told. */
  readonly #refers: ReadonlySet<string>
  readonly #legs = new Map<string, Leg>()
  /** Legs of another process, answered while nobody was there to hear it. */
  readonly #entered = new Set<string>()

  constructor(link: AriLink, application: string, ringMs: number, waysOf: (order: LegOrder) => readonly LegWay[], listener: LegListener, refers: ReadonlySet<string> = new Set()) {
    this.#link = link
    this.#application = application
    this.#ringMs = ringMs
    this.#waysOf = waysOf
    this.#listener = listener
    this.#refers = refers
  }

  dial(order: LegOrder): void {
    if (!this.#legs.has(order.leg)) this.#dialBy(order, this.#waysOf(order))
  }

  #dialBy(order: LegOrder, [way, ...ways]: readonly LegWay[]): void {
    const made = this.#originate(order, way ?? { dial: '', carries: false })
    const leg: Leg = { order, ways, made, rang: false, ending: false, answered: false }
    this.#legs.set(order.leg, leg)
    made.then(
      (channel) => this.#legs.has(order.leg) && this.#listener.legDialled(order.leg, channel.protocol_id || undefined),
      (error: unknown) => this.#failed(order.leg, leg, error),
    )
  }

  hangUp(id: string, reason: HangUpReason): void {
    const leg = this.#legs.get(id)
    if (leg) leg.ending = true
    const ended = async () => {
      // Whether its answer was late or lost: the leg may be there.
      await leg?.made.catch(() => undefined)
      await this.#link.request('channels', 'hangup', { channelId: id, reason: hangupReasons[reason] })
    }
    ended().catch(() => {
      // Gone already, or never made: what was asked for. With Asterisk away the reconciler asks again.
    })
  }

  /** Whether the event concerned a leg of ours. */
  take(event: AriEvent): boolean {
    switch (event.type) {
      case 'StasisStart':
        return this.answered(event.channel.id) || this.#early(event.channel.id)
      case 'Dial':
        this.#ringing(event.peer.id, event.dialstatus)
        return true
      case 'ChannelDestroyed':
        this.#entered.delete(event.channel.id)
        return this.ended(event.channel.id, {
          cause: event.cause,
          causeText: event.cause_txt,
          ...(event.tech_cause ? { sipCode: event.tech_cause } : {}),
        })
      case 'StasisEnd':
        return this.#legs.has(event.channel.id)
      case 'ChannelHold':
      case 'ChannelUnhold':
        if (this.#legs.has(event.channel.id)) this.#listener.legHeld(event.channel.id, event.type === 'ChannelHold')
        return true
      case 'ChannelDtmfReceived':
      case 'ChannelTransfer':
      case 'ChannelTalkingStarted':
      case 'ChannelTalkingFinished':
      case 'PlaybackFinished':
      case 'RecordingStarted':
      case 'RecordingFinished':
      case 'RecordingFailed':
      case 'ApplicationReplaced':
        return false
    }
  }

  /** The leg's channel is gone. Told once. */
  ended(id: string, end: Omit<LegEnd, 'lost'>): boolean {
    const leg = this.#legs.get(id)
    if (!leg) return false
    this.#legs.delete(id)
    if (this.#nextWay(leg, end.sipCode === undefined ? notThere.has(end.cause ?? 0) : edgeAway.has(end.sipCode))) return true
    const lost = end.cause === undefined || broken.has(end.cause)
    this.#listener.legEnded(id, { ...end, lost: leg.answered && !leg.ending && lost })
    return true
  }

  /** It is in our hands: told by its entry, or found after a gap in the events. Told once. */
  answered(id: string): boolean {
    const leg = this.#legs.get(id)
    if (!leg) return false
    if (leg.answered) return true
    leg.answered = true
    this.#listener.legAnswered(id)
    return true
  }

  /** Repeats the hang-ups that may not have reached Asterisk. */
  endAgain(): void {
    for (const [id, leg] of this.#legs) if (leg.ending) this.hangUp(id, 'normal')
  }

  /** Another process made it, or the call centre's own queue or dialplan. */
  takeOver(id: string, answered: boolean): void {
    this.#entered.delete(id)
    this.#legs.set(id, { ways: [], made: Promise.resolve(), rang: false, ending: false, answered })
  }

  hasEntered(id: string): boolean {
    return this.#entered.has(id)
  }

  #early(id: string): boolean {
    if (isLeg(id)) this.#entered.add(id)
    return isLeg(id)
  }

  isEnding(id: string): boolean {
    return this.#legs.get(id)?.ending ?? false
  }

  #ringing(id: string, dialStatus: string): void {
    const leg = this.#legs.get(id)
    if (!leg || !rings.has(dialStatus)) return
    leg.rang = true
    this.#listener.legRinging(id)
  }

  /** A leg whose first way is shut goes the next one, under the same id. What has rung is not dialled again. */
  #nextWay({ order, ways, rang, ending, answered }: Leg, shut: boolean): boolean {
    if (!order || ways.length === 0 || !shut || rang || ending || answered) return false
    this.#dialBy(order, ways)
    return true
  }

  async #originate(order: LegOrder, { dial, carries }: LegWay): Promise<AriChannel> {
    const answer = await this.#link.request('channels', 'originateWithId', {
      channelId: order.leg,
      endpoint: dial,
      ...answeredAt,
      timeout: order.limitMs === undefined ? Math.ceil(this.#ringMs / 1000) + dialGraceSec : secondsOf(order.limitMs),
      variables: { ...variablesOf(order, carries), ...(this.#refers.has(order.endpoint) ? referring : {}), TANDEM_APPLICATION: this.#application },
    })
    return answer as AriChannel
  }

  /** Could not be dialled: unreachable. What may exist of it is removed. */
  #failed(id: string, leg: Leg, error: unknown): void {
    if (this.#legs.get(id) !== leg) return
    this.#legs.delete(id)
    const removed = this.#link.request('channels', 'hangup', { channelId: id }).catch(() => {
      // It was never made, or is gone.
    })
    if (leg.ways.length > 0) {
      // Its id is free once it has gone.
      void removed.then(() => this.#nextWay(leg, true))
      return
    }
    const text = error instanceof Error ? error.message : String(error)
    this.#listener.legEnded(id, { causeText: text, lost: true })
  }
}

const secondsOf = (ms: number): number => Math.ceil(ms / 1000)

/** Ids for whoever looks at Asterisk alone; the citizen's number as connected line, without which the INVITE is anonymous. */
/** @param carries whether it goes by the edge */
export function variablesOf(order: LegOrder, carries = false): Record<string, string> {
  return {
    TANDEM_CALL_ID: order.callId,
    TANDEM_ROLE: order.role,
    TANDEM_PLATFORM: order.platform,
    'PJSIP_HEADER(add,X-Tandem-Call-Id)': order.callId,
    ...(order.handoverId === undefined
      ? {}
      : { TANDEM_HANDOVER_ID: order.handoverId, 'PJSIP_HEADER(add,X-Tandem-Handover-Id)': order.handoverId }),
    ...(order.limitMs === undefined ? {} : { 'TIMEOUT(absolute)': String(secondsOf(order.limitMs)) }),
    ...(carries && order.carried ? { 'PJSIP_HEADER(add,X-Tandem-Carried)': encodeCarried(order.carried) } : {}),
    'CONNECTEDLINE(num)': order.callerNumber,
    'CONNECTEDLINE(num-pres)': 'allowed',
    ...(order.callerName ? { 'CONNECTEDLINE(name)': order.callerName } : {}),
  }
}
