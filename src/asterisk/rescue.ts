/** What somebody outside does for callers whom a service that stands still has left alone. Pure. */
import { argsOf, bridgeOf } from './names.ts'
import type { AriBridge, AriChannel } from './ari-events.ts'

export type Rescue =
  /** Into the dialplan, whose fallback rings the desk. */
  | { readonly type: 'move-on'; readonly channel: string; readonly platform: string }
  /** Rings for nobody any more. */
  | { readonly type: 'hang-up'; readonly channel: string }
  /** Whoever has answered talks with the caller. */
  | { readonly type: 'join'; readonly channel: string; readonly bridge: string }

/**
 * A citizen who is alone talks with whoever has answered for his call, in whatever role; where nobody has, the dialplan's
 * fallback rings the desk. Whoever is in company is left where he is. What rings for nobody ends.
 */
export function rescues(channels: readonly AriChannel[], bridges: readonly Pick<AriBridge, 'id' | 'channels'>[], application: string): readonly Rescue[] {
  const ours = (channel: AriChannel) => channel.channelvars?.['TANDEM_APPLICATION'] === application
  const inHands = (channel: AriChannel) => argsOf(channel, application) !== undefined
  const isAlone = ({ id }: AriChannel) => bridges.every(({ channels: members }) => !members.includes(id) || members.length < 2)
  const citizens = channels.flatMap((channel) => {
    const platform = platformOf(channel, application)
    return platform === undefined ? [] : [{ channel, platform, callId: callOf(channel) }]
  })
  const present = new Set(citizens.map(({ callId }) => callId))
  const vain = channels.filter((leg) => ours(leg) && leg.state !== 'Up' && !present.has(callOf(leg))).map(hangUp)
  const helped = citizens
    .filter(({ channel }) => isAlone(channel))
    .flatMap(({ channel, platform, callId }): readonly Rescue[] => {
      const legs = channels.filter((leg) => ours(leg) && leg.id !== channel.id && callId !== undefined && callOf(leg) === callId)
      // One that has answered and waits in the dialplan cannot be joined to anybody: its phone is rung again with the desk.
      const up = legs.filter((leg) => leg.state === 'Up' && inHands(leg))
      const others = legs.filter((leg) => !up.includes(leg)).map(hangUp)
      if (up.length === 0 || callId === undefined) return [...others, { type: 'move-on', channel: channel.id, platform }]
      return [...others, ...[channel, ...up].map(({ id }): Rescue => ({ type: 'join', channel: id, bridge: bridgeOf(callId) }))]
    })
  return [...vain, ...helped]
}

const hangUp = ({ id }: AriChannel): Rescue => ({ type: 'hang-up', channel: id })

const callOf = ({ channelvars }: AriChannel): string | undefined => channelvars?.['TANDEM_CALL_ID'] || undefined

/** Of a citizen in our application: who called, or was adopted, has it from the dialplan, who was called as his leg's variable. */
function platformOf(channel: AriChannel, application: string): string | undefined {
  const args = argsOf(channel, application)
  if (args?.[0] === 'inbound') return args[1]
  if (args?.[0] === 'adopted') return args[1] === 'caller' ? args[3] : undefined
  return args && channel.channelvars?.['TANDEM_ROLE'] === 'caller' ? channel.channelvars['TANDEM_PLATFORM'] : undefined
}
