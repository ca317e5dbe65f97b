import type { Observed, ObservedRoom } from '../calls/comparison.ts'
import type { AriBridge, AriChannel } from './ari-events.ts'
import { unlessGone } from './ari-error.ts'
import { type AdoptedLeg, adoptedLegOf, adoptionOf, arrivalOfAdopted, pairOf } from './adopted-leg.ts'
import { arrivalOf } from './callers.ts'
import type { AriLink } from './ari-link.ts'
import { argsOf, bridgeOf, isLeg, isWhisper, roomOf } from './names.ts'

/** Of a call's bridge: what its takeover needs. */
export const snapshotVariable = 'TANDEM_SNAPSHOT'

/** A desk phone has dialled by itself. */
const isLine = (args: readonly string[] | undefined): boolean => args?.[0] === 'desk'

export interface Ours {
  /** A channel or bridge that is in our hands, or on its way out of them. */
  readonly isOurs: (id: string) => boolean
  /** A leg that has entered the application meanwhile. */
  readonly hasEntered: (id: string) => boolean
}

/** Sees what Asterisk has of our application's, whoever made it. */
export class Observer {
  readonly #link: AriLink
  readonly #application: string
  #startedAt: string | undefined
  /** What has gone while Asterisk's answers were on their way. */
  #gone: Set<string> | undefined

  constructor(link: AriLink, application: string) {
    this.#link = link
    this.#application = application
  }

  heardGone(id: string): void {
    this.#gone?.add(id)
  }

  /** @throws AriError */
  async observe(knows: (callId: string) => boolean, ours: Ours): Promise<Observed> {
    const gone = (this.#gone = new Set<string>())
    try {
      return without(gone, await this.#observe(knows, ours))
    } finally {
      this.#gone = undefined
    }
  }

  async #observe(knows: (callId: string) => boolean, { isOurs, hasEntered }: Ours): Promise<Observed> {
    const [info, list, bridges] = await Promise.all([
      this.#link.request('asterisk', 'getInfo', { only: 'status' }) as Promise<{ status: { startup_time: string } }>,
      this.#link.request('channels', 'list') as Promise<readonly AriChannel[]>,
      this.#link.request('bridges', 'list') as Promise<readonly AriBridge[]>,
    ])
    const own = bridges.filter(({ name }) => name === this.#application)
    const rooms = await Promise.all(own.flatMap((bridge) => this.#roomOf(bridge, knows)))
    await this.#endWhispers(list, bridges, isOurs)
    const startedAt = info.status.startup_time
    const restarted = this.#startedAt !== undefined && this.#startedAt !== startedAt
    this.#startedAt = startedAt
    const adopted = list.flatMap((channel) => (isOurs(channel.id) ? [] : (adoptedLegOf(channel, argsOf(channel, this.#application) ?? []) ?? [])))
    const alone = adopted.filter(({ mate }) => !list.some(({ id }) => id === mate))
    const ofRole = (role: AdoptedLeg['role']) => alone.filter((leg) => leg.role === role)
    return {
      channels: new Map(list.map((channel) => [channel.id, { inHands: argsOf(channel, this.#application) !== undefined || hasEntered(channel.id) }])),
      rooms,
      legs: [...list.filter((channel) => isLeg(channel.id) && this.#isOwn(channel) && !isOurs(channel.id)), ...ofRole('agent').map(({ channel }) => channel), ...list.filter((channel) => isLine(argsOf(channel, this.#application)) && !isOurs(channel.id))].map(({ id }) => id),
      arrivals: [...list.flatMap((channel) => (isOurs(channel.id) ? [] : (arrivalOf(channel, argsOf(channel, this.#application) ?? []) ?? []))), ...ofRole('caller').map(arrivalOfAdopted)],
      adoptions: adopted.flatMap((leg) => {
        const pair = leg.role === 'caller' ? pairOf(leg, adopted) : undefined
        return pair ? [adoptionOf(pair.caller, pair.agent.channel)] : []
      }),
      restarted,
    }
  }

  #roomOf({ id, channels: members }: AriBridge, knows: (callId: string) => boolean): readonly Promise<ObservedRoom>[] {
    const named = roomOf(id)
    if (!named) return []
    if (named.room === 'consultation' || knows(named.callId)) return [Promise.resolve({ ...named, members })]
    return [this.#snapshotOf(named.callId).then((snapshot) => ({ ...named, members, ...(snapshot === undefined ? {} : { snapshot }) }))]
  }

  async #snapshotOf(callId: string): Promise<string | undefined> {
    const found: { value?: string } = {}
    const ask = async () => Object.assign(found, await this.#link.request('bridges', 'getBridgeVar', { bridgeId: bridgeOf(callId), variable: snapshotVariable }))
    // Without one, or gone meanwhile.
    await unlessGone(ask())
    return found.value || undefined
  }

  /** A snoop outlives the process that knew what for; whoever whispers begins anew. */
  async #endWhispers(list: readonly AriChannel[], bridges: readonly AriBridge[], isOurs: Ours['isOurs']): Promise<void> {
    const lost = ({ id }: { readonly id: string }) => isWhisper(id) && !isOurs(id)
    const snoops = list.filter((channel) => lost(channel) && argsOf(channel, this.#application) !== undefined)
    await Promise.all([
      ...snoops.map(({ id }) => unlessGone(this.#link.request('channels', 'hangup', { channelId: id }))),
      ...bridges.filter((bridge) => bridge.name === this.#application && lost(bridge)).map(({ id }) => unlessGone(this.#link.request('bridges', 'destroy', { bridgeId: id }))),
    ])
  }

  #isOwn({ channelvars }: AriChannel): boolean {
    return channelvars?.['TANDEM_APPLICATION'] === this.#application
  }
}

const without = (gone: ReadonlySet<string>, { channels, rooms, legs, arrivals, adoptions, restarted }: Observed): Observed => ({
  channels: new Map([...channels].filter(([id]) => !gone.has(id))),
  rooms: rooms.map((room) => ({ ...room, members: room.members.filter((id) => !gone.has(id)) })),
  legs: legs.filter((id) => !gone.has(id)),
  arrivals: arrivals.filter(({ caller }) => !gone.has(caller.channelId)),
  adoptions: adoptions.filter(({ caller, desk }) => !gone.has(caller.channelId) && !gone.has(desk.id)),
  restarted,
})
