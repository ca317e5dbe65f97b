import type { Mapping } from '../mapping.ts'
import type { SettingFault } from '../ticket-system.ts'
import { DeliveryError } from '../verdict.ts'
import type { RequestTrackerRest } from './rest.ts'

/** RT says of a queue which fields its tickets have, and whether the user may make some; its statuses it tells nobody. @throws DeliveryError when it cannot be asked */
export async function faultsOf({ rest, queue, mapping }: { readonly rest: RequestTrackerRest; readonly queue: string; readonly mapping: Mapping }, signal: AbortSignal): Promise<readonly SettingFault[]> {
  try {
    const { fields, mayCreate } = await rest.queue(queue, signal)
    return [
      ...(mayCreate ? [] : [{ setting: 'queue', reason: 'the user may make no tickets in it' }]),
      ...Object.entries(mapping.fields).flatMap(([name, field]) => (fields.has(field) ? [] : [{ setting: `fields/${name}`, reason: `its tickets have no custom field ${field}, or none that the user may see` }])),
    ]
  } catch (error) {
    const code = error instanceof DeliveryError ? error.code : ''
    if (code === 'http-401') return [{ setting: 'token', reason: 'this token is refused' }]
    if (code === 'http-403' || code === 'http-404') return [{ setting: 'queue', reason: `there is no queue ${queue}, or none that the user may see` }]
    throw error
  }
}
