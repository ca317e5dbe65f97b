import type { Logger } from 'pino'
import { type CallControl, type ControlListener, LegGone, type LegOrder, type Missed, type TakenOver } from '../calls/call-control.ts'
import type { Observed, ObservedRoom } from '../calls/comparison.ts'
import type { Config } from '../config/schema.ts'
import type { Apart, Background, Place } from '../domain/call/actions.ts'
import type { Adoption } from '../domain/call/events.ts'
import type { Room } from '../domain/call/state.ts'
import type { Probe, Sound } from '../domain/test-call.ts'
import { type Platform, platforms } from '../domain/handover/handover.ts'
import { AriError, unlessGone } from './ari-error.ts'
import type { AriChannel, AriEvent } from './ari-events.ts'
import { AriLink } from './ari-link.ts'
import { dialablesOf, guestEndpointsOf, numberOn } from '../config/endpoints.ts'
import { AdoptedLegs } from './adopted-legs.ts'
import { Bridges } from './bridges.ts'
import { BridgeRecordings } from './bridge-recordings.ts'
import { Briefings } from './briefings.ts'
import { Probes } from './probes.ts'
import { Heart } from './heartbeat.ts'
import { Callers } from './callers.ts'
import { Legs } from './legs.ts'
import { LegPlaces } from './leg-places.ts'
import { bridgeOf, movedVariable } from './names.ts'
import { Observer, snapshotVariable } from './observer.ts'
import { announcementClass, ringbackClass } from './music-classes.ts'
import { Whispers } from './whispers.ts'

/** `addChannel` of a channel that is gone: not found, or on its way out of the application. */
const legGone = new Set([400, 422])
/** `removeChannel` of one that is not in that bridge: its join may have been lost with the connection. */
const notThere = [400, 404, 409, 422]
const isRoom = (place: Place | 'unknown' | undefined): place is Room => place === 'call' || place === 'consultation'

/** The call control on Asterisk 22 through ARI. */
export class AsteriskControl implements CallControl {
  readonly #link: AriLink
  readonly #legs: Legs
  readonly #whispers: Whispers
  readonly #listener: ControlListener
  readonly #logger: Logger
  readonly #bridges: Bridges
  readonly #callers: Callers
  readonly #observer: Observer
  readonly #places: LegPlaces
  /** Calls that have a consultation's bridge, or may have: `false` as long as Asterisk has not said so. */
  readonly #consultations = new Map<string, boolean>()
  /** Calls whose music is an announcement's. */
  readonly #announced = new Set<string>()
  readonly #briefings: Briefings
  readonly recordings: BridgeRecordings
  readonly #probes: Probes
  readonly #adoptedLegs: AdoptedLegs
  readonly #heart: Heart

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
        this.#heart.beat()
        listener.restored()
      },
      onDown: () => undefined,
    })
    this.#places = new LegPlaces(this.#link)
    this.#heart = new Heart(this.#link, logger, () => listener.restored(true))
    this.#bridges = new Bridges(this.#link, config.asterisk.application)
    this.#callers = new Callers(this.#link, logger)
    this.#observer = new Observer(this.#link, config.asterisk.application)
    this.#briefings = new Briefings(this.#link, config.calls.language, logger)
    this.recordings = new BridgeRecordings(this.#link, bridgeOf, listener.recordings)
    this.#probes = new Probes(this.#link)
    this.#whispers = new Whispers(this.#link, config.asterisk.application)
    this.#legs = new Legs(this.#link, config.asterisk.application, config.calls.ringMs, (order) => (order.number === undefined ? dialString(order) : numberOn(order.endpoint, order.number)), {
      legDialled: (leg, sipCallId) => listener.legDialled(leg, sipCallId),
      legRinging: (leg) => listener.legRinging(leg),
      legAnswered: (leg) => listener.legAnswered(leg),
      legHeld: (leg, held) => listener.legHeld(leg, held),
      legEnded: (leg, end) => {
        this.#places.forget(leg)
        void this.#whispers.end(leg)
        this.#briefings.legEnded(leg)
        this.#probes.legEnded(leg)
        listener.legEnded(leg, end)
      },
    })
    const adopted = (adoption: Adoption) => {
      this.#callers.takeOver(adoption.caller.channelId, true)
      this.#legs.takeOver(adoption.desk.id, true)
      listener.adopted(adoption)
    }
    this.#adoptedLegs = new AdoptedLegs(config, { ari: this.#link, bridges: this.#bridges }, logger, {
      adopted,
      adoptedAlone: (adoption, end) => {
        adopted(adoption)
        this.#legs.ended(adoption.desk.id, end)
      },
    })
  }

  get up(): boolean {
    return this.#link.up
  }

  async start(): Promise<void> {
    this.#adoptedLegs.start()
    await this.#link.start()
    this.#heart.start()
  }

  close(): void {
    this.#heart.stop()
    this.#adoptedLegs.close()
    this.#link.close()
  }

  dialLeg(order: LegOrder): void {
    this.#legs.dial(order)
  }

  hangUpLeg(leg: string, reason: 'normal' | 'no-answer' | 'answered-elsewhere'): void {
    this.#legs.hangUp(leg, reason)
  }

  async openBridge(callId: string, caller?: string): Promise<void> {
    const opened = this.#bridges.open(callId, 'call')
    if (caller !== undefined) this.#callers.note(callId, caller)
    await opened
  }

  adoptTalk(agent: string, callId: string): Promise<void> {
    return this.#adoptedLegs.adopt(agent, callId)
  }

  async closeBridge(callId: string): Promise<void> {
    if (this.#announced.delete(callId)) await this.#stopMoh(bridgeOf(callId))
    if (this.#consultations.delete(callId)) await this.#bridges.destroy(callId, 'consultation')
    await this.#bridges.destroy(callId, 'call')
  }

  answerCaller(callId: string, channelId: string): Promise<void> {
    return this.#callers.answer(callId, channelId)
  }

  hangUpCaller(channelId: string): Promise<void> {
    return this.#callers.hangUp(channelId)
  }

  giveBackCaller(channelId: string, platform: Platform): Promise<void> {
    return this.#callers.giveBack(channelId, platform)
  }

  async joinLeg(callId: string, leg: string, room: Room): Promise<void> {
    if (room === 'consultation' && !this.#consultations.get(callId)) {
      this.#consultations.set(callId, false)
      await this.#bridges.open(callId, room)
      this.#consultations.set(callId, true)
    }
    await this.#whispers.end(leg)
    const stop = this.#places.endApart(leg)
    const join = this.#link.request('bridges', 'addChannel', { bridgeId: bridgeOf(callId, room), channel: leg, absorbDTMF: true })
    // Both at once: the one that fails later must not be left unheard, which would end the process.
    try {
      await Promise.all([join, stop])
      this.#places.set(leg, room)
    } catch (error) {
      if (error instanceof AriError && legGone.has(error.status ?? 0)) throw new LegGone(error.message, { cause: error })
      throw error
    }
  }

  async separateLeg(callId: string, leg: string, hears: Apart): Promise<void> {
    const from = this.#places.of(leg)
    await this.#whispers.end(leg)
    if (!isRoom(from)) await this.#places.endApart(leg)
    this.#places.set(leg, hears)
    // Asterisk does one after the other: the first answer need not be waited for.
    const out = isRoom(from) && unlessGone(this.#link.request('bridges', 'removeChannel', { bridgeId: bridgeOf(callId, from), channel: leg }), notThere)
    const sound = hears === 'silence' ? undefined : this.#link.request('channels', hears === 'ringback' ? 'ring' : 'startMoh', { channelId: leg })
    await Promise.all([out, sound])
  }

  async whisper(callId: string, leg: string, to: string): Promise<void> {
    await this.separateLeg(callId, leg, 'silence')
    await this.#whispers.begin(leg, to)
  }

  async noteHandover(channelId: string, handoverId: string): Promise<void> {
    await unlessGone(this.#link.request('channels', 'setChannelVar', { channelId, variable: 'TANDEM_HANDOVER_ID', value: handoverId }))
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

  probe(leg: string, withinMs: number, enough: (sounds: readonly Sound[]) => boolean): Promise<Probe> {
    return this.#probes.run(leg, withinMs, enough)
  }

  async announce(callId: string, prompt: string): Promise<void> {
    const bridgeId = bridgeOf(callId)
    await this.#stopMoh(bridgeId)
    this.#announced.add(callId)
    await this.#link.request('bridges', 'startMoh', { bridgeId, mohClass: announcementClass(prompt) })
  }

  async #stopMoh(bridgeId: string): Promise<void> {
    await unlessGone(this.#link.request('bridges', 'stopMoh', { bridgeId }))
  }

  keep(callId: string, snapshot: string): void {
    const request = this.#link.request('bridges', 'setBridgeVar', { bridgeId: bridgeOf(callId), variable: snapshotVariable, value: snapshot })
    unlessGone(request).catch((error: unknown) => {
      // It is kept again with the next step, and when control is back.
      this.#logger.warn({ err: error, call: callId }, 'a snapshot could not be kept')
    })
  }

  observe(knows: (callId: string) => boolean): Promise<Observed> {
    return this.#observer.observe(knows, {
      isOurs: (id) => this.#callers.has(id) || this.#legs.isEnding(id) || this.#whispers.has(id),
      hasEntered: (id) => this.#legs.hasEntered(id),
    })
  }

  takeOver({ caller, legs, rooms }: TakenOver): void {
    if (caller !== undefined) this.#callers.takeOver(caller)
    for (const { id, answered } of legs) {
      this.#legs.takeOver(id, answered)
      if (answered) this.#places.set(id, rooms.find(({ members }) => members.includes(id))?.room ?? 'unknown')
    }
    for (const { callId, room } of rooms) if (room === 'consultation') this.#consultations.set(callId, true)
  }

  tell(missed: Missed, channelId: string): void {
    if (missed === 'caller-left' || missed === 'caller-moved-on') this.#callerGone(channelId, missed === 'caller-moved-on')
    if (missed === 'leg-ended') this.#legs.ended(channelId, { causeText: 'ended while control was away' })
    if (missed === 'leg-answered') this.#legs.answered(channelId)
  }

  sayAgain(live: { has(channelId: string): boolean }): void {
    this.#callers.partAgain(live)
    this.#legs.endAgain()
  }

  async clear(channels: readonly string[], rooms: readonly ObservedRoom[]): Promise<void> {
    await Promise.all([
      ...channels.map((channelId) => unlessGone(this.#link.request('channels', 'hangup', { channelId }))),
      ...rooms.map(({ callId, room }) => this.#bridges.destroy(callId, room)),
    ])
  }

  #event(event: AriEvent): void {
    if (event.type === 'ChannelDestroyed' || event.type === 'StasisEnd') this.#observer.heardGone(event.channel.id)
    if (this.#adoptedLegs.take(event) || this.#legs.take(event)) return
    if ((event.type === 'StasisStart' || event.type === 'StasisEnd') && this.#whispers.entered(event.channel.id)) return
    if (event.type === 'ChannelDtmfReceived') this.#listener.callerPressed(event.channel.id, event.digit)
    if ('recording' in event) this.recordings.take(event)
    if (event.type === 'ChannelTalkingStarted' || event.type === 'ChannelTalkingFinished') this.#probes.heard(event)
    if (event.type === 'PlaybackFinished') this.#briefings.finished(event.playback)
    if (event.type === 'StasisStart') this.#arrived(event.channel, event.args)
    if (event.type === 'StasisEnd') this.#callerGone(event.channel.id, Boolean(event.channel.channelvars?.[movedVariable]))
  }

  #arrived(channel: AriChannel, args: readonly string[]): void {
    const arrival = this.#callers.arrived(channel, args)
    if (arrival) this.#listener.arrived(arrival)
  }

  #callerGone(channelId: string, movedOn = false): void {
    if (this.#callers.left(channelId)) this.#listener.callerLeft(channelId, movedOn)
  }
}
