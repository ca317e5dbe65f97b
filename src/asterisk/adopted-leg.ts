/** What an adopted talk's legs carry into our application, and what is read from it. Pure. */
import type { Adoption, Arrival } from '../domain/call/events.ts'
import { type Platform, platforms } from '../domain/handover/handover.ts'
import type { AriChannel } from './ari-events.ts'
import { callerOf } from './callers.ts'
import { adoptedContext } from './names.ts'
import type { OwnTalk } from './own-talk.ts'

const roles = ['caller', 'agent'] as const

/** A leg that has entered by `tandem-adopted`. */
export interface AdoptedLeg {
  readonly role: (typeof roles)[number]
  readonly channel: AriChannel
  readonly callId: string
  readonly platform: Platform
  /** The agent's endpoint. */
  readonly agent: string
  /** The other leg's channel. */
  readonly mate: string
  readonly dialled: string
}

/** What goes into arguments of `Stasis()` as it is. */
const plain = (text: string | undefined, otherwise: string): string => (text !== undefined && /^[\w+*#.-]{1,60}$/.test(text) ? text : otherwise)

/**
 * The variables that both legs get before the Redirect, by channel name. What `Stasis()` passes on is in `TANDEM_ADOPTION` and
 * `TANDEM_DIALLED`; `TANDEM_MATE` and `TANDEM_PLATFORM` are for the dialplan, should we be away.
 */
export function variablesOf({ caller, agent }: OwnTalk, of: { readonly callId: string; readonly platform: Platform; readonly agent: string }): readonly Variables[] {
  const each = (leg: AriChannel, mate: AriChannel, more: Variables['values'] = {}): Variables => ({
    channel: leg.name,
    values: { TANDEM_CALL_ID: of.callId, TANDEM_MATE: mate.name, TANDEM_ADOPTION: [of.callId, of.platform, of.agent, mate.id].join(','), ...more },
  })
  // One that the dialplan has put together again has it already.
  const dialled = caller.dialplan?.context === adoptedContext ? {} : { TANDEM_DIALLED: plain(caller.dialplan?.exten, of.platform) }
  return [each(caller, agent, { TANDEM_PLATFORM: of.platform, ...dialled }), each(agent, caller)]
}

export interface Variables {
  readonly channel: string
  readonly values: Readonly<Record<string, string>>
}

/** @param args of `Stasis()`: `adopted`, the role, `TANDEM_ADOPTION`, `TANDEM_DIALLED`, and the number as FreePBX and Issabel keep it */
export function adoptedLegOf(channel: AriChannel, args: readonly string[]): AdoptedLeg | undefined {
  const [kind, role, callId = '', desk, agent = '', mate = '', dialled = '', fromDid] = args
  const [knownRole, platform] = [roles.find((known) => known === role), platforms.find((known) => known === desk)]
  if (kind !== 'adopted' || !knownRole || !platform || callId === '') return undefined
  return { role: knownRole, channel, callId, platform, agent, mate, dialled: plain(fromDid, dialled || platform) }
}

/** @param desk the agent's channel, where it is still there */
export function adoptionOf({ callId, platform, agent, dialled, mate, channel }: AdoptedLeg, desk?: AriChannel): Adoption {
  return {
    id: callId,
    platform,
    dialled,
    caller: callerOf(channel),
    arrivedAt: new Date(channel.creationtime ?? Date.now()).toISOString(),
    desk: { id: mate, endpoint: agent, ...(desk?.protocol_id ? { sipCallId: desk.protocol_id } : {}) },
  }
}

/** A caller whose desk's leg is gone: he is to be answered anew. */
export const arrivalOfAdopted = ({ platform, dialled, channel }: AdoptedLeg): Omit<Arrival, 'id'> => ({ platform, dialled, caller: callerOf(channel) })

/** Both legs of a talk. */
export interface AdoptedPair {
  readonly caller: AdoptedLeg
  readonly agent: AdoptedLeg
}

/** The other leg of this one among those that have come. */
export function pairOf(leg: AdoptedLeg, others: readonly AdoptedLeg[]): AdoptedPair | undefined {
  const mate = others.find(({ channel, callId, role }) => channel.id === leg.mate && callId === leg.callId && role !== leg.role)
  return mate && (leg.role === 'caller' ? { caller: leg, agent: mate } : { caller: mate, agent: leg })
}
