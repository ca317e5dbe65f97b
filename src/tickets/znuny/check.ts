import type { Mapping } from '../mapping.ts'
import type { SettingFault } from '../ticket-system.ts'
import { DeliveryError } from '../verdict.ts'
import type { GenericInterface } from './generic-interface.ts'

export interface CheckParts {
  readonly znuny: GenericInterface
  readonly mapping: Mapping
  /** A ticket as it would be made, in a state. */
  readonly probe: (state: string) => object
}

/** What is looked at last, and can never be: so nothing is made. */
const withoutContent = { Attachment: [{ Filename: 'probe' }] }

/**
 * The Generic Interface tells nobody what there is. But it looks at a new ticket's customer, queue, state, rights, fields and attachments, in this
 * order, before it makes it: one with an attachment that cannot be is refused for that alone where all else is right.
 * @throws DeliveryError when it cannot be asked
 */
export async function faultsOf({ znuny, mapping, probe }: CheckParts, signal: AbortSignal): Promise<readonly SettingFault[]> {
  const objection = async (state: string, more: object): Promise<{ readonly code: string; readonly said: string } | undefined> => {
    try {
      await znuny.ask('TicketCreate', { ...probe(state), ...withoutContent, ...more }, signal)
    } catch (error) {
      if (!(error instanceof DeliveryError) || !error.code.startsWith('TicketCreate.')) throw error
      return error.answer.includes('Attachment') ? undefined : { code: error.code, said: error.answer }
    }
    throw new DeliveryError('retry', 'probe-taken')
  }
  const { states, fields } = mapping
  const first = await objection(states.new, {})
  if (first?.code.endsWith('AuthFail')) return [{ setting: 'token', reason: 'this user and password are refused' }]
  if (first?.code.endsWith('AccessDenied')) return [{ setting: 'queue', reason: 'the user may make no tickets in it' }]
  if (first?.said.includes('CustomerUser')) return [{ setting: 'user', reason: 'there is no customer user of this name, who is to be the tickets’ customer' }]
  if (first?.said.includes('Queue')) return [{ setting: 'queue', reason: 'there is no such queue' }]
  if (first && !first.said.includes('State')) return [{ setting: 'queue', reason: first.said }]
  const faults: SettingFault[] = []
  /* oxlint-disable no-await-in-loop -- one question after the other: it is in no hurry */
  for (const [phase, state] of Object.entries(states)) {
    if ((await objection(state, {}))?.said.includes('State')) faults.push({ setting: `states/${phase}`, reason: `there is no state ${state}` })
  }
  if (faults.length > 0) return faults
  for (const [name, Name] of Object.entries(fields)) {
    if ((await objection(states.new, { DynamicField: [{ Name, Value: '' }] }))?.said.includes('->Name')) faults.push({ setting: `fields/${name}`, reason: `there is no dynamic field ${Name}` })
  }
  /* oxlint-enable no-await-in-loop */
  await znuny.me(signal)
  return faults
}
