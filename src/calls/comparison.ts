/** What the calls know, beside what the PBX has. Pure. */
import type { Missed } from './call-control.ts'
import type { Adoption, Arrival } from '../domain/call/events.ts'
import type { Seen } from '../domain/call/resumption.ts'
import { answeredLegsOf, type Call, legsOf, type Room, type State } from '../domain/call/state.ts'

/** A bridge of a call. */
export interface ObservedRoom {
  readonly callId: string
  readonly room: Room
  readonly members: readonly string[]
  /** What is kept with it; not read for calls that are known. */
  readonly snapshot?: string
}

/** The PBX at one moment. */
export interface Observed {
  /** Every channel's id; `inHands`: in our application. */
  readonly channels: ReadonlyMap<string, { readonly inHands: boolean }>
  readonly rooms: readonly ObservedRoom[]
  /** Legs that we made and have not asked to end. */
  readonly legs: readonly string[]
  /** Citizens' legs that we were given by the dialplan and do not know. */
  readonly arrivals: readonly Omit<Arrival, 'id'>[]
  /** Talks of the call centre's own, both legs in our application; of calls that are known, too. */
  readonly adoptions: readonly Adoption[]
  /** The PBX is another process than it was at the last look. */
  readonly restarted: boolean
}

/** Something that is otherwise than known; `id` of a channel, or `<room> <call>`. */
export type Finding =
  | { readonly kind: Missed; readonly id: string; readonly callId: string }
  /** A citizen whom no call has: nobody saw him come. */
  | { readonly kind: 'arrival'; readonly id: string; readonly arrival: Omit<Arrival, 'id'> }
  /** A talk that was being adopted: nobody saw the legs come. */
  | { readonly kind: 'adoption'; readonly id: string; readonly adoption: Adoption }
  /** A leg that no call knows; the empty bridge of a call that is no more. */
  | { readonly kind: 'stray-leg' | 'empty-room'; readonly id: string }

/** The channel of a citizen who called us, as long as he is here; one whom we called has a leg of ours. */
export const callerOf = ({ phase, call }: State): string | undefined =>
  call.direction === 'outbound' || phase === 'aftertalk' || phase === 'ended' ? undefined : call.caller.channelId

/** All legs that we made for the call, the citizen's first: nobody is rung for one who has left. */
export const allLegsOf = (state: State): readonly string[] => {
  const { call, phase } = state
  const callee = call.direction === 'outbound' && !['calling', 'aftertalk', 'ended'].includes(phase) ? [call.caller.channelId] : []
  return [...callee, ...legsOf(state).map(({ id }) => id)]
}

/**
 * Hang-ups first, of callers before legs; then answers; then who came unseen; then what belongs to nobody.
 * @param before what was known before the PBX was asked: what came meanwhile is not missing
 * @param after what is known now: what came meanwhile is no stray
 */
export function compare(before: readonly State[], after: readonly State[], { channels, rooms, legs, arrivals, adoptions }: Observed): readonly Finding[] {
  const each = (find: (state: State) => readonly string[], kind: Missed): readonly Finding[] =>
    before.flatMap((state) => find(state).map((id) => ({ kind, id, callId: state.call.id })))
  const gone = (id: string | undefined): readonly string[] => (id === undefined || channels.has(id) ? [] : [id])
  const elsewhere = (id: string | undefined): readonly string[] => (id !== undefined && channels.get(id)?.inHands === false ? [id] : [])
  const known = new Set(after.flatMap(allLegsOf))
  const callers = new Set(after.map(({ call }) => call.caller.channelId))
  const live = new Set(after.map(({ call }) => call.id))
  // Of calls that could not be taken over: who talks, talks on.
  const talks = rooms.filter(({ callId, members }) => members.length > 1 && !live.has(callId))
  const isNew = ({ id, caller, desk }: Adoption): boolean => !live.has(id) && !callers.has(caller.channelId) && !known.has(desk.id) && !inTalk(caller.channelId)
  const inTalk = (id: string): boolean => talks.some(({ callId, members }) => members.includes(id) || id.startsWith(`${callId}-`))
  return [
    ...each((state) => gone(callerOf(state)), 'caller-left'),
    ...each((state) => elsewhere(callerOf(state)), 'caller-moved-on'),
    ...each((state) => allLegsOf(state).flatMap(gone), 'leg-ended'),
    ...each(answeredUnheard(channels), 'leg-answered'),
    ...arrivals.flatMap((arrival) => (callers.has(arrival.caller.channelId) || inTalk(arrival.caller.channelId) ? [] : [{ kind: 'arrival', id: arrival.caller.channelId, arrival } as const])),
    ...adoptions.flatMap((adoption) => (isNew(adoption) ? [{ kind: 'adoption', id: adoption.caller.channelId, adoption } as const] : [])),
    ...legs.flatMap((id) => (known.has(id) || inTalk(id) ? [] : [{ kind: 'stray-leg', id } as const])),
    ...rooms.flatMap(({ callId, room, members }) => (members.length > 0 || live.has(callId) ? [] : [{ kind: 'empty-room', id: `${room} ${callId}` } as const])),
  ]
}

const answeredUnheard =
  (channels: Observed['channels']) =>
  (state: State): readonly string[] => {
    const answered = new Set(answeredLegsOf(state).map(({ id }) => id))
    return legsOf(state).flatMap(({ id }) => (channels.get(id)?.inHands && !answered.has(id) ? [id] : []))
  }

/** Where the PBX has one call's parties. */
export function seenOf({ id, caller }: Call, { rooms }: Observed): Seen {
  const own = rooms.filter(({ callId }) => callId === id)
  const main = own.find(({ room }) => room === 'call')
  return {
    bridge: main !== undefined,
    caller: main?.members.includes(caller.channelId) ?? false,
    rooms: new Map(own.flatMap(({ room, members }) => members.map((member) => [member, room] as const))),
  }
}
