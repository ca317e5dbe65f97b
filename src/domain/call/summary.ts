import type { CallSummary, ChannelRef, Party } from '../facts.ts'
import { sceneOf } from './scene.ts'
import { told } from './recordings.ts'
import { isHeld, type Leg, ownLegsOf, type State } from './state.ts'

/** The call as told to the outside: API, tickets, journal. */
export function summarise(state: State): CallSummary {
  const { call } = state
  const { desk, peer } = partiesOf(state)
  return {
    id: call.id,
    state: state.phase,
    platform: call.platform,
    desk: deskOf(state),
    ...(desk ? { agent: desk.endpoint } : {}),
    caller: { number: call.caller.number, ...(call.caller.name ? { name: call.caller.name } : {}), ...(call.caller.nuisanceMarks ? { nuisanceMarks: call.caller.nuisanceMarks } : {}), ...(call.caller.kind ? { kind: call.caller.kind } : {}) },
    dialled: call.dialled,
    direction: call.direction,
    ...(call.adopted ? { adopted: true } : {}),
    ...(call.purpose ? { purpose: call.purpose } : {}),
    ...(call.ticket === undefined ? {} : { ticket: call.ticket }),
    ...(call.carried ? { carried: call.carried } : {}),
    arrivedAt: call.arrivedAt,
    ...(call.answeredAt ? { answeredAt: call.answeredAt } : {}),
    ...(state.phase === 'ended' ? { endedAt: state.endedAt, endedBy: state.endedBy, ...(state.failure ? { failure: state.failure } : {}) } : {}),
    ...(call.rating === undefined ? {} : { rating: call.rating }),
    parties: partiesIn(state),
    ...(call.recorded ? { recordings: call.recordings.map((recording) => told(call, recording)) } : {}),
    channels: {
      caller: {
        channelId: call.caller.channelId,
        ...(call.caller.sipCallId ? { sipCallId: call.caller.sipCallId } : {}),
      },
      ...(desk ? { agent: channelOf(desk) } : {}),
      ...(peer ? { peer: channelOf(peer) } : {}),
    },
  }
}

/** Everybody in the call, the caller first. */
function partiesIn(state: State): readonly Party[] {
  if (state.phase === 'ended') return []
  const { call } = state
  const { places, sound } = sceneOf(state)
  const { desk, peer } = partiesOf(state)
  const roleOf = ({ id }: Leg): Party['role'] => (state.phase === 'calling' && id !== state.desk.id ? 'caller' : id === desk?.id ? 'desk' : id === peer?.id || state.phase === 'inviting' ? 'peer' : 'desk')
  const stateOf = (leg: Leg): Party['state'] => {
    const place = places.get(leg.id)
    if (place === undefined) return state.phase === 'releasing' && leg.id === desk?.id ? 'apart' : 'ringing'
    if (isHeld(leg)) return 'held'
    if (place === 'call') return 'talking'
    return place === 'consultation' ? 'consulting' : place.startsWith('whisper') ? 'whispering' : 'apart'
  }
  const party = (leg: Leg, role: Party['role']): Party => ({
    id: leg.id,
    role,
    endpoint: leg.endpoint,
    state: stateOf(leg),
    ...(leg.muted ? { muted: true } : {}),
  })
  const callerState = call.callerHeld ? 'held' : sound === 'nothing' ? 'talking' : call.callerUp ? 'apart' : 'ringing'
  const caller: Party = { id: 'caller', role: 'caller', state: callerState, ...(call.callerMuted ? { muted: true } : {}) }
  return [
    ...(state.phase === 'aftertalk' || state.phase === 'calling' ? [] : [caller]),
    ...ownLegsOf(state).map((leg) => party(leg, roleOf(leg))),
    ...call.guests.map((guest) => party(guest, 'guest')),
  ]
}

function partiesOf(state: State): { desk?: Leg; peer?: Leg } {
  switch (state.phase) {
    case 'calling':
    case 'talking':
      return { desk: state.desk }
    case 'inviting': {
      const [target] = state.targets
      return { ...(state.desk ? { desk: state.desk } : {}), ...(target ? { peer: target } : {}) }
    }
    case 'joining':
    case 'conferring':
      return { ...(state.desk ? { desk: state.desk } : {}), peer: state.peer }
    case 'consulting':
    case 'releasing':
      return { desk: state.desk, peer: state.peer }
    case 'ringing':
    case 'waiting':
    case 'aftertalk':
    case 'asking':
    case 'ended':
      return {}
  }
}

/** The platform that has the caller, or rings for him. */
export function deskOf(state: State) {
  switch (state.phase) {
    case 'ringing':
    case 'waiting':
    case 'aftertalk':
    case 'asking':
    case 'ended':
      return state.desk
    case 'calling':
    case 'talking':
      return state.desk.platform
    case 'inviting':
    case 'consulting':
    case 'conferring':
      return state.handover.from
    case 'joining':
      return state.handover.mode === 'conference' ? state.handover.from : state.peer.platform
    case 'releasing':
      return state.peer.platform
  }
}

const channelOf = (leg: Leg): ChannelRef => ({
  channelId: leg.id,
  endpoint: leg.endpoint,
  ...(leg.sipCallId ? { sipCallId: leg.sipCallId } : {}),
})
