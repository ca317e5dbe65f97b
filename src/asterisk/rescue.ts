/** What somebody outside does for callers whom a service that stands still has left alone. Pure. */
import { bridgeOf } from './names.ts'
import type { AriChannel } from './ari-events.ts'

export interface AriBridge {
  readonly id: string
  readonly channels: readonly string[]
}

export type Rescue =
  /** Into the dialplan, whose fallback rings the desk. */
  | { readonly type: 'move-on'; readonly channel: string; readonly platform: string }
  /** Rings for nobody any more. */
  | { readonly type: 'hang-up'; readonly channel: string }
  /** Whoever has answered talks with the caller. */
  | { readonly type: 'join'; readonly channel: string; readonly bridge: string }

/**
 * A caller who is alone talks with whoever has answered for his call, in whatever role; where nobody has, the dialplan's
 * fallback rings the desk. Whoever is in company is left where he is.
 */
export function rescues(channels: readonly AriChannel[], bridges: readonly AriBridge[], application: string): readonly Rescue[] {
  const mates = (id: string) => bridges.filter((bridge) => bridge.channels.includes(id)).flatMap((bridge) => bridge.channels.filter((member) => member !== id))
  const callers = channels.flatMap((channel) => {
    const platform = platformOf(channel, application)
    const callId = callOf(channel)
    return platform === undefined ? [] : [{ channel, platform, callId }]
  })
  return callers
    .filter(({ channel }) => mates(channel.id).length === 0)
    .flatMap(({ channel, platform, callId }): readonly Rescue[] => {
      const legs = channels.filter((leg) => leg.channelvars?.['TANDEM_APPLICATION'] === application && callId !== undefined && callOf(leg) === callId)
      const hangUps = legs.filter(({ state }) => state !== 'Up').map((leg): Rescue => ({ type: 'hang-up', channel: leg.id }))
      const up = legs.filter(({ state }) => state === 'Up')
      if (up.length === 0 || callId === undefined) return [...hangUps, { type: 'move-on', channel: channel.id, platform }]
      return [...hangUps, ...[channel, ...up].map(({ id }): Rescue => ({ type: 'join', channel: id, bridge: bridgeOf(callId) }))]
    })
}

const callOf = ({ channelvars }: AriChannel): string | undefined => channelvars?.['TANDEM_CALL_ID'] || undefined

/** Of a citizen's leg in our application: `Stasis(application,inbound,platform)`. */
function platformOf({ dialplan }: AriChannel, application: string): string | undefined {
  if (dialplan?.app_name !== 'Stasis') return undefined
  const [name, kind, platform] = dialplan.app_data.split(',')
  return name === application && kind === 'inbound' ? platform : undefined
}
