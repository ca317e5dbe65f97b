import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { clear, givenTalk, expectMusicOrRingback, press, settled, expectTalkTogether, tones } from '../support/given-call.ts'
import { type SipPeer, type SipPeerBehaviour, startSipPeer } from '../support/sip-peer.ts'

/** 110 behind a trunk, and a PBX there that does what no phone can be made to do. */
let stack: Stack
let caller: Phone
let agent: Phone
let police: SipPeer | undefined
let port: number
const toneHz = 450

beforeAll(async () => {
  port = await freePort(undefined, 'udp')
  stack = await startStack({ name: 'e2e-odd', policeTrunkPort: port, calls: { ringMs: 3_000, retryMs: 1_000 } })
  caller = await stack.citizen({ toneHz: tones.caller })
  agent = await stack.agent('1001', tones.agent)
}, 120_000)
afterEach(async () => {
  await clear(stack, caller, agent)
  await police?.stop()
  police = undefined
})
afterAll(() => stopAll())

async function pressedAt(behaviour: SipPeerBehaviour): Promise<{ id: string; target: SipPeer }> {
  const target = await startSipPeer({ behaviour, port, toneHz })
  police = target
  await givenTalk(stack, caller, agent, '1001')
  const { id } = await press(stack, '1001')
  return { id, target }
}

it.each([
  [486, { reason: 'busy', sipCode: 486, cause: 17 }],
  [600, { reason: 'busy', sipCode: 600, cause: 17 }],
  [603, { reason: 'rejected', sipCode: 603, cause: 21 }],
  [404, { reason: 'unreachable', sipCode: 404, cause: 1 }],
  [480, { reason: 'unreachable', sipCode: 480, cause: 19 }],
  [503, { reason: 'unreachable', sipCode: 503, cause: 34 }],
] as const)('%i from 110: the pair talk again and the agent is told why', async (code, failure) => {
  const { id } = await pressedAt(code)
  const { handover } = await settled(stack, id, 'failed')
  expect(handover.failure).toMatchObject(failure)
  await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
})

it('110 stays silent: unreachable after the ring time, and the INVITE is given up', async () => {
  const { id } = await pressedAt('silent')
  const { handover } = await settled(stack, id, 'failed')
  expect(handover.failure?.reason).toBe('unreachable')
  expect(handover.clock.ring).toBeUndefined()
  await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
})

it('110 rings on: not answered, and its ringing is cancelled', async () => {
  const { id, target } = await pressedAt('ring')
  const { handover } = await settled(stack, id, 'failed')
  expect(handover.failure?.reason).toBe('no-answer')
  await eventually(() => target.count('CANCEL'), (count) => count > 0)
})

it('110 sends early media: the citizen hears ringback of ours and nobody’s voice', async () => {
  const { id } = await pressedAt('early-media')
  await settled(stack, id, 'ringing')
  await expectMusicOrRingback(caller, 2_000)
})

it('110 answers as the cancel goes out: its leg is ended, the pair talk again', async () => {
  const { id, target } = await pressedAt('answer-on-cancel')
  await settled(stack, id, 'ringing')
  await stack.api.post(`/v1/handovers/${id}/cancel`, {})
  await eventually(() => target.count('BYE'), (count) => count > 0)
  await settled(stack, id, 'cancelled')
  await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
})

it('the citizen leaves while 110 rings: the ringing is cancelled', async () => {
  const { id, target } = await pressedAt('ring')
  await settled(stack, id, 'ringing')
  await caller.hangUp()
  await eventually(() => target.count('CANCEL'), (count) => count > 0)
  expect((await settled(stack, id, 'failed')).handover.failure?.reason).toBe('caller-left')
})

it('110 is offered PCMA first, and its media is agreed once: nothing that happens to the call asks its PBX again', async () => {
  const { id, target } = await pressedAt('answer-tone')
  await settled(stack, id, 'completed')
  await eventually(() => caller.listen({ peer: toneHz }), (heard) => heard.includes('peer'))
  await caller.hangUp()
  await eventually(() => target.count('BYE'), (count) => count > 0)
  const offers = target.received().filter(({ method }) => method === 'INVITE')
  expect(offers.map(({ codecs }) => codecs[0])).toEqual(['8'])
})
