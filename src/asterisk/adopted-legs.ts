import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { AdoptionRefused } from '../calls/call-control.ts'
import type { Config } from '../config/schema.ts'
import type { Adoption, LegEnd } from '../domain/call/events.ts'
import { type AdoptedLeg, adoptedLegOf, adoptionOf, pairOf, variablesOf } from './adopted-leg.ts'
import { AmiError } from './ami-error.ts'
import { AmiLink } from './ami-link.ts'
import { AriError, unlessGone } from './ari-error.ts'
import type { AriBridge, AriChannel, AriEvent } from './ari-events.ts'
import type { AriLink } from './ari-link.ts'
import type { Bridges } from './bridges.ts'
import { adoptedContext } from './names.ts'
import { hasAnswered, type OwnTalk, ownTalksOf } from './own-talk.ts'

/** How long a leg that has come waits for the other one; then the dialplan puts the two together again. */
const mateMs = 2_000
/** From the Redirect until both have come. */
const adoptMs = 3_000
/** An agent who presses as he answers is not in a bridge yet: looked for so often, and so long apart. */
const looks = { most: 8, apartMs: 50 } as const

export interface AdoptedLegsListener {
  /** Both legs are in our hands. */
  adopted(adoption: Adoption): void
  /** The caller's is; the desk's has ended on the way. */
  adoptedAlone(adoption: Adoption, end: Omit<LegEnd, 'lost'>): void
}

/**
 * Adopts talks of the call centre's own: one AMI Redirect sends both legs to the dialplan's `tandem-adopted`, by which
 * they enter our application. AMI is connected to only where contexts are chosen.
 */
export class AdoptedLegs {
  readonly #config: Config
  readonly #ari: AriLink
  readonly #bridges: Bridges
  readonly #ami: AmiLink
  readonly #logger: Logger
  readonly #listener: AdoptedLegsListener
  /** Legs that have come before the other one, by channel. */
  readonly #waiting = new Map<string, AdoptedLeg>()
  /** Channels that ended a moment ago: one may be the mate of a leg that is still on the way. */
  readonly #gone = new Map<string, Omit<LegEnd, 'lost'>>()
  /** By call. */
  readonly #asked = new Map<string, { readonly done: () => void; readonly failed: (error: AdoptionRefused) => void }>()

  constructor(config: Config, { ari, bridges }: { readonly ari: AriLink; readonly bridges: Bridges }, logger: Logger, listener: AdoptedLegsListener) {
    this.#config = config
    this.#ari = ari
    this.#bridges = bridges
    this.#ami = new AmiLink(config.asterisk, logger)
    this.#logger = logger
    this.#listener = listener
  }

  start(): void {
    if (this.#config.adoption.contexts.length > 0) this.#ami.start()
  }

  close(): void {
    this.#ami.close()
  }

  /** Resolves when both legs have come, or the caller's alone, and the listener has been told. @throws AdoptionRefused */
  async adopt(agent: string, callId: string): Promise<void> {
    try {
      const talk = await this.#talkOf(agent)
      this.#bridges.openEarly(callId)
      await Promise.all([this.#coming(callId), this.#redirect(talk, agent, callId)])
    } catch (error) {
      this.#bridges.forget(callId)
      throw refusalOf(error)
    } finally {
      this.#asked.delete(callId)
    }
  }

  /** Whether the event was the entry of such a leg. */
  take(event: AriEvent): boolean {
    if (event.type === 'StasisStart') {
      const leg = adoptedLegOf(event.channel, event.args)
      if (leg) this.#entered(leg)
      return leg !== undefined
    }
    if (event.type === 'StasisEnd') this.#waiting.delete(event.channel.id)
    if (event.type === 'ChannelDestroyed') this.#ended(event.channel.id, { cause: event.cause, causeText: event.cause_txt })
    return false
  }

  async #talkOf(agent: string, look = 1): Promise<OwnTalk> {
    const { asterisk, adoption } = this.#config
    if (!this.#ami.up) throw AmiError.away('Redirect')
    const [channels, bridges] = await Promise.all([
      this.#ari.request('channels', 'list') as Promise<readonly AriChannel[]>,
      this.#ari.request('bridges', 'list') as Promise<readonly AriBridge[]>,
    ])
    const [talk, second] = ownTalksOf(agent, channels, bridges, asterisk.application)
    if (!talk && look < looks.most && hasAnswered(agent, channels)) {
      await pause(looks.apartMs)
      return this.#talkOf(agent, look + 1)
    }
    if (!talk) throw new AdoptionRefused('agent-not-in-call', `${agent} talks with nobody`)
    if (second) throw new AdoptionRefused('adoption-failed', `${agent} has two calls`)
    const context = talk.caller.dialplan?.context ?? ''
    if (![...adoption.contexts, adoptedContext].includes(context)) throw new AdoptionRefused('adoption-not-allowed', `the context ${context} is not chosen`)
    return talk
  }

  async #redirect(talk: OwnTalk, agent: string, callId: string): Promise<void> {
    const platform = this.#config.agents.find(({ id }) => id === agent)?.platform
    if (!platform) throw new AdoptionRefused('agent-not-in-call', `${agent} is not in the configuration`)
    const variables = variablesOf(talk, { callId, platform, agent }).flatMap(({ channel, values }) =>
      Object.entries(values).map(([Variable, Value]) => ({ Action: 'Setvar', Channel: channel, Variable, Value })),
    )
    const [caller, desk] = [{ Context: adoptedContext, Exten: 'caller', Priority: '1' }, { ExtraContext: adoptedContext, ExtraExten: 'agent', ExtraPriority: '1' }]
    try {
      await this.#ami.request(...variables, { Action: 'Redirect', Channel: talk.caller.name, ExtraChannel: talk.agent.name, ...caller, ...desk })
    } catch (error) {
      if (!(error instanceof AmiError) || error.verdict !== 'unknown') throw error
      // It may have been done: the legs come, or do not.
      this.#logger.warn({ err: error, call: callId }, 'a Redirect was not answered')
    }
  }

  #coming(callId: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const late = setTimeout(() => reject(new AdoptionRefused('adoption-failed', `the legs did not come within ${adoptMs} ms`)), adoptMs)
    this.#asked.set(callId, { done: resolve, failed: reject })
    return promise.finally(() => clearTimeout(late))
  }

  #entered(leg: AdoptedLeg): void {
    const gone = this.#gone.get(leg.mate)
    if (gone) {
      this.#alone(leg, gone)
      return
    }
    const pair = pairOf(leg, [...this.#waiting.values()])
    if (!pair) {
      this.#waiting.set(leg.channel.id, leg)
      void this.#awaitMate(leg)
      return
    }
    this.#waiting.delete(leg.mate)
    this.#listener.adopted(adoptionOf(pair.caller, pair.agent.channel))
    this.#asked.get(leg.callId)?.done()
  }

  async #awaitMate(leg: AdoptedLeg): Promise<void> {
    const { callId: call, role, channel, mate } = leg
    setTimeout(() => this.#giveBack(leg), mateMs)
    try {
      await this.#ari.request('channels', 'get', { channelId: mate })
    } catch (error) {
      // Ended while we were away: nothing will tell it any more.
      if (error instanceof AriError && error.status === 404 && this.#waiting.has(channel.id)) this.#alone(leg, {})
      else this.#logger.warn({ err: error, call, role }, 'whether the other leg is there could not be asked')
    }
  }

  #ended(channelId: string, end: Omit<LegEnd, 'lost'>): void {
    this.#waiting.delete(channelId)
    this.#gone.set(channelId, end)
    setTimeout(() => this.#gone.delete(channelId), adoptMs).unref()
    const left = [...this.#waiting.values()].find(({ mate }) => mate === channelId)
    if (left) this.#alone(left, end)
  }

  /** The other one has left on the way: a desk without its caller is done, a caller without his desk is the call's business. */
  #alone(leg: AdoptedLeg, end: Omit<LegEnd, 'lost'>): void {
    this.#waiting.delete(leg.channel.id)
    const asked = this.#asked.get(leg.callId)
    if (leg.role === 'caller') {
      this.#listener.adoptedAlone(adoptionOf(leg), end)
      asked?.done()
      return
    }
    this.#quietly(leg, unlessGone(this.#ari.request('channels', 'hangup', { channelId: leg.channel.id })))
    asked?.failed(new AdoptionRefused('agent-not-in-call', 'the caller has hung up'))
  }

  /** The other one is somewhere, and does not come: the dialplan joins this one to it. */
  #giveBack(leg: AdoptedLeg): void {
    if (this.#waiting.get(leg.channel.id) !== leg) return
    this.#waiting.delete(leg.channel.id)
    this.#logger.error({ call: leg.callId, role: leg.role }, 'the other leg of an adopted talk did not come: given back to the dialplan')
    const again = { context: adoptedContext, extension: leg.role, label: 'again' }
    this.#quietly(leg, unlessGone(this.#ari.request('channels', 'continueInDialplan', { channelId: leg.channel.id, ...again })))
  }

  /** With Asterisk away the dialplan does it, or the next comparison. */
  #quietly({ callId: call, role }: AdoptedLeg, done: Promise<void>): void {
    done.catch((error: unknown) => this.#logger.warn({ err: error, call, role }, 'an adopted leg could not be let go'))
  }
}

/** Of what Asterisk, or the way to it, refused. @returns anything else as it is */
function refusalOf(error: unknown): unknown {
  if (error instanceof AmiError) return new AdoptionRefused(error.verdict === 'retry' ? 'asterisk-away' : 'adoption-failed', error.message, { cause: error })
  if (error instanceof AriError) return new AdoptionRefused('asterisk-away', error.message, { cause: error })
  return error
}
