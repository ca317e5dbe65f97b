/** Which talk of the call centre's own, in `Queue()` or `Dial()`, an agent has. Pure. */
import type { AriBridge, AriChannel } from './ari-events.ts'
import { adoptedContext } from './names.ts'

/** Two channels that talk with each other without Tandem. */
export interface OwnTalk {
  readonly caller: AriChannel
  readonly agent: AriChannel
}

/** What the caller's channel runs: the agent's has been called by it. */
const callersRun = new Set(['Queue', 'Dial'])
const localHalf = /^(Local\/.+;)([12])$/

/**
 * Through pairs of Local channels (`Local/1001@from-queue/n`, as FreePBX makes them): whoever is bridged with one half talks
 * with whoever is bridged with the other.
 * @param agent the endpoint's name
 * @returns all of them: one who has two, one of them on hold, must say which is meant
 */
export function ownTalksOf(agent: string, channels: readonly AriChannel[], bridges: readonly AriBridge[], application: string): readonly OwnTalk[] {
  const byId = new Map(channels.map((channel) => [channel.id, channel]))
  const byName = new Map(channels.map((channel) => [channel.name, channel]))
  const mateOf = ({ id }: AriChannel): AriChannel | undefined => {
    const bridge = bridges.find((found) => found.name !== application && found.channels.includes(id))
    const mates = bridge?.channels.filter((member) => member !== id) ?? []
    return mates.length === 1 ? byId.get(mates[0] ?? '') : undefined
  }
  const farEndOf = (channel: AriChannel, hops = channels.length): AriChannel | undefined => {
    const mate = mateOf(channel)
    const [, pair, half] = localHalf.exec(mate?.name ?? '') ?? []
    if (pair === undefined) return mate
    const other = byName.get(`${pair}${half === '1' ? 2 : 1}`)
    return other && hops > 0 ? farEndOf(other, hops - 1) : undefined
  }
  return channels.flatMap((channel) => {
    if (!isOf(channel, agent)) return []
    const caller = farEndOf(channel)
    const called = callersRun.has(caller?.dialplan?.app_name ?? '') || caller?.dialplan?.context === adoptedContext
    return caller && called ? [{ caller, agent: channel }] : []
  })
}

/** Whether the agent has answered: the two may not be in a bridge yet. */
export const hasAnswered = (agent: string, channels: readonly AriChannel[]): boolean => channels.some((channel) => isOf(channel, agent) && channel.state === 'Up')

/** `PJSIP/<endpoint>-<number>`; an endpoint's name may have a dash of its own. */
const isOf = ({ name }: AriChannel, endpoint: string): boolean => name.startsWith(`PJSIP/${endpoint}-`) && /^[0-9a-f]{8}$/.test(name.slice(`PJSIP/${endpoint}-`.length))
