import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import type { DeskCall, Lamp } from '../support/desk-call.ts'
import type { DeskPhone } from '../support/desk-phone.ts'
import { clear, expectHearing, press, settled, tones } from '../support/given-call.ts'
import { givenDeskPhone, givenTalkAt } from '../support/given-desk-phone.ts'

/** Lamps as a BLF key sees them: SUBSCRIBE, and NOTIFY with dialog states (RFC 4235). */
let stack: Stack
let caller: Phone
let peer: Phone
let desk: DeskPhone
let leg: DeskCall
let transfer: Lamp
let conference: Lamp
let consult: Lamp
let police: Lamp

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-keys-lamps', calls: { ringMs: 4_000, retryMs: 1_000 }, keys: { failedMs: 1_500 } })
  caller = await stack.citizen({ toneHz: tones.caller })
  peer = await stack.agent('2001', tones.peer)
  desk = await givenDeskPhone(stack, '1001')
  transfer = await desk.lamp('*11001')
  conference = await desk.lamp('*21001')
  consult = await desk.lamp('*31001')
  police = await desk.lamp('110')
}, 120_000)
afterEach(async () => {
  await leg.hangUp()
  await clear(stack, caller, peer)
})
afterAll(async () => {
  await desk.close()
  await stopAll()
})

const off = 'terminated'
const rings = 'early'
const lit = 'confirmed'
const failed = 'confirmed held'
const expectLamp = (lamp: Lamp, state: string) => eventually(() => lamp.states.at(-1), (shown) => shown === state)
const last = async () => (await stack.api.get<{ items: Handover[] }>('/v1/handovers?limit=1')).body.items[0]
const talk = async () => {
  leg = (await givenTalkAt(stack, caller, desk)).leg
}
const dialled = async (extension: string) => {
  const line = await desk.dial(extension)
  await eventually(() => line.state, (state) => state === 'ended')
  return line.status
}

it('a transfer, by whichever key: rings, then is out; and the other desk is busy meanwhile', async () => {
  await talk()
  await Promise.all([transfer, conference, consult, police].map((lamp) => expectLamp(lamp, off)))
  const { id } = await press(stack, '1001')
  await expectLamp(transfer, rings)
  await expectLamp(police, lit)
  await peer.waitFor('incoming')
  await peer.answer()
  await settled(stack, id, 'completed')
  await expectLamp(transfer, off)
  expect(conference.states.at(-1)).toBe(off)
  await peer.hangUp()
  await expectLamp(police, off)
})

it('pressed dark it transfers; pressed while it rings it takes that back, but not by bouncing', async () => {
  await talk()
  expect(await dialled('*11001')).toBe(200)
  await expectLamp(transfer, rings)
  const made = await last()
  expect(await dialled('*11001')).toBe(200)
  expect((await last())?.id).toBe(made?.id)
  expect((await last())?.state).not.toBe('cancelled')
  await peer.waitFor('incoming')
  await eventually(() => Date.now() - Date.parse(made?.requestedAt ?? ''), (ms) => ms > 1_600)
  expect(await dialled('*11001')).toBe(200)
  await settled(stack, made?.id ?? '', 'cancelled')
  await expectLamp(transfer, off)
  await peer.waitFor('idle')
})

it('a failure blinks for a while, and then goes out', async () => {
  await talk()
  const { id } = await press(stack, '1001')
  await peer.waitFor('incoming')
  await peer.reject()
  await settled(stack, id, 'failed')
  await expectLamp(transfer, failed)
  await expectLamp(transfer, off)
})

it('a consultation lights its lamp; the conference key merges it and is lit instead', async () => {
  await talk()
  expect(await dialled('*31001')).toBe(200)
  await expectLamp(consult, rings)
  await peer.waitFor('incoming')
  await peer.answer()
  await expectLamp(consult, lit)
  expect(await dialled('*21001')).toBe(200)
  await expectLamp(conference, lit)
  await expectLamp(consult, off)
  await expectHearing({ caller: ['agent', 'peer'] }, { caller, peer, agent: peer, guest: peer })
})

it('the desk that has signed out cannot be reached', async () => {
  await talk()
  await stack.api.put('/v1/agents/2001/state', { state: 'signed-out' })
  await expectLamp(police, failed)
  await stack.api.put('/v1/agents/2001/state', { state: 'available' })
  await expectLamp(police, off)
})

it('another phone’s key does nothing', async () => {
  await talk()
  const before = await last()
  expect(await dialled('*12001')).toBe(403)
  expect((await last())?.id).toBe(before?.id)
})

it('after a restart of the service lamps show what is', async () => {
  await talk()
  await press(stack, '1001')
  await expectLamp(transfer, rings)
  await stack.service.stop()
  await stack.startService()
  await expectLamp(transfer, off)
})
