import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import type { DeskCall } from '../support/desk-call.ts'
import type { DeskPhone } from '../support/desk-phone.ts'
import { callOf, clear, expectHearing, expectMusicOrRingback, expectTalkTogether, press, settled, shown, tones } from '../support/given-call.ts'
import { givenDeskPhone, givenTalkAt } from '../support/given-desk-phone.ts'

let stack: Stack
let caller: Phone
let peer: Phone
let desk: DeskPhone
let leg: DeskCall

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-keys-refer', referKeys: ['1001'], calls: { ringMs: 4_000, retryMs: 1_000 }, recording: { enabled: true } })
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

const talk = async () => {
  const given = await givenTalkAt(stack, caller, desk)
  leg = given.leg
  return given.call
}
const last = async () => (await stack.api.get<{ items: Handover[] }>('/v1/handovers?limit=1')).body.items[0]
const made = async (callId: string) => (await eventually(last, (handover) => handover?.callId === callId)) as Handover
const idOf = async (callId: string) => (await made(callId)).id
const all = () => ({ caller, peer, agent: peer, guest: peer })

describe('the Transfer key, blind', () => {
  it('to the other desk’s number is a transfer; the phone is told as it is answered, and leaves', async () => {
    const call = await talk()
    await leg.hold(true)
    expect(await leg.refer('110')).toBe(202)
    await peer.waitFor('incoming')
    const id = await idOf(call.id)
    expect(leg.progress).not.toContain(200)
    await expectMusicOrRingback(caller, 3_000)
    await peer.answer()
    await eventually(() => leg.progress, (progress) => progress.at(-1) === 200)
    const { handover } = await settled(stack, id, 'completed')
    expect(handover).toMatchObject({ mode: 'transfer', agent: '1001', target: '2001', from: '12345', to: '110' })
    await eventually(() => leg.state, (state) => state === 'ended')
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  })

  it('to the transfer code is the same', async () => {
    const call = await talk()
    expect(await leg.refer('*1')).toBe(202)
    await peer.waitFor('incoming')
    await peer.answer()
    await settled(stack, await idOf(call.id), 'completed')
  })

  it('refused by the other desk: the phone is told, and has the caller again', async () => {
    const call = await talk()
    await leg.hold(true)
    expect(await leg.refer('110')).toBe(202)
    await peer.waitFor('incoming')
    await peer.reject()
    const { handover } = await settled(stack, await idOf(call.id), 'failed')
    expect(handover.failure).toMatchObject({ reason: 'busy', sipCode: 486 })
    await eventually(() => leg.progress.at(-1), (progress) => progress === 503)
    await leg.hold(false)
    await expectHearing({ caller: ['agent'] }, all())
    expect(leg.state).toBe('up')
  })

  it('pressed while a browser’s press rings already shows that one: the phone is told of it', async () => {
    await talk()
    const { id } = await press(stack, '1001')
    await peer.waitFor('incoming')
    expect(await leg.refer('110')).toBe(202)
    await peer.answer()
    await settled(stack, id, 'completed')
    await eventually(() => leg.progress.at(-1), (progress) => progress === 200)
    expect((await stack.api.get<{ items: Handover[] }>('/v1/handovers?limit=2')).body.items[1]?.callId).not.toBe((await shown(stack, id)).handover.callId)
  })

  it('to anything else is declined, and the talk goes on', async () => {
    await talk()
    expect(await leg.refer('13900001111')).toBe(202)
    await eventually(() => leg.progress.at(-1), (progress) => progress === 603)
    await expectHearing({ caller: ['agent'] }, all())
  })

  it('to the conference code: all three talk, and the phone stays', async () => {
    const call = await talk()
    expect(await leg.refer('*2')).toBe(202)
    await peer.waitFor('incoming')
    await peer.answer()
    await settled(stack, await idOf(call.id), 'joined')
    await expectHearing({ caller: ['agent', 'peer'], peer: ['agent', 'caller'] }, all())
    expect(leg.progress.at(-1)).toBe(603)
  })
})

/** Dialled while the phone holds its call; the other desk has answered. */
const consulted = async () => {
  const call = await talk()
  await leg.hold(true)
  const line = await desk.dial('110')
  await peer.waitFor('incoming')
  expect(line.state).toBe('ringing')
  await peer.answer()
  await eventually(() => line.state, (state) => state === 'up')
  await eventually(() => callOf(stack, '1001'), ({ state }) => state === 'consulting')
  return { call, line, id: await idOf(call.id) }
}

describe('a second line', () => {
  it('to the other desk is a consultation: the desks talk, the caller hears music, and it is recorded apart', async () => {
    const { call, line } = await consulted()
    await expectHearing({ peer: ['agent'], caller: [] }, all())
    await expectMusicOrRingback(caller, 3_000)
    const { body } = await stack.api.get<{ recordings: { id: string }[] }>(`/v1/calls/${call.id}`)
    expect(JSON.stringify(body)).toContain(`${call.id}-consultation-1`)
    await line.hangUp()
  })

  it('and the Transfer key with Replaces completes it', async () => {
    const { line, id } = await consulted()
    expect(await leg.refer(line)).toBe(202)
    await eventually(() => leg.progress.at(-1), (progress) => progress === 200)
    await settled(stack, id, 'completed')
    await eventually(() => [leg.state, line.state], ([one, two]) => one === 'ended' && two === 'ended')
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  })

  it('and the REFER may come on the second line as well', async () => {
    const { line, id } = await consulted()
    expect(await line.refer(leg)).toBe(202)
    await settled(stack, id, 'completed')
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  })

  it('and the Conference key merges it: the phone takes its first call back, and all three talk', async () => {
    const { line, id } = await consulted()
    await leg.hold(false)
    await eventually(() => shown(stack, id), ({ handover }) => handover.state === 'joined' && handover.mode === 'conference')
    await eventually(() => line.state, (state) => state === 'ended')
    await expectHearing({ caller: ['agent', 'peer'], peer: ['agent', 'caller'] }, all())
  })

  it('takes codes as the first call does: *2 merges, once the phone has its first call back', async () => {
    const { line, id } = await consulted()
    await line.press('*')
    await line.press('2')
    await eventually(() => line.state, (state) => state === 'ended')
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, all())
    await leg.hold(false)
    await expectHearing({ caller: ['agent', 'peer'], peer: ['agent', 'caller'] }, all())
    expect((await shown(stack, id)).handover).toMatchObject({ mode: 'conference', state: 'joined' })
  })

  it('that is put down takes the consultation back; the phone resumes its call', async () => {
    const { line, id } = await consulted()
    await line.hangUp()
    await settled(stack, id, 'cancelled')
    await peer.waitFor('idle')
    await leg.hold(false)
    await expectHearing({ caller: ['agent'] }, all())
  })

  it('that the other desk does not answer is told why', async () => {
    await talk()
    await leg.hold(true)
    const line = await desk.dial('110')
    await peer.waitFor('incoming')
    await peer.reject()
    await eventually(() => line.status, (status) => status === 486)
    await leg.hold(false)
    await expectHearing({ caller: ['agent'] }, all())
  })

  it('that is transferred while it still rings becomes a transfer', async () => {
    const call = await talk()
    await leg.hold(true)
    const line = await desk.dial('110')
    await peer.waitFor('incoming')
    await eventually(() => line.rings, Boolean)
    expect(await leg.refer(line)).toBe(202)
    await peer.answer()
    expect((await settled(stack, await idOf(call.id), 'completed')).handover.consult).toBeUndefined()
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  })

  it('to a code presses the key and is over', async () => {
    const call = await talk()
    const line = await desk.dial('*1')
    await peer.waitFor('incoming')
    await eventually(() => line.state, (state) => state === 'ended')
    expect(line.status).toBe(200)
    const back = await desk.dial('*9')
    await settled(stack, await idOf(call.id), 'cancelled')
    await eventually(() => back.state, (state) => state === 'ended')
    await expectHearing({ caller: ['agent'] }, all())
  })

  it('to a number that means nothing, or without a call, is refused', async () => {
    await talk()
    const wrong = await desk.dial('13900001111')
    await eventually(() => wrong.status, (status) => status === 403)
    await leg.hangUp()
    await caller.waitFor('idle')
    const idle = await desk.dial('110')
    expect(await eventually(() => idle.status, (status) => status !== undefined)).toBe(403)
  })
})
