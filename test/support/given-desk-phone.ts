import type { CallSummary } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import type { Stack } from '../../src/lab/stack.ts'
import type { DeskCall } from './desk-call.ts'
import { DeskPhone } from './desk-phone.ts'
import { callOf, tones } from './given-call.ts'

/** An agent's desk phone that has keys, registered. */
export function givenDeskPhone({ config }: Stack, user: string, more: { readonly events?: boolean; readonly toneHz?: number } = {}): Promise<DeskPhone> {
  const password = config.agents.find(({ id }) => id === user)?.password
  if (password === undefined) throw new Error(`there is no agent ${user}`)
  return DeskPhone.open({ user, password, asterisk: { host: config.asterisk.sipHost, port: config.asterisk.sipPort }, toneHz: tones.agent, ...more })
}

/** The citizen dials 12345, the desk phone answers. @returns its leg, and the call */
export async function givenTalkAt(stack: Stack, caller: Phone, desk: DeskPhone, agent = '1001'): Promise<{ readonly leg: DeskCall; readonly call: CallSummary }> {
  await caller.dial('12345')
  const leg = await desk.incoming()
  leg.answer()
  await caller.waitFor('established')
  return { leg, call: await eventually(() => callOf(stack, agent), ({ state }) => state === 'talking') }
}
