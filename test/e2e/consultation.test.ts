import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { callOf, clear, givenTalk, expectHearing, expectMusicOrRingback, press, settled, storyOf, tones, type Voice } from '../support/given-call.ts'

let stack: Stack
let phones: Record<Voice, Phone>

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-consultation', calls: { ringMs: 5_000, retryMs: 1_000 } })
  const [caller, agent, peer] = [await stack.citizen({ toneHz: tones.caller }), await stack.agent('1001', tones.agent), await stack.agent('2001', tones.peer)]
  phones = { caller, agent, peer, guest: peer }
}, 120_000)
afterEach(() => clear(stack, phones.caller, phones.agent, phones.peer))
afterAll(() => stopAll())

const desks: Partial<Record<Voice, readonly Voice[]>> = { agent: ['peer'], peer: ['agent'] }
const all: Partial<Record<Voice, readonly Voice[]>> = { caller: ['agent', 'peer'], agent: ['caller', 'peer'], peer: ['agent', 'caller'] }
const change = (id: string, mode: string, consult = false) => stack.api.patch<{ handover: Handover }>(`/v1/handovers/${id}`, { mode, consult })

/** The desks talk with each other, the citizen hears music. */
async function givenConsultation(more: object = {}): Promise<{ call: string; id: string }> {
  const { id: call } = await givenTalk(stack, phones.caller, phones.agent, '1001')
  const { id } = await press(stack, '1001', { consult: true, ...more })
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await eventually(() => callOf(stack, '1001'), ({ state }) => state === 'consulting')
  await expectHearing(desks, phones)
  return { call, id }
}

describe('consultation', () => {
  it('the desks hear each other, the citizen hears music and neither of them', async () => {
    await givenConsultation()
    await Promise.all([expectHearing(desks, phones), expectMusicOrRingback(phones.caller, 3_000)])
  })

  it('completed: 110 has the citizen, the first desk is released', async () => {
    const { call, id } = await givenConsultation()
    await change(id, 'transfer')
    await phones.agent.waitFor('idle')
    const { handover } = await settled(stack, id, 'completed')
    expect(handover.clock.consulted).toBeLessThan(handover.clock.joined ?? NaN)
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
    await phones.caller.hangUp()
    expect(await storyOf(stack, call)).toEqual([
      'call-arrived',
      'call-answered',
      'handover-requested',
      'handover-dialled',
      'handover-ringing',
      'handover-answered',
      'handover-changed',
      'handover-joined',
      'handover-released',
      'handover-completed',
      'call-ended',
    ])
  })

  it('merged: all three hear each other; consulted again: the citizen hears music', async () => {
    const { id } = await givenConsultation({ mode: 'conference' })
    await change(id, 'conference')
    await expectHearing(all, phones)
    await change(id, 'conference', true)
    await expectHearing(desks, phones)
    await expectMusicOrRingback(phones.caller, 2_000)
    await change(id, 'conference')
    await expectHearing(all, phones)
  })

  it('cancelled: 110 is gone, the pair talk again', async () => {
    const { id } = await givenConsultation()
    expect(await stack.api.post(`/v1/handovers/${id}/cancel`, {})).toMatchObject({ status: 200, body: { handover: { state: 'cancelled' } } })
    await phones.peer.waitFor('idle')
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  })

  it('110 leaves: the pair talk again', async () => {
    const { id } = await givenConsultation()
    await phones.peer.hangUp()
    expect((await settled(stack, id, 'failed')).handover.failure?.reason).toBe('peer-left')
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  })

  it('the agent leaves: that completes it', async () => {
    const { id } = await givenConsultation()
    await phones.agent.hangUp()
    await settled(stack, id, 'completed')
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
  })

  it('the citizen leaves: the desks talk on, then all is clear', async () => {
    const { call, id } = await givenConsultation()
    await phones.caller.hangUp()
    expect((await settled(stack, id, 'failed')).handover.failure?.reason).toBe('caller-left')
    await expectHearing(desks, phones)
    await phones.peer.hangUp()
    await phones.agent.waitFor('idle')
    expect((await storyOf(stack, call)).slice(-4)).toEqual(['handover-failed', 'call-back-requested', 'call-caller-left', 'call-ended'])
  })

  it('the citizen and 110 leave at once: the agent is not left on the line', async () => {
    await givenConsultation()
    await Promise.all([phones.caller.hangUp(), phones.peer.hangUp()])
    await expect.poll(() => phones.agent.state).toBe('idle')
  })

  it('both desks leave at once: the citizen stays, and the first desk is rung again', async () => {
    await givenConsultation()
    await Promise.all([phones.agent.hangUp(), phones.peer.hangUp()])
    await phones.agent.waitFor('incoming')
    expect(phones.caller.state).toBe('established')
    await phones.agent.answer()
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  })
})

describe('hold', () => {
  it('on the agent’s own phone: the citizen hears music; the key pressed then hands over all the same', async () => {
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    await phones.agent.hold()
    await expectMusicOrRingback(phones.caller, 2_000)
    const { id } = await press(stack, '1001')
    await phones.peer.waitFor('incoming')
    await phones.peer.answer()
    await settled(stack, id, 'completed')
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
  })

  it('and 110 does not take the call: the citizen hears music until the agent’s phone is back', async () => {
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    await phones.agent.hold()
    const { id } = await press(stack, '1001')
    await phones.peer.waitFor('incoming')
    await phones.peer.reject()
    await settled(stack, id, 'failed')
    await expectMusicOrRingback(phones.caller, 2_000)
    await phones.agent.resume()
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  })

  it('and ended again: they talk', async () => {
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    await phones.agent.hold()
    await eventually(() => callOf(stack, '1001'), ({ parties }) => parties.some(({ state }) => state === 'held'))
    await phones.agent.resume()
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  })
})

async function givenVerified(): Promise<string> {
  await givenTalk(stack, phones.caller, phones.agent, '1001')
  const { id } = await press(stack, '1001', { verified: true })
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await expectHearing(all, phones)
  return id
}

describe('verified transfer', () => {
  it('the first desk stays until 110 has confirmed', async () => {
    const id = await givenVerified()
    expect(await stack.api.post(`/v1/handovers/${id}/confirm`, {})).toMatchObject({ status: 200, body: { handover: { state: 'joined' } } })
    await phones.agent.waitFor('idle')
    const { handover } = await settled(stack, id, 'completed')
    expect(handover.confirmedAt).toMatch(/Z$/)
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
  })

  it('both desks leave without a confirmation: it has failed, and the first desk is rung again', async () => {
    const id = await givenVerified()
    await phones.agent.hangUp()
    await phones.agent.waitFor('idle')
    await phones.peer.hangUp()
    expect((await settled(stack, id, 'failed')).handover.failure?.reason).toBe('peer-left')
    await phones.agent.waitFor('incoming')
    expect(phones.caller.state).toBe('established')
  })
})
