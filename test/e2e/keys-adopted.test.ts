import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { addCallCentre, contexts, numbers } from '../support/call-centre.ts'
import type { DeskCall } from '../support/desk-call.ts'
import type { DeskPhone } from '../support/desk-phone.ts'
import { clear, expectHearing, expectTalkTogether, settled, tones } from '../support/given-call.ts'
import { givenDeskPhone } from '../support/given-desk-phone.ts'

/** A talk of the call centre's own queue: its desk phone has keys all the same. */
let stack: Stack
let caller: Phone
let peer: Phone
let desk: DeskPhone
let leg: DeskCall

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-keys-adopted', adoption: contexts, referKeys: ['1001'] })
  await addCallCentre(stack)
  caller = await stack.citizen({ toneHz: tones.caller })
  peer = await stack.agent('2001', tones.peer)
  desk = await givenDeskPhone(stack, '1001')
}, 120_000)
afterEach(async () => {
  await leg.hangUp()
  await clear(stack, caller, peer)
})
afterAll(async () => {
  await desk.close()
  await stopAll()
})

const ownTalk = async (number: string) => {
  await caller.dial(number)
  leg = await desk.incoming()
  leg.answer()
  await caller.waitFor('established')
  await expectHearing({ caller: ['agent'] }, { caller, peer, agent: peer, guest: peer })
}
async function pressUrl(key: string): Promise<string> {
  const admin = stack.config.http.apiKeys.find(({ name }) => name === 'admin')?.key ?? ''
  const { keys } = (await (await fetch(`${stack.api.address}/v1/phones/1001?vendor=fanvil`, { headers: { authorization: `Bearer ${admin}` } })).json()) as { keys: { key: string; url: string }[] }
  return (await fetch(keys.find((one) => one.key === key)?.url ?? '')).text()
}
const last = async () => (await stack.api.get<{ items: Handover[] }>('/v1/handovers?limit=1')).body.items[0]

it.each([
  ['Queue()', numbers.queue],
  ['Dial()', numbers.dial],
])('in %s a URL key adopts it; then codes and the phone’s own Transfer key work', async (_name, number) => {
  await ownTalk(number)
  expect(await pressUrl('conference')).toContain('转 110')
  await peer.waitFor('incoming')
  await peer.answer()
  const { id = '' } = (await last()) ?? {}
  await settled(stack, id, 'joined')
  await expectHearing({ caller: ['agent', 'peer'], peer: ['agent', 'caller'] }, { caller, peer, agent: peer, guest: peer })
  await leg.press('*')
  await leg.press('3')
  await eventually(last, (handover) => handover?.consult === true)
  await expectHearing({ peer: ['agent'] }, { caller, peer, agent: peer, guest: peer })
  expect(await leg.refer('*1')).toBe(202)
  await eventually(() => leg.progress.at(-1), (progress) => progress === 200)
  await settled(stack, id, 'completed')
  await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
})
