/** Calls for the tests of the pure machine: a context, a call in each phase, actions as short lines. */
import type { Action, Background, Reply } from '../../src/domain/call/actions.ts'
import type { Step } from '../../src/domain/call/draft.ts'
import type { Adoption, AnyEvent, Arrival, ChangeRequest, Context, DeskNow, Event, EventOf, OutboundOrder, PartyEvent, RecordingEvent } from '../../src/domain/call/events.ts'
import { begin, beginAdopted, beginOutbound, step } from '../../src/domain/call/machine.ts'
import type { Phase, Room, State } from '../../src/domain/call/state.ts'
import type { CallsFact } from '../../src/domain/facts.ts'
import type { Platform } from '../../src/domain/handover/handover.ts'

export const ringMs = 25_000
export const retryMs = 5_000
export const routeMs = 3_000
const startUtc = Date.UTC(2026, 0, 5, 8)

export const arrival: Arrival = {
  id: 'c',
  platform: '12345',
  dialled: '12345',
  caller: { channelId: 'caller-channel', number: '13800000000', sipCallId: 'sip-caller' },
}

/** 8001 calls a citizen by the trunk `carrier`: legs c-1 and c-caller. */
export const order: OutboundOrder = { id: 'c', platform: '12345', agent: '8001', number: '13900005678', trunk: 'carrier', purpose: 'follow-up', ticket: 'T-7' }

/** 8001 talks with a citizen without Tandem: leg own-leg. */
export const adoption: Adoption = { ...arrival, dialled: '600', arrivedAt: '2026-01-05T07:59:00.000Z', desk: { id: 'own-leg', endpoint: '8001', sipCallId: 'sip-own-leg' } }

/** One route, or several one after the other. */
function deskOf(seats: SeatsOf['110'] = [], more: Partial<DeskNow> = {}): DeskNow {
  const routes = seats.length === 0 ? [] : typeof seats[0] === 'string' ? [seats as readonly string[]] : (seats as readonly (readonly string[])[])
  const rung = routes.map((endpoints) => ({ endpoints }))
  return { routes: rung, reachable: rung, dangerRoutes: rung, staffed: rung.length > 0, ahead: 0, overflow: [], ...more }
}

/** Two seats a desk. `mono` in ms, the UTC clock runs with it. */
export type SeatsOf = Partial<Record<Platform, readonly string[] | readonly (readonly string[])[]>>

export function contextAt(mono: number, seats: SeatsOf = {}, more: Partial<DeskNow> = {}): Context {
  return {
    now: { mono, utc: startUtc + mono },
    desks: { '12345': deskOf(seats['12345'] ?? ['8001', '8002'], more), '110': deskOf(seats['110'] ?? ['9001', '9002'], more) },
    ringMs,
    routeMs,
    retryMs,
    releaseAt: 'answer',
    satisfactionMs: 0,
    recorded: false,
    notice: false,
  }
}

export const press = (command = 'press', handoverId = 'h1', more: Partial<EventOf<'handover-requested'>> = {}): Event => ({
  type: 'handover-requested',
  command,
  handoverId,
  mode: 'transfer',
  to: '110',
  ...more,
})
export const cancel = (handoverId = 'h1', command = 'cancel'): Event => ({ type: 'handover-cancel-requested', command, handoverId })
export const change = (to: Pick<ChangeRequest, 'mode' | 'consult'>, handoverId = 'h1', command = 'change'): Event => ({
  type: 'handover-change-requested',
  command,
  handoverId,
  ...to,
})
export const confirm = (handoverId = 'h1', command = 'confirm'): Event => ({ type: 'handover-confirm-requested', command, handoverId })
export const decide = (outcome: EventOf<'handover-outcome-decided'>['outcome'] = 'taken', handoverId = 'h1', command = 'decide'): Event => ({
  type: 'handover-outcome-decided',
  command,
  handoverId,
  outcome,
})
export const invite = (endpoint = '119', command = 'invite'): PartyEvent => ({ type: 'party-invite-requested', command, endpoint })
export const hold = (party: string, held = true, command = 'hold'): PartyEvent => ({ type: 'party-change-requested', command, party, held })
/** The phone's own hold key. */
export const holdKey = (party: string, heldByPhone = true): PartyEvent => ({ type: 'party-change-requested', command: 'phone', party, heldByPhone })
export const mute = (party: string, muted = true, command = 'mute'): PartyEvent => ({ type: 'party-change-requested', command, party, muted })
export const whisper = (party: string, whisperTo: string | null, command = 'whisper'): PartyEvent => ({
  type: 'party-change-requested',
  command,
  party,
  whisperTo,
})
export const drop = (party: string, by = '8001', command = 'drop'): PartyEvent => ({ type: 'party-drop-requested', command, party, by })
export const dialled = (leg: string): Event => ({ type: 'leg-dialled', leg, sipCallId: `sip-${leg}` })
export const rings = (leg: string): Event => ({ type: 'leg-ringing', leg })
export const answers = (leg: string): Event => ({ type: 'leg-answered', leg })
export const joins = (leg: string, room: Room = 'call'): Event => ({ type: 'leg-joined', leg, room })
export const joinFails = (leg: string, gone = false): Event => ({ type: 'leg-join-failed', leg, gone })
/** A person put the phone down, or our own hang-up took effect. */
export const hangsUp = (leg: string): Event => ({ type: 'leg-ended', leg, cause: 16, causeText: 'Normal Clearing', lost: false })
export const breaks = (leg: string): Event => ({ type: 'leg-ended', leg, causeText: 'RTP timeout', lost: true })
export const refuses = (leg: string, sipCode: number, cause: number): Event => ({ type: 'leg-ended', leg, sipCode, cause, lost: false })
export const callerLeaves: Event = { type: 'caller-left' }
export const bridgeFails: Event = { type: 'control-lost' }
export const digit = (pressed: string): Event => ({ type: 'digit-pressed', digit: pressed })
export const recordingStarts = (recording: string, at = '2026-01-05T08:00:01.020Z'): RecordingEvent => ({ type: 'recording-started', recording, at })
export const recordingFails = (recording: string, reason = 'disk full'): RecordingEvent => ({ type: 'recording-failed', recording, reason })
export const pauseRecording = (paused = true, command = 'pause'): RecordingEvent => ({ type: 'recording-change-requested', command, paused, by: '8001' })
export const deskFree: Event = { type: 'desk-free' }
export const fires = (token: number): Event => ({ type: 'timer-fired', token })

/** A call that is driven event by event, 10 ms apart unless said otherwise; keeps what it did. */
export class Story {
  state: State
  readonly facts: CallsFact[] = []
  readonly replies: Reply[] = []
  /** What the caller hears of ours. */
  sound: Background = 'nothing'
  /** What the last step did. */
  did: readonly string[] = []
  seats: SeatsOf
  /** Of both desks. */
  desks: Partial<DeskNow> = {}
  mono = 1_000
  releaseAt: Context['releaseAt'] = 'answer'
  satisfactionMs = 0
  readonly #recording: Pick<Context, 'recorded' | 'notice'>

  constructor(seats: SeatsOf = {}, from: Arrival | Adoption | OutboundOrder = arrival, recording: Partial<Pick<Context, 'recorded' | 'notice'>> = {}) {
    this.#recording = { recorded: false, notice: false, ...recording }
    this.seats = seats
    const context = { ...contextAt(this.mono, seats), ...this.#recording }
    const begun = 'agent' in from ? beginOutbound(from, context) : 'desk' in from ? beginAdopted(from, context) : begin(from, context)
    this.state = begun.state
    this.#keep(begun)
  }

  tell(...events: readonly AnyEvent[]): this {
    for (const event of events) this.after(10, event)
    return this
  }

  after(ms: number, event: AnyEvent): this {
    this.mono += ms
    this.#keep(step(this.state, event, { ...contextAt(this.mono, this.seats, this.desks), releaseAt: this.releaseAt, satisfactionMs: this.satisfactionMs, ...this.#recording }))
    return this
  }

  /** The running timer runs out. */
  timeOut(ms = ringMs): this {
    return this.after(ms, fires(this.state.call.timer))
  }

  get factTypes(): readonly string[] {
    return this.facts.map(({ type }) => type)
  }

  #keep({ state, actions }: Step): void {
    this.state = state
    this.did = lines(actions)
    for (const action of actions) {
      if (action.type === 'record') this.facts.push(...action.facts)
      if (action.type === 'set-background') this.sound = action.sound
      if (action.type === 'reply') this.replies.push(action.reply)
    }
  }
}

/** Legs: c-1 (8001) and c-2 (8002) of 12345, then c-3 (9001) and c-4 (9002) of 110. The press is `h1`. */
const told = {
  ringing: [],
  talking: [answers('c-1'), joins('c-1')],
  inviting: [press(), dialled('c-3'), rings('c-3')],
  joining: [answers('c-3')],
  releasing: [joins('c-3')],
  /** Consultation first, then the merge. */
  consulting: [press('press', 'h1', { mode: 'conference', consult: true }), dialled('c-3'), rings('c-3'), answers('c-3'), joins('c-3', 'consultation')],
  conferring: [change({ mode: 'conference', consult: false }), joins('c-3')],
} as const satisfies Partial<Record<Phase, readonly Event[]>>

/** A call in each phase, on its usual way. */
export const given: { readonly [P in Phase]: () => Story } = {
  /** The desk's phone has answered, the citizen's rings. */
  calling: () => new Story({}, order).tell(answers('c-1'), dialled('c-caller'), rings('c-caller')),
  ringing: () => new Story(),
  waiting: () => {
    const story = new Story({ '12345': [] })
    story.seats = {}
    return story
  },
  talking: () => given.ringing().tell(...told.talking),
  inviting: () => given.talking().tell(...told.inviting),
  joining: () => given.inviting().tell(...told.joining),
  releasing: () => given.joining().tell(...told.releasing),
  consulting: () => given.talking().tell(...told.consulting),
  conferring: () => given.consulting().tell(...told.conferring),
  aftertalk: () => given.conferring().tell(callerLeaves),
  asking: () => {
    const story = given.talking()
    story.satisfactionMs = 15_000
    return story.tell(hangsUp('c-1'))
  },
  ended: () => given.talking().tell(callerLeaves),
}

/** One short line an action, one a fact. */
export function lines(actions: readonly Action[]): readonly string[] {
  return actions.flatMap((action): readonly string[] => {
    switch (action.type) {
      case 'dial-leg':
        return [`dial ${action.leg} ${action.endpoint} as ${action.role}${action.handoverId === undefined ? '' : ` for ${action.handoverId}`}${action.number === undefined ? '' : ` to ${action.number}`}`]
      case 'hang-up-leg':
        return [`hang up ${action.leg}: ${action.reason}`]
      case 'join-leg':
        return [`${action.room === 'call' ? 'join' : 'consult'} ${action.leg}`]
      case 'separate-leg':
        return [`separate ${action.leg}: ${action.hears}`]
      case 'whisper':
        return [`${action.leg} whispers to ${action.to}`]
      case 'note-handover':
        return [`note ${action.handoverId}: ${action.parties.join(', ')}`]
      case 'mute':
        return [`${action.on ? 'mute' : 'unmute'} ${action.party}`]
      case 'hang-up-caller':
        return [`hang up the caller: ${action.endedBy}`]
      case 'set-background':
        return [`sound ${action.sound}`]
      case 'announce':
        return [`announce ${action.prompt}`]
      case 'brief-leg':
        return [`brief ${action.leg}: ${action.prompt}`]
      case 'start-recording':
      case 'stop-recording':
        return [`${action.type.replace('-', ' ')} ${action.recording}`]
      case 'pause-recording':
        return [`${action.on ? 'pause' : 'resume'} recording ${action.recording}`]
      case 'set-timer':
        return [`timer ${action.afterMs}`]
      case 'record':
        return action.facts.map(({ type }) => `fact ${type}`)
      case 'reply':
        return [`reply ${action.command}: ${said(action.reply)}`]
      case 'open-bridge':
      case 'close-bridge':
      case 'answer-caller':
      case 'give-back-caller':
        return [action.type.replaceAll('-', ' ')]
    }
  })
}

const said = (reply: Reply): string =>
  reply.kind === 'refused' ? reply.code : reply.kind === 'party' ? reply.party : reply.kind === 'call' ? 'done' : `${reply.handover.id} ${reply.handover.state}${reply.created ? ', created' : ''}`
