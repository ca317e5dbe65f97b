/** What our channels and bridges are called in Asterisk: an id tells whose it is. */
import type { Room } from '../domain/call/state.ts'
import type { AriChannel } from './ari-events.ts'

/** A call's bridge, and the one in which its desks talk without the caller. */
export const bridgeOf = (callId: string, room: Room = 'call'): string => (room === 'call' ? `bridge-${callId}` : `consult-${callId}`)

/** Where both legs of an adopted talk enter our application; should we be away, they are put together again. */
export const adoptedContext = 'tandem-adopted'

/** Of a caller whom the watchdog has given to the dialplan’s fallback. */
export const movedVariable = 'TANDEM_MOVED_ON'

/** Of a call that came by the edge. */
export const carriedVariable = 'TANDEM_CARRIED'

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const roomName = new RegExp(`^(bridge|consult)-(call-${uuid})$`)
const legName = new RegExp(`^(call-${uuid}-([0-9]+|caller)|test-${uuid})$`)

/** Of which call a bridge is, and which. */
export function roomOf(bridgeId: string): { readonly callId: string; readonly room: Room } | undefined {
  const [, kind, callId] = roomName.exec(bridgeId) ?? []
  return callId === undefined ? undefined : { callId, room: kind === 'bridge' ? 'call' : 'consultation' }
}

export const isLeg = (channelId: string): boolean => legName.test(channelId)

/** The playback of a leg’s briefing. */
export const briefingOf = (leg: string): string => `brief-${leg}`

/** A whisper’s channel or bridge. */
export const isWhisper = (id: string): boolean => /^(snoop|bridge)-.+-whisper-/.test(id)

/** Of `Stasis(application,…)`. @returns undefined for a channel that is not in our application */
export function argsOf({ dialplan }: AriChannel, application: string): readonly string[] | undefined {
  if (dialplan?.app_name !== 'Stasis') return undefined
  const [name, ...args] = dialplan.app_data.split(',')
  return name === application ? args : undefined
}
