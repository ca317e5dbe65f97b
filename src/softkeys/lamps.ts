/** What lamps of phones show: Asterisk's device states, which phones are told as dialogs (RFC 4235). Pure. */
import type { Availability } from '../calls/desks.ts'
import type { Config } from '../config/schema.ts'
import { type Handover, type Platform, platforms, settledStates } from '../domain/handover/handover.ts'
import { keyOf } from '../domain/keys.ts'
import { lampOfDesk, lampOfKey, litKeys } from './extensions.ts'

/** Off, blinking, lit, and the blinking of a held call: RFC 4235 knows `terminated`, `early`, `confirmed`, and `sip.rendering=no`. */
export const deviceStates = { off: 'NOT_INUSE', rings: 'RINGING', lit: 'INUSE', failed: 'ONHOLD' } as const
export type DeviceState = (typeof deviceStates)[keyof typeof deviceStates]

export interface LampFacts {
  /** The last hand-over that an agent pressed for, and when it became as it is: UTC ms. */
  readonly last: (agent: string) => { readonly handover: Handover; readonly atMs: number } | undefined
  readonly desk: (platform: Platform) => Availability
}

const ofDesk: Readonly<Record<Availability, DeviceState>> = { free: deviceStates.off, busy: deviceStates.lit, unreachable: deviceStates.failed }

/** @param nowMs UTC ms */
export function lampsOf({ agents, keys: { failedMs } }: Pick<Config, 'agents' | 'keys'>, facts: LampFacts, nowMs: number): ReadonlyMap<string, DeviceState> {
  const desks = platforms.map((platform) => [lampOfDesk(platform), ofDesk[facts.desk(platform)]] as const)
  const lit = agents.flatMap(({ id }) => {
    const last = facts.last(id)
    return litKeys.map((key) => [lampOfKey(key, id), last && keyOf(last.handover) === key ? stateOf(last.handover, nowMs - last.atMs < failedMs) : deviceStates.off] as const)
  })
  return new Map([...desks, ...lit])
}

function stateOf({ state }: Handover, recent: boolean): DeviceState {
  if (state === 'failed') return recent ? deviceStates.failed : deviceStates.off
  if (settledStates.includes(state)) return deviceStates.off
  return state === 'answered' || state === 'joined' ? deviceStates.lit : deviceStates.rings
}
