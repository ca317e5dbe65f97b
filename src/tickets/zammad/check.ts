import type { Mapping } from '../mapping.ts'
import type { SettingFault } from '../ticket-system.ts'
import { DeliveryError } from '../verdict.ts'
import { isUnknown, type ZammadRest } from './rest.ts'

export interface CheckParts {
  readonly rest: ZammadRest
  readonly group: string
  readonly mapping: Mapping
}

type Json = Readonly<Record<string, unknown>>

/** What Tandem's user may not look at is not judged. @throws DeliveryError when it cannot be asked */
export async function faultsOf({ rest, group, mapping: { states, fields } }: CheckParts, signal: AbortSignal): Promise<readonly SettingFault[]> {
  const list = async (path: string): Promise<readonly Json[] | undefined> => {
    const found = await rest.ask('GET', path, signal).catch(unlessUnknown)
    return Array.isArray(found) ? (found as readonly Json[]) : undefined
  }
  const user = await rest.ask('GET', '/users/me?expand=true', signal).catch(unlessRefused)
  if (user === undefined) return [{ setting: 'token', reason: 'this token is refused' }]
  const groups = await list('/groups')
  const known = await list('/ticket_states')
  const attributes = await attributesOf(list)
  return [
    ...(groups && !groups.some(({ name }) => name === group) ? [{ setting: 'queue', reason: `there is no group ${group}` }] : rightsIn(group, user as Json)),
    ...Object.entries(states).flatMap(([phase, state]) => (known && !known.some(({ name, active }) => name === state && active !== false) ? [{ setting: `states/${phase}`, reason: `there is no state ${state}` }] : [])),
    ...Object.entries(fields).flatMap(([name, field]) => (attributes && !attributes.has(field) ? [{ setting: `fields/${name}`, reason: `tickets have no attribute ${field}` }] : [])),
  ]
}

/** For administrators there is a list; others see the attributes of a ticket, once there is one. */
async function attributesOf(list: (path: string) => Promise<readonly Json[] | undefined>): Promise<ReadonlySet<string> | undefined> {
  const all = await list('/object_manager_attributes')
  if (all) return new Set(all.flatMap(({ object, name, active }) => (object === 'Ticket' && active !== false ? [String(name)] : [])))
  const [ticket] = (await list('/tickets?per_page=1')) ?? []
  return ticket && new Set(Object.keys(ticket))
}

/** Where the user has groups of its own, and not by a role. */
function rightsIn(group: string, user: Json): readonly SettingFault[] {
  const rights = (user['groups'] as Readonly<Record<string, readonly string[]>> | undefined)?.[group]
  if (!rights || rights.includes('full')) return []
  const lacking = ['read', 'create', 'change'].filter((right) => !rights.includes(right))
  return lacking.length > 0 ? [{ setting: 'queue', reason: `the user lacks ${lacking.join(', ')} in it` }] : []
}

function unlessUnknown(error: unknown): undefined {
  if (!isUnknown(error)) throw error
}

function unlessRefused(error: unknown): undefined {
  if (!(error instanceof DeliveryError) || !/^http-40[13]$/u.test(error.code)) throw error
}
