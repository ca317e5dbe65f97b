/** Chance as an event source: what may happen next in the modelled world, the odd and the repeated included. */
import type { AnyEvent, Event } from '../../src/domain/call/events.ts'
import { eventTypes } from '../../src/domain/call/events.ts'
import { handoverOf, legsOf, type State } from '../../src/domain/call/state.ts'
import type { CallModel, ModelLeg } from './call-model.ts'
import * as on from './call-world.ts'

export interface Happening {
  readonly kind: Kind
  /** Chooses among what the kind offers. */
  readonly pick: number
  /** Since the happening before, ms. */
  readonly ms: number
}

/** How often each kind is tried, relative to the others. */
export const kinds = {
  'goes on': 60,
  'rings early': 3,
  answers: 12,
  refuses: 6,
  'hangs up': 3,
  breaks: 2,
  'join fails': 2,
  'timer fires': 3,
  'stale timer fires': 4,
  'caller leaves': 1,
  'bridge fails': 2,
  presses: 24,
  cancels: 4,
  'changes its way': 8,
  confirms: 3,
  decides: 2,
  invites: 4,
  holds: 4,
  mutes: 2,
  whispers: 3,
  drops: 2,
  repeats: 8,
  strays: 8,
  restarts: 4,
  'seats change': 6,
  'desk is free': 4,
  'caller presses': 4,
  'recording runs': 3,
  'recording fails': 1,
  'pauses recording': 3,
} as const
export type Kind = keyof typeof kinds

const any = <T>(from: readonly T[], pick: number): T | undefined => from[pick % Math.max(1, from.length)]
const refusals = [[486, 17], [600, 17], [603, 21], [480, 19], [408, 18], [404, 1], [503, 34], [487, 16]] as const

/** What comes next for a leg when all goes its usual way. */
function usual({ id, stage, hungUp, joins: [room] }: ModelLeg): Event {
  if (hungUp) return on.hangsUp(id)
  if (stage === 'made') return on.dialled(id)
  if (stage === 'dialled') return on.rings(id)
  if (stage === 'ringing') return on.answers(id)
  return room ? on.joins(id, room) : on.hangsUp(id)
}

/** Any event about any leg that ever was, or never was. */
function stray(model: CallModel, pick: number): Event {
  const leg = any([...model.legs.keys(), 'stranger'], pick >> 3) ?? 'stranger'
  const type = any(eventTypes.filter((name) => name.startsWith('leg-')), pick) ?? 'leg-ended'
  return { type, leg, lost: pick % 2 === 0, room: pick % 3 === 0 ? 'consultation' : 'call' } as Event
}

const about = (found: ModelLeg | undefined, event: (id: string) => Event) => found && event(found.id)

/** @returns undefined when the world offers nothing of the kind */
export function eventOf({ kind, pick }: Happening, model: CallModel, state: State, past: readonly AnyEvent[]): AnyEvent | undefined {
  const leg = (wanted: (leg: ModelLeg) => boolean): ModelLeg | undefined => any(model.live.filter(wanted), pick)
  const name = `k${past.length}`
  const under = () => any([handoverOf(state)?.id, handoverOf(state)?.id, state.call.last?.id], pick >> 2) ?? 'h0'
  const party = () => any(['caller', ...legsOf(state).map(({ id }) => id), 'nobody'], pick >> 3) ?? 'nobody'
  switch (kind) {
    case 'goes on': {
      const found = leg(({ stage, joins, hungUp }) => stage !== 'up' || joins.length > 0 || hungUp)
      return found && usual(found)
    }
    case 'rings early':
      return about(leg(({ stage }) => stage === 'made'), on.rings)
    case 'answers':
      return about(leg(({ stage }) => stage !== 'up'), on.answers)
    case 'refuses': {
      const [sipCode, cause] = any(refusals, pick) ?? refusals[0]
      return about(leg(({ stage }) => stage !== 'up'), (id) => on.refuses(id, sipCode, cause))
    }
    case 'hangs up':
      return about(leg(({ stage }) => stage === 'up'), on.hangsUp)
    case 'breaks':
      return about(leg(() => true), on.breaks)
    case 'join fails':
      return about(leg(({ joins }) => joins.length > 0), (id) => on.joinFails(id, pick % 2 === 0))
    case 'timer fires':
      return model.timers.has(state.call.timer) ? on.fires(state.call.timer) : undefined
    case 'stale timer fires':
      return on.fires(state.call.timer - 1 - (pick % 3))
    case 'caller leaves':
      // Also as the echo of our own hang-up.
      return model.caller === 'left' || model.caller === 'away' ? undefined : on.callerLeaves
    case 'bridge fails':
      return model.bridge === 'opening' ? on.bridgeFails : undefined
    case 'presses': {
      const agent = any([undefined, undefined, handoverOf(state)?.agent, '8001', '9001'], pick)
      const mode = pick % 2 === 0 ? 'transfer' : 'conference'
      return on.press(name, `h${past.length}`, {
        to: pick % 3 === 0 ? '12345' : '110',
        mode,
        consult: pick % 5 < 2,
        verified: mode === 'transfer' && pick % 7 < 3,
        danger: pick % 11 < 2,
        briefing: pick % 13 < 3,
        ...(agent === undefined ? {} : { agent }),
      })
    }
    case 'cancels':
      return on.cancel(any([handoverOf(state)?.id, state.call.last?.id, 'unknown'], pick) ?? 'h0', `k${past.length}`)
    case 'changes its way':
      return on.change({ mode: pick % 2 === 0 ? 'transfer' : 'conference', consult: pick % 3 === 0 }, under(), name)
    case 'confirms':
      return on.confirm(under(), name)
    case 'decides':
      return on.decide(any(['taken', 'kept', 'undecided'] as const, pick), under(), name)
    case 'invites':
      return on.invite(any(['119', '120', '8002'], pick), name)
    case 'holds':
      return on.hold(party(), pick % 3 > 0, name)
    case 'mutes':
      return on.mute(party(), pick % 3 > 0, name)
    case 'whispers':
      return on.whisper(party(), pick % 4 === 0 ? null : (any(legsOf(state).map(({ id }) => id), pick) ?? 'nobody'), name)
    case 'drops':
      return on.drop(party(), 'named', name)
    case 'repeats': {
      const before = any(past, pick)
      return before && ('command' in before || before.type === 'caller-left' ? undefined : before)
    }
    case 'strays':
      return stray(model, pick)
    case 'caller presses':
      return on.digit(any(['1', '2', '3', '7', '*'], pick) ?? '1')
    case 'recording runs':
    case 'recording fails': {
      const recording = any([...model.recordings.keys(), 'nothing'], pick) ?? 'nothing'
      return kind === 'recording runs' ? on.recordingStarts(recording) : on.recordingFails(recording)
    }
    case 'pauses recording':
      return on.pauseRecording(pick % 2 === 0, name)
    case 'desk is free':
      return on.deskFree
    case 'restarts':
    case 'seats change':
      return undefined
  }
}
