import type { LegOrder } from '../calls/call-control.ts'
import type { LegEnd } from '../domain/call/events.ts'
import type { AriChannel, AriEvent } from './ari-events.ts'
import { AriError } from './ari-error.ts'
import type { AriLink } from './ari-link.ts'

const startMs = 2_000
/** Beyond the machine's own timer: ends the ringing should Tandem stand still. */
const dialGraceSec = 10
/** Q.850 causes by which Asterisk tells that a leg broke: nobody hung up (network, RTP time-out, timers). */
const broken = new Set([27, 38, 41, 44, 102])

const hangupReasons = { normal: 'normal', 'no-answer': 'no_answer', 'answered-elsewhere': 'answered_elsewhere' } as const
type HangUpReason = keyof typeof hangupReasons

interface Leg {
  readonly created: Promise<void>
  ending: boolean
  answered: boolean
  started?: (channel: AriChannel) => void
}

export interface LegListener {
  legDialled(leg: string, sipCallId: string | undefined): void
  legRinging(leg: string): void
  legAnswered(leg: string): void
  /** The phone's own hold key. */
  legHeld(leg: string, held: boolean): void
  legEnded(leg: string, end: LegEnd): void
}

/** The legs that Tandem makes: create → StasisStart → dial, then what becomes of them. */
export class Legs {
  readonly #link: AriLink
  readonly #application: string
  readonly #ringMs: number
  readonly #dialString: (order: LegOrder) => string
  readonly #listener: LegListener
  readonly #legs = new Map<string, Leg>()

  constructor(link: AriLink, application: string, ringMs: number, dialString: (order: LegOrder) => string, listener: LegListener) {
    this.#link = link
    this.#application = application
    this.#ringMs = ringMs
    this.#dialString = dialString
    this.#listener = listener
  }

  dial(order: LegOrder): void {
    if (this.#legs.has(order.leg)) return
    const start = Promise.withResolvers<AriChannel>()
    const leg: Leg = { created: this.#create(order), ending: false, answered: false, started: start.resolve }
    this.#legs.set(order.leg, leg)
    leg.created.catch(start.reject)
    this.#ring(order.leg, leg, start.promise).catch((error: unknown) => this.#failed(order.leg, leg, error))
  }

  hangUp(id: string, reason: HangUpReason): void {
    const leg = this.#legs.get(id)
    if (leg) leg.ending = true
    const ended = async () => {
      // Whether its answer was late or lost: the leg may be there.
      await leg?.created.catch(() => undefined)
      await this.#link.request('channels', 'hangup', { channelId: id, reason: hangupReasons[reason] })
    }
    ended().catch(() => {
      // Gone already, or never made: what was asked for. With Asterisk away the reconciler asks again.
    })
  }

  /** Whether the event concerned a leg of ours. */
  take(event: AriEvent): boolean {
    switch (event.type) {
      case 'StasisStart': {
        const leg = this.#legs.get(event.channel.id)
        leg?.started?.(event.channel)
        return leg !== undefined
      }
      case 'Dial':
        return this.#dialled(event.peer.id, event.dialstatus)
      case 'ChannelDestroyed':
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
      case 'PlaybackFinished':
      case 'ApplicationReplaced':
        return false
    }
  }

  /** The leg's channel is gone. Told once. */
  ended(id: string, end: Omit<LegEnd, 'lost'>): boolean {
    const leg = this.#legs.get(id)
    if (!leg) return false
    this.#legs.delete(id)
    const lost = end.cause === undefined || broken.has(end.cause)
    this.#listener.legEnded(id, { ...end, lost: leg.answered && !leg.ending && lost })
    return true
  }

  /** After a gap in the events: a leg whose answer was missed. */
  foundUp(id: string): void {
    this.#dialled(id, 'ANSWER')
  }

  /** Repeats the hang-ups that may not have reached Asterisk. */
  endAgain(): void {
    for (const [id, leg] of this.#legs) if (leg.ending) this.hangUp(id, 'normal')
  }

  get ids(): readonly string[] {
    return [...this.#legs.keys()]
  }

  #dialled(id: string, status: string): boolean {
    const leg = this.#legs.get(id)
    if (!leg) return false
    if (status === 'RINGING' || status === 'PROGRESS') this.#listener.legRinging(id)
    if (status === 'ANSWER' && !leg.answered) {
      leg.answered = true
      this.#listener.legAnswered(id)
    }
    return true
  }

  async #create(order: LegOrder): Promise<void> {
    await this.#link.request('channels', 'create', {
      channelId: order.leg,
      endpoint: this.#dialString(order),
      app: this.#application,
      appArgs: 'leg',
      variables: variablesOf(order),
    })
  }

  /** Dialling before `StasisStart` would be refused with 409 in some 7 % of tries (measured); the answer to `create` need not be waited for. */
  async #ring(id: string, leg: Leg, started: Promise<AriChannel>): Promise<void> {
    const channel = await withDeadline(started, id)
    if (leg.ending) return
    await this.#link.request('channels', 'dial', { channelId: id, timeout: Math.ceil(this.#ringMs / 1000) + dialGraceSec })
    if (this.#legs.has(id)) this.#listener.legDialled(id, channel.protocol_id || undefined)
  }

  /** Could not be made or dialled: unreachable. What may exist of it is removed. */
  #failed(id: string, leg: Leg, error: unknown): void {
    if (this.#legs.get(id) !== leg) return
    this.#legs.delete(id)
    this.#link.request('channels', 'hangup', { channelId: id }).catch(() => {
      // It was never made, or is gone.
    })
    const text = error instanceof Error ? error.message : String(error)
    this.#listener.legEnded(id, { causeText: text, lost: true })
  }
}

async function withDeadline<T>(promise: Promise<T>, id: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(AriError.timeout(`StasisStart of ${id}`, startMs)), startMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Ids for whoever looks at Asterisk alone; the citizen's number as connected line, without which the INVITE is anonymous. */
export function variablesOf(order: LegOrder): Record<string, string> {
  return {
    TANDEM_CALL_ID: order.callId,
    TANDEM_ROLE: order.role,
    'PJSIP_HEADER(add,X-Tandem-Call-Id)': order.callId,
    ...(order.handoverId === undefined
      ? {}
      : { TANDEM_HANDOVER_ID: order.handoverId, 'PJSIP_HEADER(add,X-Tandem-Handover-Id)': order.handoverId }),
    'CONNECTEDLINE(num)': order.callerNumber,
    'CONNECTEDLINE(num-pres)': 'allowed',
    ...(order.callerName ? { 'CONNECTEDLINE(name)': order.callerName } : {}),
  }
}
