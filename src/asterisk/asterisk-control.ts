import type { Logger } from 'pino'
import { type CallControl, type ControlListener, LegGone, type LegOrder } from '../calls/call-control.ts'
import type { Config } from '../config/schema.ts'
import type { Apart, Background, Place } from '../domain/call/actions.ts'
import type { Room } from '../domain/call/state.ts'
import { platforms } from '../domain/handover/handover.ts'
import { AriError } from './ari-error.ts'
import type { AriChannel, AriEvent } from './ari-events.ts'
import { AriLink } from './ari-link.ts'
import { dialablesOf, guestEndpointsOf, numberOn } from '../config/endpoints.ts'
import { Briefings } from './briefings.ts'
import { heartbeat } from './heartbeat.ts'
import { Legs } from './legs.ts'
import { announcementClass, ringbackClass } from './music-classes.ts'
import { Whispers } from './whispers.ts'

/** Its bridge, and the one in which the desks talk without the caller. */
const bridgeOf = (callId: string, room: Room = 'call'): string => (room === 'call' ? `bridge-${callId}` : `consult-${callId}`)
/** `addChannel` of a channel that is gone: not found, or on its way out of the application. */
const legGone = new Set([400, 422])
const isRoom = (place: Place | undefined): place is Room => place === 'call' || place === 'consultation'

/** The call control on Asterisk 22 through ARI. */
export class AsteriskControl implements CallControl {
  readonly #link: AriLink
  readonly #legs: Legs
  readonly #whispers: Whispers
  readonly #listener: ControlListener
  readonly #logger: Logger
  /** Callers in our hands, by channel. */
  readonly #callers = new Set<string>()
  /** Callers whom we are done with, until the PBX has been told. */
  readonly #parting = new Map<string, () => Promise<unknown>>()
  /** Where each leg is that was joined or separated. */
  readonly #where = new Map<string, Place>()
  /** Calls that have a consultation's bridge. */
  readonly #consultations = new Set<string>()
  /** Calls whose music is an announcement's. */
  readonly #announced = new Set<string>()
  readonly #briefings: Briefings
  #beat: NodeJS.Timeout | undefined

  constructor(config: Config, logger: Logger, listener: ControlListener) {
    this.#listener = listener
    this.#logger = logger
    // A trunk may lead to both desks, by a number of each.
    const ofDesks = platforms.flatMap((p) => dialablesOf(config, p).map((e) => [`${p} ${e.id}`, e.dial] as const))
    const dialStrings = new Map<string, string>([...guestEndpointsOf(config).map((e) => [e.id, e.dial] as const), ...ofDesks])
    const dialString = ({ platform, endpoint }: LegOrder) => dialStrings.get(`${platform} ${endpoint}`) ?? dialStrings.get(endpoint) ?? ''
    this.#link = new AriLink({
      config: config.asterisk,
      logger,
      onEvent: (event) => this.#event(event),
      onUp: () => {
        this.#sendBeat()
        listener.restored()
      },
      onDown: () => undefined,
    })
    this.#briefings = new Briefings(this.#link, config.calls.language, logger)
    this.#whispers = new Whispers(this.#link, config.asterisk.application)
    this.#legs = new Legs(this.#link, config.calls.ringMs, (order) => (order.number === undefined ? dialString(order) : numberOn(order.endpoint, order.number)), {
      legDialled: (leg, sipCallId) => listener.legDialled(leg, sipCallId),
      legRinging: (leg) => listener.legRinging(leg),
      legAnswered: (leg) => listener.legAnswered(leg),
      legHeld: (leg, held) => listener.legHeld(leg, held),
      legEnded: (leg, end) => {
        this.#where.delete(leg)
        void this.#whispers.end(leg)
        this.#briefings.legEnded(leg)
        listener.legEnded(leg, end)
      },
    })
  }

  get up(): boolean {
    return this.#link.up
  }

  async start(): Promise<void> {
    await this.#link.start()
    this.#beat = setInterval(() => this.#sendBeat(), heartbeat.everyMs)
  }

  close(): void {
    clearInterval(this.#beat)
    this.#link.close()
  }

  dialLeg(order: LegOrder): void {
    this.#legs.dial(order)
  }

  hangUpLeg(leg: string, reason: 'normal' | 'no-answer' | 'answered-elsewhere'): void {
    this.#legs.hangUp(leg, reason)
  }

  async openBridge(callId: string): Promise<void> {
    await this.#createBridge(callId, 'call')
  }

  async closeBridge(callId: string): Promise<void> {
    if (this.#announced.delete(callId)) await this.#stopMoh(bridgeOf(callId))
    if (this.#consultations.delete(callId)) await this.#destroyBridge(callId, 'consultation')
    await this.#destroyBridge(callId, 'call')
  }

  async answerCaller(callId: string, channelId: string): Promise<void> {
    // A caller who has just left is told by StasisEnd.
    await this.#unlessGone(this.#link.request('channels', 'answer', { channelId }))
    await this.#unlessGone(this.#link.request('bridges', 'addChannel', { bridgeId: bridgeOf(callId), channel: channelId }))
    // Nobody waits for them, and a call without them is as good.
    for (const [variable, value] of [['TANDEM_CALL_ID', callId] as const, ['TANDEM_ROLE', 'caller'] as const]) {
      this.#link.request('channels', 'setChannelVar', { channelId, variable, value }).catch((error: unknown) => {
        this.#logger.warn({ err: error, variable }, 'a channel variable could not be set')
      })
    }
  }

  async hangUpCaller(channelId: string): Promise<void> {
    await this.#certainly(channelId, () => this.#link.request('channels', 'hangup', { channelId }))
  }

  async giveBackCaller(channelId: string, platform: string): Promise<void> {
    this.#callers.delete(channelId)
    const where = { context: 'tandem-fallback', extension: platform, priority: 1 }
    await this.#certainly(channelId, () => this.#link.request('channels', 'continueInDialplan', { channelId, ...where }))
  }

  /** The end of our part in a caller's leg: repeated when control is back, until the PBX has done it. */
  async #certainly(channelId: string, request: () => Promise<unknown>): Promise<void> {
    this.#parting.set(channelId, request)
    await this.#unlessGone(request())
    this.#parting.delete(channelId)
  }

  async joinLeg(callId: string, leg: string, room: Room): Promise<void> {
    if (room === 'consultation' && !this.#consultations.has(callId)) {
      this.#consultations.add(callId)
      await this.#createBridge(callId, room)
    }
    await this.#whispers.end(leg)
    const stop = this.#stopHearing(leg)
    this.#where.set(leg, room)
    const join = this.#link.request('bridges', 'addChannel', { bridgeId: bridgeOf(callId, room), channel: leg, absorbDTMF: true })
    // Both at once: the one that fails later must not be left unheard, which would end the process.
    try {
      await Promise.all([join, stop])
    } catch (error) {
      if (error instanceof AriError && legGone.has(error.status ?? 0)) throw new LegGone(error.message, { cause: error })
      throw error
    }
  }

  async separateLeg(callId: string, leg: string, hears: Apart): Promise<void> {
    const from = this.#where.get(leg)
    await this.#whispers.end(leg)
    if (isRoom(from)) await this.#unlessGone(this.#link.request('bridges', 'removeChannel', { bridgeId: bridgeOf(callId, from), channel: leg }))
    else await this.#stopHearing(leg)
    this.#where.set(leg, hears)
    if (hears === 'ringback') await this.#link.request('channels', 'ring', { channelId: leg })
    if (hears === 'music') await this.#link.request('channels', 'startMoh', { channelId: leg })
  }

  async whisper(callId: string, leg: string, to: string): Promise<void> {
    await this.separateLeg(callId, leg, 'silence')
    await this.#whispers.begin(leg, to)
  }

  async noteHandover(channelId: string, handoverId: string): Promise<void> {
    await this.#unlessGone(this.#link.request('channels', 'setChannelVar', { channelId, variable: 'TANDEM_HANDOVER_ID', value: handoverId }))
  }

  async mute(channelId: string, on: boolean): Promise<void> {
    // `in`: what Asterisk receives from it.
    await this.#link.request('channels', on ? 'mute' : 'unmute', { channelId, direction: 'in' })
  }

  async setBackground(callId: string, channelId: string, from: Background, to: Background): Promise<void> {
    if (from === to) return
    const bridgeId = bridgeOf(callId)
    // An announcement goes on into music by itself.
    if (to === 'music' && this.#announced.has(callId)) return
    if (from === 'music' || from === 'ringback' || this.#announced.delete(callId)) await this.#stopMoh(bridgeId)
    if (to === 'music') await this.#link.request('bridges', 'startMoh', { bridgeId })
    if (to === 'ringback') await this.#link.request('bridges', 'startMoh', { bridgeId, mohClass: ringbackClass })
    if (to === 'ringing') await this.#link.request('channels', 'ring', { channelId })
  }

  brief(leg: string, prompt: string): Promise<void> {
    return this.#briefings.play(leg, prompt)
  }

  async announce(callId: string, prompt: string): Promise<void> {
    const bridgeId = bridgeOf(callId)
    await this.#stopMoh(bridgeId)
    this.#announced.add(callId)
    await this.#link.request('bridges', 'startMoh', { bridgeId, mohClass: announcementClass(prompt) })
  }

  /** There may be none. */
  async #stopMoh(bridgeId: string): Promise<void> {
    await this.#unlessGone(this.#link.request('bridges', 'stopMoh', { bridgeId }))
  }

  /** Applies what was missed while the socket was away: hang-ups first, then answers. */
  async reconcile(): Promise<void> {
    // Taken first: who comes while the answer is on its way is not missing from it.
    const [callers, legs] = [[...this.#callers], [...this.#legs.ids]]
    const list = (await this.#link.request('channels', 'list')) as readonly AriChannel[]
    const live = new Map(list.map((channel) => [channel.id, channel]))
    for (const id of callers) if (!live.has(id)) this.#callerGone(id)
    // Citizens who were called before desks: a desk is not rung for somebody who has left.
    for (const id of legs.toSorted((a, b) => Number(b.endsWith('-caller')) - Number(a.endsWith('-caller')))) {
      if (!live.has(id)) this.#legs.ended(id, { causeText: 'ended while control was away' })
    }
    for (const [channelId, request] of this.#parting) if (live.has(channelId)) void this.#certainly(channelId, request).catch(() => undefined)
    this.#legs.endAgain()
    // One that still waits for us in the dialplan enters by itself.
    for (const id of legs) if (live.get(id)?.dialplan?.app_name === 'Stasis') this.#legs.answered(id)
  }

  #event(event: AriEvent): void {
    if (this.#legs.take(event)) return
    if ((event.type === 'StasisStart' || event.type === 'StasisEnd') && this.#whispers.entered(event.channel.id)) return
    if (event.type === 'ChannelDtmfReceived') this.#listener.callerPressed(event.channel.id, event.digit)
    if (event.type === 'PlaybackFinished') this.#briefings.finished(event.playback)
    if (event.type === 'StasisStart') this.#arrived(event.channel, event.args)
    if (event.type === 'StasisEnd') this.#callerGone(event.channel.id)
  }

  #arrived(channel: AriChannel, args: readonly string[]): void {
    const platform = platforms.find((p) => p === args[1])
    if (args[0] !== 'inbound' || !platform) {
      this.#logger.warn({ channel: channel.id, args }, 'channel in our application that is not ours')
      return
    }
    this.#callers.add(channel.id)
    this.#listener.arrived({
      platform,
      dialled: channel.dialplan?.exten ?? platform,
      caller: {
        channelId: channel.id,
        number: channel.caller.number,
        ...(channel.caller.name ? { name: channel.caller.name } : {}),
        ...(channel.protocol_id ? { sipCallId: channel.protocol_id } : {}),
      },
    })
  }

  #callerGone(channelId: string): void {
    if (this.#callers.delete(channelId)) this.#listener.callerLeft(channelId)
  }

  async #createBridge(callId: string, room: Room): Promise<void> {
    // dtmf_events keeps a two-party bridge from becoming native_rtp, where keys are lost.
    try {
      await this.#link.request('bridges', 'create', { bridgeId: bridgeOf(callId, room), type: 'mixing,dtmf_events', name: callId })
    } catch (error) {
      // Made before the connection was lost: it is there. Asterisk says so with a 500.
      if (!(error instanceof AriError) || !error.message.includes('duplicate bridge id')) throw error
    }
  }

  async #destroyBridge(callId: string, room: Room): Promise<void> {
    await this.#unlessGone(this.#link.request('bridges', 'destroy', { bridgeId: bridgeOf(callId, room) }))
  }

  /** Ends what a leg heard apart. */
  async #stopHearing(leg: string): Promise<void> {
    const heard = this.#where.get(leg)
    if (heard === 'ringback') await this.#unlessGone(this.#link.request('channels', 'ringStop', { channelId: leg }))
    if (heard === 'music') await this.#unlessGone(this.#link.request('channels', 'stopMoh', { channelId: leg }))
  }

  /** What was to be ended is gone already: nothing is left to do. */
  async #unlessGone(request: Promise<unknown>): Promise<void> {
    try {
      await request
    } catch (error) {
      if (!(error instanceof AriError) || (error.status !== 404 && error.status !== 409)) throw error
    }
  }

  #sendBeat(): void {
    if (!this.#link.up) return
    const value = String(Math.floor(Date.now() / 1000))
    this.#link.request('asterisk', 'setGlobalVar', { variable: heartbeat.variable, value }).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'heartbeat could not be sent')
    })
  }
}
