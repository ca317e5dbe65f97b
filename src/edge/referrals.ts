import { createHash } from 'node:crypto'
import type { Dialog, Request, Response } from 'drachtio-srf'
import type { Logger } from 'pino'
import type { Config, EdgeConfig } from '../config/schema.ts'
import { canonicalNumber } from '../domain/edge/numbers.ts'
import { referralOf, referToOf } from '../domain/edge/referral.ts'
import type { CallSummary } from '../domain/facts.ts'
import { type Handover, platforms } from '../domain/handover/handover.ts'
import { type Commanded, type TandemApi, TandemAway } from './tandem-api.ts'

/** Between two looks at what has become of a hand-over, ms. */
const lookMs = 250
/** A subscription to a REFER lasts as long as a hand-over may (RFC 3515 §2.4.4), s. */
const expiresSec = 180

/** A REFER of the far exchange in a call that Tandem has given it is the same command as everybody’s. */
export class Referrals {
  readonly #config: Config
  readonly #edge: EdgeConfig
  readonly #api: TandemApi
  readonly #logger: Logger

  constructor(config: Config, edge: EdgeConfig, api: TandemApi, logger: Logger) {
    this.#config = config
    this.#edge = edge
    this.#api = api
    this.#logger = logger
  }

  /** @param callId undefined: a call that came from there; there is no desk of Tandem’s behind the trunk @param dialog of the exchange */
  take(request: Request, response: Response, dialog: () => Dialog | undefined, trunk: string, callId: string | undefined): void {
    const wanted = referToOf(request.get('refer-to') ?? '')
    if (callId === undefined) response.send(603)
    else if (wanted === undefined) response.send(400)
    else void this.#refer(request, response, dialog, trunk, callId, wanted)
  }

  async #refer(request: Request, response: Response, dialog: () => Dialog | undefined, trunk: string, callId: string, wanted: NonNullable<ReturnType<typeof referToOf>>): Promise<void> {
    const log = this.#logger.child({ call: callId, trunk })
    try {
      const call = wanted.method === 'BYE' ? await this.#api.call(callId) : undefined
      const referral = referralOf(wanted, { desk: (user) => this.#desk(user), destination: (user) => this.#destination(user), party: (user) => partyOf(call, user) })
      if (referral.kind === 'refused') {
        log.info({ status: referral.status }, 'REFER refused')
        response.send(referral.status)
        return
      }
      response.send(202)
      const notify = this.#notifier(request, dialog, log)
      notify(100)
      const key = createHash('sha256').update(`${request.get('call-id')} ${request.get('cseq')}`).digest('hex')
      const commanded = await this.#api.command(callId, referral, trunk, key)
      log.info({ referral, status: commanded.status, code: commanded.code, handover: commanded.handover?.id }, 'REFER')
      if (referral.kind === 'handover' && commanded.handover) await this.#follow(commanded.handover, notify, dialog)
      else notify(sipStatusOf(commanded))
    } catch (error) {
      log.warn({ err: error }, 'REFER failed')
      const status = error instanceof TandemAway ? 503 : 500
      if (response.finalResponseSent) this.#notifier(request, dialog, log)(status)
      else response.send(status)
    }
  }

  /** Tells the exchange until it is settled: whoever pressed sees what becomes of it. */
  async #follow(first: Handover, notify: (status: number) => void, dialog: () => Dialog | undefined): Promise<void> {
    let handover: Handover | undefined = first
    let told = 100
    while (handover && dialog()?.connected) {
      const status = progressOf(handover)
      if (status >= 200) return notify(status)
      if (status > told) notify((told = status))
      // oxlint-disable-next-line no-await-in-loop -- it is looked at until it is settled
      await new Promise((resolve) => setTimeout(resolve, lookMs))
      // oxlint-disable-next-line no-await-in-loop
      handover = await this.#api.handover(handover.id)
    }
  }

  /** RFC 3515 §2.4.5: the status line as it would be in a call of its own. */
  #notifier(request: Request, dialog: () => Dialog | undefined, log: Logger): (status: number) => void {
    const id = /^\d+/.exec(request.get('cseq') ?? '')?.[0] ?? '1'
    return (status) => {
      const ends = status >= 200
      const headers = { Event: `refer;id=${id}`, 'Subscription-State': ends ? 'terminated;reason=noresource' : `active;expires=${expiresSec}`, 'Content-Type': 'message/sipfrag;version=2.0' }
      const body = `SIP/2.0 ${status} ${reasons[status] ?? 'Failed'}\r\n`
      // The exchange may have hung up as soon as its part was done.
      dialog()?.request({ method: 'NOTIFY', headers, body }).catch((error: unknown) => log.debug({ err: error }, 'not notified'))
    }
  }

  #same(one: string, other: string): boolean {
    return one === other || canonicalNumber(one, this.#edge.plan) === canonicalNumber(other, this.#edge.plan)
  }

  #desk(user: string) {
    return platforms.find((platform) => this.#config.desks[platform].numbers.some((number) => this.#same(user, number)))
  }

  #destination(user: string): string | undefined {
    const { destinations, agents } = this.#config
    return (destinations.find(({ id, dial }) => id === user || this.#same(user, dial)) ?? agents.find(({ id }) => id === user))?.id
  }
}

/** A party’s id, or the agent, trunk or destination that has one part in the call. */
const partyOf = (call: CallSummary | undefined, user: string): string | undefined => call?.parties.find(({ id, endpoint }) => id === user || endpoint === user)?.id

const reasons: Readonly<Record<number, string>> = { 100: 'Trying', 180: 'Ringing', 200: 'OK', 403: 'Forbidden', 404: 'Not Found', 408: 'Request Timeout', 480: 'Temporarily Unavailable', 486: 'Busy Here', 487: 'Request Terminated', 500: 'Server Internal Error', 503: 'Service Unavailable', 603: 'Decline' }

const failures: Readonly<Record<string, number>> = { busy: 486, 'no-answer': 480, rejected: 603, unreachable: 503, 'caller-left': 487 }

/** A hand-over as a SIP call would be told. */
function progressOf({ state, failure }: Handover): number {
  if (state === 'failed') return failures[failure?.reason ?? ''] ?? 480
  if (state === 'cancelled') return 487
  if (state === 'answered' || state === 'joined' || state === 'completed') return 200
  return state === 'ringing' ? 180 : 100
}

function sipStatusOf({ status }: Commanded): number {
  if (status < 300) return 200
  return status === 404 ? 404 : status === 503 ? 503 : status >= 500 ? 500 : 403
}
