/** A small model of the telephone network: what exists, rings and is heard once the machine's actions have been obeyed. */
import type { Action, Background, Place } from '../../src/domain/call/actions.ts'
import type { AnyEvent } from '../../src/domain/call/events.ts'
import type { Seen } from '../../src/domain/call/resumption.ts'
import type { Room } from '../../src/domain/call/state.ts'

export interface ModelLeg {
  readonly id: string
  readonly endpoint: string
  readonly role: string
  stage: 'made' | 'dialled' | 'ringing' | 'up' | 'gone'
  /** We have asked for its end. */
  hungUp: boolean
  /** Where it is, or on its way to. */
  place: Place | 'nowhere'
  muted: boolean
  /** Joins whose result has not been told yet, the oldest first. */
  joins: Room[]
}

export class CallModel {
  readonly legs = new Map<string, ModelLeg>()
  caller: 'away' | 'calling' | 'up' | 'left' | 'hung-up' | 'given-back' = 'calling'
  bridge: 'none' | 'opening' | 'open' | 'closed' = 'none'
  sound: Background = 'nothing'
  callerMuted = false
  /** By id. */
  readonly recordings = new Map<string, { readonly room: Room; running: boolean; paused: boolean }>()
  /** Tokens of timers that have been set and have not fired. */
  readonly timers = new Set<number>()
  /** What no PBX could have obeyed. */
  readonly impossible: string[] = []

  /** `adopted`: by 8001, whose leg is up. */
  constructor(how: 'arrived' | 'outbound' | 'adopted' = 'arrived') {
    if (how === 'outbound') this.caller = 'away'
    if (how === 'adopted') this.legs.set('own-leg', { id: 'own-leg', endpoint: '8001', role: 'agent', stage: 'up', hungUp: false, place: 'nowhere', muted: false, joins: [] })
  }

  get callerHere(): boolean {
    return this.caller === 'calling' || this.caller === 'up'
  }

  /** Legs that may still tell something, the ones on their way out included. */
  get live(): readonly ModelLeg[] {
    return [...this.legs.values()].filter(({ stage }) => stage !== 'gone')
  }

  get inBridge(): readonly ModelLeg[] {
    return this.live.filter((leg) => leg.place === 'call' && !leg.hungUp)
  }

  /** Whoever was in charge is gone, with what he was to be told; what he had asked for is done. */
  forgetJoins(): void {
    for (const leg of this.legs.values()) leg.joins = []
    if (this.bridge === 'opening') this.bridge = 'open'
  }

  /** What can be seen of it from outside. */
  get seen(): Seen {
    const rooms = this.live.flatMap(({ id, place, stage, hungUp }) => (stage === 'up' && !hungUp && (place === 'call' || place === 'consultation') ? [[id, place] as const] : []))
    return { bridge: this.bridge === 'open', caller: this.caller === 'up', rooms: new Map(rooms) }
  }

  /** What cannot be seen is as good as not there for whoever takes over. */
  forgetUnseen(): void {
    for (const leg of this.live) {
      if (leg.place !== 'call' && leg.place !== 'consultation') leg.place = 'nowhere'
      leg.muted = false
    }
    this.callerMuted = false
  }

  obey(actions: readonly Action[]): void {
    for (const action of actions) this.#obey(action)
  }

  /** What the event says has happened. */
  happen(event: AnyEvent): void {
    if (event.type === 'caller-left' && this.callerHere) this.caller = 'left'
    if (event.type === 'control-lost') this.bridge = 'none'
    // A citizen who was called is the caller from the answer on.
    const callee = event.type === 'leg-answered' && this.caller === 'away' ? this.legs.get(event.leg) : undefined
    if (callee?.role === 'caller' && callee.stage !== 'gone' && !callee.hungUp) {
      this.legs.delete(callee.id)
      this.caller = 'calling'
    }
    if (event.type === 'recording-failed') this.#recording(event.recording, (recording) => (recording.running = false))
    if (event.type === 'timer-fired') this.timers.delete(event.token)
    const leg = 'leg' in event ? this.legs.get(event.leg) : undefined
    if (!leg || leg.stage === 'gone') return
    if (event.type === 'leg-dialled' && leg.stage === 'made') leg.stage = 'dialled'
    if (event.type === 'leg-ringing' && leg.stage !== 'up') leg.stage = 'ringing'
    if (event.type === 'leg-answered') leg.stage = 'up'
    if ((event.type === 'leg-joined' || event.type === 'leg-join-failed') && leg.joins.length > 0) {
      const room = leg.joins.shift()
      if (event.type === 'leg-joined') this.bridge = 'open'
      else if (leg.joins.length === 0 && leg.place === room) leg.place = 'nowhere'
    }
    if (event.type === 'leg-ended') Object.assign(leg, { stage: 'gone', place: 'nowhere' })
  }

  #obey(action: Action): void {
    switch (action.type) {
      case 'dial-leg':
        if (this.legs.has(action.leg)) this.impossible.push(`${action.leg} is made twice`)
        this.legs.set(action.leg, { id: action.leg, endpoint: action.endpoint, role: action.role, stage: 'made', hungUp: false, place: 'nowhere', muted: false, joins: [] })
        return
      case 'hang-up-leg':
        this.#with(action.leg, (leg) => (leg.hungUp = true))
        return
      case 'join-leg': {
        const leg = this.legs.get(action.leg)
        if (leg?.stage !== 'up' || leg.hungUp) this.impossible.push(`${action.leg} is joined though it is not up`)
        if (this.caller === 'calling' || this.bridge === 'closed') this.impossible.push(`${action.leg} is joined while the caller is ${this.caller}`)
        this.#with(action.leg, (joined) => Object.assign(joined, { place: action.room, joins: [...joined.joins, action.room] }))
        return
      }
      case 'separate-leg':
        if (this.legs.get(action.leg)?.stage !== 'up') this.impossible.push(`${action.leg} is separated though it is not up`)
        if (this.legs.get(action.leg)?.place === action.hears) this.impossible.push(`${action.leg} hears ${action.hears} already`)
        this.#with(action.leg, (leg) => (leg.place = action.hears))
        return
      case 'whisper':
        if (this.legs.get(action.to)?.stage !== 'up') this.impossible.push(`${action.leg} whispers to ${action.to}, which is not up`)
        this.#with(action.leg, (leg) => (leg.place = `whisper ${action.to}`))
        return
      case 'note-handover':
        return
      case 'brief-leg':
        if (this.legs.get(action.leg)?.stage !== 'up' || this.legs.get(action.leg)?.place !== 'nowhere') this.impossible.push(`${action.leg} is briefed though it is not alone`)
        return
      case 'mute':
        if (action.party === 'caller') this.callerMuted = action.on
        else if (this.legs.get(action.party)?.stage !== 'up') this.impossible.push(`${action.party} is muted though it is not up`)
        this.#with(action.party, (leg) => (leg.muted = action.on))
        return
      case 'open-bridge':
        this.bridge = 'opening'
        return
      case 'close-bridge':
        this.bridge = 'closed'
        return
      case 'answer-caller':
        if (this.caller !== 'calling') this.impossible.push(`the caller is answered though he is ${this.caller}`)
        this.caller = 'up'
        return
      case 'hang-up-caller':
      case 'give-back-caller':
        if (!this.callerHere) this.impossible.push(`${action.type} though he is ${this.caller}`)
        this.caller = action.type === 'hang-up-caller' ? 'hung-up' : 'given-back'
        return
      case 'set-background':
        if (action.sound === 'ringing' && this.caller === 'up') this.impossible.push('180 to a caller who has been answered')
        if (['music', 'ringback'].includes(action.sound) && this.caller === 'calling') this.impossible.push(`${action.sound} before the answer`)
        this.sound = action.sound
        return
      case 'set-timer':
        this.timers.add(action.token)
        return
      case 'announce':
        if (this.caller !== 'up') this.impossible.push('an announcement to a caller who is not up')
        return
      case 'start-recording':
        // Whoever takes a call over asks for what may run already.
        if (!this.recordings.get(action.recording)?.running) this.recordings.set(action.recording, { room: action.room, running: true, paused: false })
        return
      case 'stop-recording':
        this.#recording(action.recording, (recording) => (recording.running = false))
        return
      case 'pause-recording':
        if (!this.recordings.get(action.recording)?.running) this.impossible.push(`${action.recording} is paused though it does not run`)
        this.#recording(action.recording, (recording) => (recording.paused = action.on))
        return
      case 'record':
      case 'reply':
    }
  }

  #recording(id: string, change: (recording: { running: boolean; paused: boolean }) => void): void {
    const recording = this.recordings.get(id)
    if (recording) change(recording)
  }

  #with(id: string, change: (leg: ModelLeg) => void): void {
    const leg = this.legs.get(id)
    if (leg && leg.stage !== 'gone') change(leg)
  }
}
