import type { Observed } from '../../src/calls/comparison.ts'
import type { Probe } from '../../src/domain/test-call.ts'
import { AdoptionRefused, type CallControl, type ControlListener, type LegOrder, type Missed } from '../../src/calls/call-control.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A PBX without a PBX: does what it is asked at once, and lets a test say what the parties do. */
export class FakeControl implements CallControl {
  up = true
  readonly recordings = { start: async () => {}, stop: async () => {}, pause: async () => {}, isLive: async () => false }
  /** What phones and lamps were told, in order. */
  readonly told: string[] = []
  readonly phones = {
    tellProgress: (leg: string, progress: string) => void this.told.push(`progress ${leg} ${progress}`),
    ringLine: (line: string) => void this.told.push(`ring ${line}`),
    joinLine: (callId: string, line: string) => void this.told.push(`join ${line} ${callId}`),
    endLine: (line: string, cause?: number) => void this.told.push(`end ${line} ${cause ?? 'answered'}`),
    setLamp: async (lamp: string, state: string) => void this.told.push(`lamp ${lamp} ${state}`),
  }
  /** Every leg dialled, in order. */
  readonly dialled: LegOrder[] = []
  /** Every leg that was to be ended, in order. */
  readonly hungUp: string[] = []
  /** What joining a leg waits for. */
  joining: Promise<void> = Promise.resolve()
  /** Channels of no call that were removed. */
  readonly cleared: string[] = []
  readonly kept = new Map<string, string>()
  readonly observed: Mutable<Observed> = { channels: new Map(), rooms: [], legs: [], arrivals: [], adoptions: [], restarted: false }
  readonly #here = new Set<string>()
  /** Legs that have not answered. */
  readonly #rung = new Set<string>()
  readonly #listener: ControlListener
  #callers = 0

  constructor(listener: ControlListener) {
    this.#listener = listener
  }

  /** A citizen calls `desk`, whose free seats ring. @returns the caller's channel */
  arrive(desk: '12345' | '110' = '12345', number = '13800001234'): string {
    const channelId = `caller-${++this.#callers}`
    this.#here.add(channelId)
    const caller = { channelId, number, name: '王先生', sipCallId: `${channelId}@carrier` }
    this.#listener.arrived({ platform: desk, dialled: desk, caller })
    return channelId
  }

  /** A citizen calls and `agent`, of 12345 unless told, answers. @returns the call's id and the caller's channel */
  talk(agent: string, desk: '12345' | '110' = '12345', number?: string): { call: string; caller: string } {
    const caller = this.arrive(desk, number)
    return { call: this.answer(agent).callId, caller }
  }

  /** A desk's phone sends these keys. */
  press(leg: string, digits: string): void {
    for (const digit of digits) this.#listener.digitPressed(leg, digit)
  }

  /** Its Transfer key. */
  refer(leg: string, to: { readonly extension: string } | { readonly channel: string }): void {
    this.#listener.referred(leg, to)
  }

  /** It dials by itself. */
  line(line: string, endpoint: string, extension: string): void {
    this.#listener.lineDialled(line, endpoint, extension)
  }

  /** The leg ends, as Asterisk tells it. */
  hangsUp(leg: string): void {
    this.#gone(leg)
    this.#listener.legEnded(leg, { cause: 16, causeText: 'Normal Clearing', lost: false })
  }

  #gone(id: string): void {
    this.#here.delete(id)
    this.#rung.delete(id)
  }

  /** The leg last dialled to `endpoint`. */
  legTo(endpoint: string): LegOrder {
    const order = this.dialled.findLast((dialled) => dialled.endpoint === endpoint)
    if (!order) throw new Error(`${endpoint} was not dialled`)
    return order
  }

  ring(endpoint: string): LegOrder {
    const order = this.legTo(endpoint)
    this.#listener.legDialled(order.leg, `${order.leg}@tandem`)
    this.#listener.legRinging(order.leg)
    return order
  }

  answer(endpoint: string): LegOrder {
    const order = this.ring(endpoint)
    this.#rung.delete(order.leg)
    this.#listener.legAnswered(order.leg)
    return order
  }

  busy(endpoint: string): void {
    this.#gone(this.legTo(endpoint).leg)
    this.#listener.legEnded(this.legTo(endpoint).leg, { cause: 17, causeText: 'User busy', sipCode: 486, lost: false })
  }

  callerLeaves(channelId: string): void {
    this.#gone(channelId)
    this.#listener.callerLeft(channelId)
  }

  dialLeg(order: LegOrder): void {
    this.dialled.push(order)
    this.#here.add(order.leg)
    this.#rung.add(order.leg)
  }

  hangUpLeg(leg: string): void {
    this.hungUp.push(leg)
    this.#gone(leg)
    queueMicrotask(() => this.#listener.legEnded(leg, { cause: 16, lost: false }))
  }

  /** Talks that the PBX has without us, by agent: what becomes of taking one over. */
  readonly ownTalks = new Map<string, 'taken' | AdoptionRefused['code']>()
  adoptions = 0
  async adoptTalk(agent: string, callId: string): Promise<void> {
    this.adoptions += 1
    // As asynchronous as the PBX.
    await new Promise(setImmediate)
    const becomes = this.ownTalks.get(agent) ?? 'agent-not-in-call'
    if (becomes !== 'taken') throw new AdoptionRefused(becomes, becomes)
    const caller = { channelId: `caller-${++this.#callers}`, number: '13800001234' }
    for (const id of [caller.channelId, `own-${agent}`]) this.#here.add(id)
    this.#listener.adopted({ id: callId, platform: '12345', dialled: '600', caller, arrivedAt: '2026-01-05T08:00:00.000Z', desk: { id: `own-${agent}`, endpoint: agent } })
  }

  async openBridge(): Promise<void> {}
  async closeBridge(): Promise<void> {}
  async answerCaller(): Promise<void> {}
  async hangUpCaller(): Promise<void> {}
  async giveBackCaller(): Promise<void> {}
  joinLeg(): Promise<void> {
    return this.joining
  }
  async separateLeg(): Promise<void> {}
  async mute(): Promise<void> {}
  async whisper(): Promise<void> {}
  async noteHandover(): Promise<void> {}
  async setBackground(): Promise<void> {}
  async announce(): Promise<void> {}
  async brief(): Promise<void> {}
  async probe(): Promise<Probe> {
    return { sounds: [], packets: { sent: 0, received: 0 } }
  }
  keep(callId: string, snapshot: string): void {
    this.kept.set(callId, snapshot)
  }
  /** Whoever is here, and whoever the test says beside them. */
  observe(): Promise<Observed> {
    const here = [...this.#here].map((id) => [id, { inHands: !this.#rung.has(id) }] as const)
    return Promise.resolve({ ...this.observed, channels: new Map([...here, ...this.observed.channels]) })
  }
  takeOver(): void {}
  tell(missed: Missed, channelId: string): void {
    if (missed === 'leg-ended') this.#listener.legEnded(channelId, { lost: true })
    else if (missed === 'leg-answered') this.#listener.legAnswered(channelId)
    else this.#listener.callerLeft(channelId, missed === 'caller-moved-on')
  }
  sayAgain(): void {}
  async clear(channels: readonly string[]): Promise<void> {
    this.cleared.push(...channels)
  }
}
