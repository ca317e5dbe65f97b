import type { CallSummary, ChannelRef } from '../facts.ts'
import type { Leg, State } from './state.ts'

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
    caller: { number: call.caller.number, ...(call.caller.name ? { name: call.caller.name } : {}) },
    dialled: call.dialled,
    arrivedAt: call.arrivedAt,
    ...(call.answeredAt ? { answeredAt: call.answeredAt } : {}),
    ...(state.phase === 'ended' ? { endedAt: state.endedAt, endedBy: state.endedBy } : {}),
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

function partiesOf(state: State): { desk?: Leg; peer?: Leg } {
  switch (state.phase) {
    case 'talking':
      return { desk: state.desk }
    case 'transferring': {
      const [target] = state.targets
      return { ...(state.desk ? { desk: state.desk } : {}), ...(target ? { peer: target } : {}) }
    }
    case 'joining':
      return { ...(state.desk ? { desk: state.desk } : {}), peer: state.peer }
    case 'releasing':
      return { desk: state.desk, peer: state.peer }
    case 'ringing':
    case 'waiting':
    case 'ended':
      return {}
  }
}

/** The platform that has the caller, or rings for him. */
export function deskOf(state: State) {
  switch (state.phase) {
    case 'ringing':
    case 'waiting':
    case 'ended':
      return state.desk
    case 'talking':
      return state.desk.platform
    case 'transferring':
      return state.handover.from
    case 'joining':
    case 'releasing':
      return state.peer.platform
  }
}

const channelOf = (leg: Leg): ChannelRef => ({
  channelId: leg.id,
  endpoint: leg.endpoint,
  ...(leg.sipCallId ? { sipCallId: leg.sipCallId } : {}),
})
