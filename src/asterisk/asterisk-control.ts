import type { Logger } from 'pino'
import { type CallControl, type ControlListener, type LegOrder, type Missed, type TakenOver } from '../calls/call-control.ts'
import type { Observed, ObservedRoom } from '../calls/comparison.ts'
import type { Config } from '../config/schema.ts'
import type { Apart, Background } from '../domain/call/actions.ts'
import type { Adoption } from '../domain/call/events.ts'
import type { Room } from '../domain/call/state.ts'
import type { Probe, Sound } from '../domain/test-call.ts'
import { type Platform, platforms } from '../domain/handover/handover.ts'
import { unlessGone } from './ari-error.ts'
import type { AriChannel, AriEvent } from './ari-events.ts'
import { AriLink } from './ari-link.ts'
import { byEdge, dialablesOf, guestEndpointsOf, numberOn } from '../config/endpoints.ts'
import { AdoptedLegs } from './adopted-legs.ts'
import { Bridges } from './bridges.ts'
import { BridgeRecordings } from './bridge-recordings.ts'
import { Briefings } from './briefings.ts'
import { DeskPhones } from './desk-phones.ts'
import { Probes } from './probes.ts'
import { Heart } from './heartbeat.ts'
import { Callers } from './callers.ts'
import { Legs, type LegWay } from './legs.ts'
import { bridgeOf, movedVariable } from './names.ts'
import { Observer, snapshotVariable } from './observer.ts'
import { Seating } from './seating.ts'
import { announcementClass, ringbackClass } from './music-classes.ts'
import { Whispers } from './whispers.ts'

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
  readonly #seating: Seating
  /** Calls whose music is an announcement's. */
  readonly #announced = new Set<string>()
  readonly #briefings: Briefings
  readonly recordings: BridgeRecordings
  readonly phones: DeskPhones
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
    const waysOf = (order: LegOrder): readonly LegWay[] => {
      const dial = order.number === undefined ? dialString(order) : numberOn(order.endpoint, order.number)
      const edge = byEdge(config, dial)
      return [...(edge === undefined ? [] : [{ dial: edge, carries: true }]), { dial, carries: false }]
    }
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
    this.#heart = new Heart(this.#link, logger, () => listener.restored(true))
    this.#bridges = new Bridges(this.#link, config.asterisk.application)
    this.#callers = new Callers(this.#link, logger)
    this.#observer = new Observer(this.#link, config.asterisk.application)
    this.#briefings = new Briefings(this.#link, config.calls.language, logger)
    this.recordings = new BridgeRecordings(this.#link, bridgeOf, listener.recordings)
    const refers = new Set(config.agents.filter(({ referKeys }) => referKeys).map(({ id }) => id))
    this.phones = new DeskPhones(this.#link, this.#bridges, logger, listener, refers)
    this.#probes = new Probes(this.#link)
    this.#whispers = new Whispers(this.#link, config.asterisk.application)
    this.#seating = new Seating(this.#link, this.#bridges, this.#whispers)
    this.#legs = new Legs(this.#link, config.asterisk.application, config.calls.ringMs, waysOf, {
      legDialled: (leg, sipCallId) => listener.legDialled(leg, sipCallId),
      legRinging: (leg) => listener.legRinging(leg),
      legAnswered: (leg) => listener.legAnswered(leg),
      legHeld: (leg, held) => listener.legHeld(leg, held),
      legEnded: (leg, end) => {
        this.#seating.legEnded(leg)
        this.#briefings.legEnded(leg)
        this.#probes.legEnded(leg)
        listener.legEnded(leg, end)
      },
    }, refers)
    const adopted = (adoption: Adoption) => {
      this.#callers.takeOver(adoption.caller.channelId, true)
      this.#legs.takeOver(adoption.desk.id, true)
      this.phones.letRefer(adoption.desk.id, adoption.desk.endpoint)
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
    const opened = this.#bridges.open(callId)
    if (caller !== undefined) this.#callers.note(callId, caller)
    await opened
  }

  adoptTalk(agent: string, callId: string): Promise<void> {
    return this.#adoptedLegs.adopt(agent, callId)
  }

  async closeBridge(callId: string): Promise<void> {
    if (this.#announced.delete(callId)) await this.#stopMoh(bridgeOf(callId))
    await this.#bridges.close(callId)
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

  joinLeg(callId: string, leg: string, room: Room): Promise<void> {
    return this.#seating.join(callId, leg, room)
  }

  separateLeg(callId: string, leg: string, hears: Apart): Promise<void> {
    return this.#seating.separate(callId, leg, hears)
  }

  whisper(callId: string, leg: string, to: string): Promise<void> {
    return this.#seating.whisper(callId, leg, to)
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
    // All is sent at once: Asterisk does one after the other.
    const stop = (from === 'music' || from === 'ringback' || this.#announced.delete(callId)) && this.#stopMoh(bridgeId)
    await Promise.all([stop, this.#startSound(bridgeId, channelId, to)])
  }

  async #startSound(bridgeId: string, channelId: string, sound: Background): Promise<void> {
    if (sound === 'music') await this.#link.request('bridges', 'startMoh', { bridgeId })
    if (sound === 'ringback') await this.#link.request('bridges', 'startMoh', { bridgeId, mohClass: ringbackClass })
    if (sound === 'ringing') await this.#link.request('channels', 'ring', { channelId })
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
      isOurs: (id) => this.#callers.has(id) || this.#legs.isEnding(id) || this.#whispers.has(id) || this.phones.has(id),
      hasEntered: (id) => this.#legs.hasEntered(id),
    })
  }

  takeOver({ caller, legs, rooms }: TakenOver): void {
    if (caller !== undefined) this.#callers.takeOver(caller)
    for (const { id, answered } of legs) {
      this.#legs.takeOver(id, answered)
      if (answered) this.#seating.takeOver(id, rooms.find(({ members }) => members.includes(id))?.room ?? 'unknown')
    }
    for (const { callId, room } of rooms) this.#bridges.takeOver(callId, room)
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
    if (this.phones.take(event) || this.#adoptedLegs.take(event) || this.#legs.take(event)) return
    if ((event.type === 'StasisStart' || event.type === 'StasisEnd') && this.#whispers.entered(event.channel.id)) return
    if (event.type === 'ChannelDtmfReceived') this.#listener.digitPressed(event.channel.id, event.digit)
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
