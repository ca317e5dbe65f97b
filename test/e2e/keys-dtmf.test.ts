import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { slice } from '../../src/lab/recording.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { hearing } from '../../src/lab/tones.ts'
import type { DeskCall } from '../support/desk-call.ts'
import type { DeskPhone } from '../support/desk-phone.ts'
import { callOf, clear, expectHearing, expectTalkTogether, press, settled, shown, tones } from '../support/given-call.ts'
import { givenDeskPhone, givenTalkAt } from '../support/given-desk-phone.ts'

let stack: Stack
let caller: Phone
let peer: Phone
/** Its keys go by RFC 4733. */
let desk: DeskPhone
/** Its keys go by INFO: it offers no telephone events. */
let infoDesk: DeskPhone | undefined
let leg: DeskCall

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-keys-dtmf', seats: { '12345': ['1001', '1002'] }, calls: { ringMs: 4_000, retryMs: 1_000 } })
  caller = await stack.citizen({ toneHz: tones.caller })
  peer = await stack.agent('2001', tones.peer)
  desk = await givenDeskPhone(stack, '1001')
}, 120_000)
afterEach(async () => {
  await leg.hangUp()
  await clear(stack, caller, peer)
})
afterAll(async () => {
  await Promise.all([desk.close(), infoDesk?.close()])
  await stopAll()
})

const keyed = async (call: DeskCall, digits: string) => {
  for (const digit of digits) {
    await call.press(digit)
  }
}
const byInfo = async (call: DeskCall, digits: string) => {
  for (const digit of digits) {
    expect(await call.info(digit)).toBe(200)
  }
}
const lastHandover = async (): Promise<Handover | undefined> => (await stack.api.get<{ items: Handover[] }>('/v1/handovers?limit=1')).body.items[0]
const made = async (before?: string) => (await eventually(lastHandover, (handover) => handover !== undefined && handover.id !== before)) as Handover
const digitsHeard = (phone: Phone) => phone.events.filter(({ type }) => type.startsWith('CALL_DTMF')).map(({ param }) => param)

/** The eight tones of DTMF (ITU-T Q.23). */
const dtmfTones = Object.fromEntries([697, 770, 852, 941, 1209, 1336, 1477, 1633].map((hz) => [hz, hz]))
/** Moments of 40 ms in which a phone has heard one of them. */
function momentsOfKeys(phone: Phone, fromMs: number): number {
  const heard = phone.heard()
  const { samples } = slice(heard, fromMs, heard.startedAtMs + (heard.samples.length * 1_000) / heard.sampleRate)
  return hearing(samples, heard.sampleRate, dtmfTones).filter(({ heard: tone }) => Object.values(tone).some(Boolean)).length
}

describe.each([
  ['RFC 4733', async () => desk, '1001', keyed],
  ['INFO', async () => (infoDesk ??= await givenDeskPhone(stack, '1002', { events: false })), '1002', byInfo],
] as const)('codes by %s', (_way, phone, agent, type) => {
  const talk = async (): Promise<CallSummary> => {
    const free = agent === '1001' ? '1002' : '1001'
    await stack.api.put(`/v1/agents/${free}/state`, { state: 'paused' })
    await stack.api.put(`/v1/agents/${agent}/state`, { state: 'available' })
    const given = await givenTalkAt(stack, caller, await phone(), agent)
    leg = given.leg
    return given.call
  }

  it('*1 transfers; the caller hears none of it, nor does the other desk', async () => {
    await talk()
    const from = performance.now()
    await caller.listen(tones, 200)
    await type(leg, '*1')
    await peer.waitFor('incoming')
    const { id, agent: by } = await made()
    expect(by).toBe(agent)
    await peer.answer()
    await settled(stack, id, 'completed')
    await eventually(() => leg.state, (state) => state === 'ended')
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
    expect(digitsHeard(caller)).toEqual([])
    expect(momentsOfKeys(caller, from)).toBe(0)
  })

  it('*2 makes a three-way call, in which keys are heard by nobody; *1 then leaves it', async () => {
    await talk()
    const before = (await lastHandover())?.id
    await type(leg, '*2')
    await peer.waitFor('incoming')
    await peer.answer()
    const { id } = await made(before)
    await settled(stack, id, 'joined')
    await expectHearing({ caller: ['agent', 'peer'], peer: ['agent', 'caller'] }, { caller, peer, agent: peer, guest: peer })
    const from = performance.now()
    await Promise.all([caller.listen(tones, 200), peer.listen(tones, 200)])
    await type(leg, '5#7')
    await Promise.all([caller.listen(tones, 400), peer.listen(tones, 400)])
    expect([...digitsHeard(caller), ...digitsHeard(peer)]).toEqual([])
    expect([momentsOfKeys(caller, from), momentsOfKeys(peer, from)]).toEqual([0, 0])
    await type(leg, '*1')
    await settled(stack, id, 'completed')
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  })

  it('*3 consults, *2 merges; *9 takes back', async () => {
    const call = await talk()
    const before = (await lastHandover())?.id
    await type(leg, '*3')
    await peer.waitFor('incoming')
    const first = await made(before)
    expect(first).toMatchObject({ callId: call.id, mode: 'transfer', consult: true })
    await type(leg, '*9')
    await peer.waitFor('idle')
    await settled(stack, first.id, 'cancelled')
    await type(leg, '*3')
    await peer.waitFor('incoming')
    const second = await made(first.id)
    await peer.answer()
    await eventually(() => callOf(stack, agent), ({ state }) => state === 'consulting')
    await type(leg, '*2')
    await eventually(() => shown(stack, second.id), ({ handover }) => handover.state === 'joined' && handover.mode === 'conference')
    await expectHearing({ caller: ['agent', 'peer'], peer: ['agent', 'caller'] }, { caller, peer, agent: peer, guest: peer })
  })
})

it('the other desk confirms a verified transfer by its phone: *5', async () => {
  await stack.api.put('/v1/agents/1001/state', { state: 'available' })
  leg = (await givenTalkAt(stack, caller, desk)).leg
  const { id } = await press(stack, '1001', { verified: true })
  await peer.waitFor('incoming')
  await peer.answer()
  await settled(stack, id, 'joined')
  // Not the first desk's key.
  await keyed(leg, '*5')
  await peer.sendDtmf('*5')
  const { handover } = await settled(stack, id, 'completed')
  expect(handover.confirmedAt).toBeDefined()
  expect(digitsHeard(caller)).toEqual([])
})

it('the caller’s keys are his own: he can hand nothing over, and the desk hears them', async () => {
  await stack.api.put('/v1/agents/1001/state', { state: 'signed-out' })
  await stack.api.put('/v1/agents/1002/state', { state: 'signed-out' })
  const before = (await lastHandover())?.id
  await caller.dial('110')
  await peer.waitFor('incoming')
  await peer.answer()
  await caller.waitFor('established')
  await caller.sendDtmf('*1')
  // What the tests above would hear if keys were passed on.
  await eventually(() => digitsHeard(peer).length, (count) => count >= 2)
  expect((await lastHandover())?.id).toBe(before)
})
