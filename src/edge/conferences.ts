import type { Dialog, Request, Response } from 'drachtio-srf'
import type Srf from 'drachtio-srf'
import type { Logger } from 'pino'
import { conferenceInfo } from '../domain/edge/conference-info.ts'
import type { CallSummary } from '../domain/facts.ts'
import { type TandemApi, TandemAway } from './tandem-api.ts'

/** Between two looks at the calls that are subscribed to, ms. */
const lookMs = 500
/** RFC 4575 §3.4; a subscriber may ask for less. */
const longestSec = 3_600
const mostSubscriptions = 1_000

interface Subscription {
  readonly dialog: Dialog
  readonly callId: string
  readonly entity: string
  readonly expiresSec: number
  until: number
  version: number
  told: string
}

/** Who is in a call, for the exchange that has a part in it (RFC 4575). */
export class Conferences {
  readonly #srf: Srf
  readonly #api: TandemApi
  readonly #entity: (callId: string) => string
  readonly #logger: Logger
  readonly #subscriptions = new Set<Subscription>()
  #timer: NodeJS.Timeout | undefined
  #looking = false

  /** @param entity URI of a call as a conference */
  constructor(srf: Srf, api: TandemApi, entity: (callId: string) => string, logger: Logger) {
    this.#srf = srf
    this.#api = api
    this.#entity = entity
    this.#logger = logger
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#looking || this.#subscriptions.size === 0) return
      this.#looking = true
      void this.#look().finally(() => (this.#looking = false))
    }, lookMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** @param callId of a call in which the subscriber has a part */
  async subscribe(request: Request, response: Response, callId: string): Promise<void> {
    const accept = request.get('accept')
    if (!/^conference\b/.test(request.get('event') ?? '')) return response.send(489, { headers: { 'Allow-Events': 'conference' } })
    if (accept !== undefined && !/application\/(conference-info\+xml|\*)|\*\/\*/.test(accept)) return response.send(406)
    if (this.#subscriptions.size >= mostSubscriptions) return response.send(503, { headers: { 'Retry-After': '30' } })
    const expiresSec = expiresOf(request)
    const dialog = await this.#srf.createUAS(request, response, { headers: { Expires: String(expiresSec), Contact: `<sip:${callId}@localhost>;isfocus` } })
    const subscription: Subscription = { dialog, callId, entity: this.#entity(callId), expiresSec, until: performance.now() + expiresSec * 1_000, version: 0, told: '' }
    dialog.handle = (refresh, answer) => this.#inDialog(subscription, refresh, answer)
    this.#subscriptions.add(subscription)
    await this.#tell(subscription, await this.#call(callId))
  }

  #inDialog(subscription: Subscription, request: Request, response: Response): void {
    if (request.method !== 'SUBSCRIBE') return response.send(request.method === 'BYE' ? 481 : 501)
    const expiresSec = expiresOf(request)
    response.send(200, { headers: { Expires: String(expiresSec) } })
    subscription.until = performance.now() + expiresSec * 1_000
    subscription.told = ''
    // RFC 6665 §4.2.1.1: each is followed by a NOTIFY, the last one too.
    if (expiresSec === 0) this.#end(subscription, 'timeout')
    else void this.#call(subscription.callId).then((call) => this.#tell(subscription, call))
  }

  async #look(): Promise<void> {
    const now = performance.now()
    for (const subscription of this.#subscriptions) if (subscription.until <= now) this.#end(subscription, 'timeout')
    const ids = new Set([...this.#subscriptions].map(({ callId }) => callId))
    const calls = new Map(await Promise.all([...ids].map(async (id) => [id, await this.#call(id)] as const)))
    for (const subscription of this.#subscriptions) void this.#tell(subscription, calls.get(subscription.callId))
  }

  /** @returns undefined while Tandem is away: nothing is told then */
  async #call(id: string): Promise<CallSummary | 'gone' | undefined> {
    try {
      return (await this.#api.call(id)) ?? 'gone'
    } catch (error) {
      if (error instanceof TandemAway) return undefined
      throw error
    }
  }

  async #tell(subscription: Subscription, call: CallSummary | 'gone' | undefined): Promise<void> {
    if (call === undefined || !this.#subscriptions.has(subscription)) return
    if (call === 'gone' || call.state === 'ended') return this.#end(subscription, 'noresource')
    const said = conferenceInfo(call, subscription.entity, 0)
    if (said === subscription.told) return
    subscription.told = said
    const left = Math.max(1, Math.round((subscription.until - performance.now()) / 1_000))
    await this.#notify(subscription, `active;expires=${left}`, conferenceInfo(call, subscription.entity, subscription.version++))
  }

  #end(subscription: Subscription, reason: string): void {
    if (this.#subscriptions.delete(subscription)) void this.#notify(subscription, `terminated;reason=${reason}`)
  }

  async #notify(subscription: Subscription, state: string, body?: string): Promise<void> {
    const headers = { Event: 'conference', 'Subscription-State': state, Contact: `<sip:${subscription.callId}@localhost>;isfocus`, ...(body === undefined ? {} : { 'Content-Type': 'application/conference-info+xml' }) }
    try {
      const { status } = await subscription.dialog.request({ method: 'NOTIFY', headers, ...(body === undefined ? {} : { body }) })
      // RFC 6665 §4.2.2: it wants no more.
      if (status >= 300) this.#subscriptions.delete(subscription)
    } catch (error) {
      this.#subscriptions.delete(subscription)
      this.#logger.info({ err: error, call: subscription.callId }, 'a subscriber could not be told')
    }
  }
}

function expiresOf(request: Request): number {
  const asked = Number(request.get('expires') ?? longestSec)
  return Number.isInteger(asked) && asked >= 0 ? Math.min(asked, longestSec) : longestSec
}
