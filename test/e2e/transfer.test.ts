import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { expectEmptyAsterisk, clear, givenTalk, expectMusicOrRingback, press, settled, expectTalkTogether, tones } from '../support/given-call.ts'

let stack: Stack
let caller: Phone
let agent: Phone
let peer: Phone

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-transfer', calls: { ringMs: 4_000, retryMs: 1_000 } })
  caller = await stack.citizen({ name: '王 先生', toneHz: tones.caller })
  agent = await stack.agent('1001', tones.agent)
  peer = await stack.agent('2001', tones.peer)
}, 120_000)
afterEach(() => clear(stack, caller, agent, peer))
afterAll(() => stopAll())

describe('one-key transfer, answered', () => {
  it('joins the citizen with 110 and releases the agent; before, during and after everyone hears whom they should', async () => {
    await givenTalk(stack, caller, agent, '1001')
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
    const { id } = await press(stack, '1001')
    await peer.waitFor('incoming')
    const [heardByAgent] = await Promise.all([agent.listen(tones, 2_000), expectMusicOrRingback(caller, 3_000)])
    expect(heardByAgent).toEqual([])
    await peer.answer()
    await agent.waitFor('idle')
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
    const { handover } = await settled(stack, id, 'completed')
    expect(handover).toMatchObject({ from: '12345', to: '110', agent: '1001', target: '2001', mode: 'transfer' })
    const { dial = NaN, ring = NaN, answer = NaN, joined = NaN, released = NaN } = handover.clock
    expect([0, dial, ring, answer, joined, released]).toEqual([0, dial, ring, answer, joined, released].toSorted((a, b) => a - b))
  })

  it("shows 110 the citizen's number and carries the hand-over's id in the INVITE", async () => {
    const call = await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001')
    await peer.waitFor('incoming')
    expect(peer.peer?.number).toBe('13800001234')
    expect(peer.peer?.name).toBe('王 先生')
    expect(await peer.incomingHeaders()).toMatchObject({ 'x-tandem-handover-id': id, 'x-tandem-call-id': call.id })
  })

  it('works from 110 to 12345 as well, and the receiving desk may hand the call back', async () => {
    await givenTalk(stack, caller, peer, '2001', '110')
    const first = await press(stack, '2001')
    expect(first).toMatchObject({ from: '110', to: '12345' })
    await agent.waitFor('incoming')
    await agent.answer()
    await peer.waitFor('idle')
    await settled(stack, first.id, 'completed')
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
    const back = await press(stack, '1001')
    await peer.waitFor('incoming')
    await peer.answer()
    await agent.waitFor('idle')
    await settled(stack, back.id, 'completed')
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  })

  it('ends the call for both when the citizen hangs up, and when the desk does', async () => {
    await givenTalk(stack, caller, agent, '1001')
    await caller.hangUp()
    await agent.waitFor('idle')
    await expectEmptyAsterisk(stack)
    await givenTalk(stack, caller, agent, '1001')
    await agent.hangUp()
    await caller.waitFor('idle')
  })
})

async function expectFailure(id: string, failure: object): Promise<void> {
  const { handover } = await settled(stack, id, 'failed')
  expect(handover.failure).toMatchObject(failure)
  await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
  expect(peer.state).toBe('idle')
}

describe('one-key transfer, not answered: the pair talk again and the agent is told why', () => {
  it('busy', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001')
    await peer.waitFor('incoming')
    await peer.reject()
    await expectFailure(id, { reason: 'busy', sipCode: 486, cause: 17 })
  })

  it('unavailable', async () => {
    await peer.doNotDisturb(true)
    await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001')
    await expectFailure(id, { reason: 'unreachable', sipCode: 480, cause: 19 })
    await peer.doNotDisturb(false)
  })

  it('no answer within the ring time', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001')
    await peer.waitFor('incoming')
    await peer.waitFor('idle', 8_000)
    await expectFailure(id, { reason: 'no-answer' })
  })

  it('and the next press succeeds', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const refused = await press(stack, '1001')
    await peer.waitFor('incoming')
    await peer.reject()
    await settled(stack, refused.id, 'failed')
    const { id } = await press(stack, '1001')
    expect(id).not.toBe(refused.id)
    await eventually(() => peer.state, (state) => state === 'incoming')
    await peer.answer()
    await settled(stack, id, 'completed')
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  })
})

describe('a briefing', () => {
  it('is heard by the joining desk alone, then it has the citizen', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001', { briefing: true })
    await peer.waitFor('incoming')
    await peer.answer()
    await peer.waitFor('established')
    const [waiting] = await Promise.all([caller.listen(tones, 800), expectMusicOrRingback(peer, 1_000)])
    expect(waiting).toEqual([])
    await settled(stack, id, 'completed')
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  })

  it('is cut short when the desk hangs up: the pair talk again', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001', { briefing: true })
    await peer.waitFor('incoming')
    await peer.answer()
    await peer.waitFor('established')
    await peer.hangUp()
    expect((await settled(stack, id, 'failed')).handover.failure?.reason).toBe('peer-left')
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
  })
})

describe('people leave or change their minds while 110 rings', () => {
  it('cancelled by the agent: 110 stops ringing, the pair talk again', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001')
    await peer.waitFor('incoming')
    const answer = await stack.api.post<{ handover: Handover }>(`/v1/handovers/${id}/cancel`, {})
    expect(answer).toMatchObject({ status: 200, body: { handover: { id, state: 'cancelled' } } })
    await peer.waitFor('idle')
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
    const again = await stack.api.post<{ handover: Handover }>(`/v1/handovers/${id}/cancel`, {})
    expect(again).toMatchObject({ status: 200, body: { handover: { id, state: 'cancelled' } } })
  })

  it('the agent leaves: the citizen hears music or ringback, 110 rings on and gets the call', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001')
    await peer.waitFor('incoming')
    await agent.hangUp()
    await expectMusicOrRingback(caller, 3_000)
    expect(peer.state).toBe('incoming')
    await peer.answer()
    const { handover } = await settled(stack, id, 'completed')
    expect(handover.clock.released).toBeLessThan(handover.clock.answer ?? NaN)
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  })

  it('the agent leaves and 110 does not take the call: the first desk is rung again, nobody is dropped', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001')
    await peer.waitFor('incoming')
    await agent.hangUp()
    await agent.waitFor('idle')
    await peer.reject()
    await settled(stack, id, 'failed')
    await agent.waitFor('incoming')
    expect(caller.state).toBe('established')
    await agent.answer()
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
  })

  it('the citizen leaves while 110 rings: nothing keeps ringing', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001')
    await peer.waitFor('incoming')
    await caller.hangUp()
    await peer.waitFor('idle')
    await agent.waitFor('idle')
    const { handover } = await settled(stack, id, 'failed')
    expect(handover.failure?.reason).toBe('caller-left')
  })

  it('the citizen leaves before the desk has answered: its phone stops ringing', async () => {
    await caller.dial('12345')
    await agent.waitFor('incoming')
    await caller.hangUp()
    await agent.waitFor('idle')
    await expectEmptyAsterisk(stack)
  })

  it('the key pressed twice makes one hand-over', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const body = { agent: '1001', mode: 'transfer' }
    const presses = await Promise.all([1, 2, 3].map(() => stack.api.post<{ handover: Handover }>('/v1/handovers', body)))
    expect(presses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 201])
    expect(new Set(presses.map((answer) => answer.body.handover.id)).size).toBe(1)
    await peer.waitFor('incoming')
    const channels = await stack.asterisk.rx('core show channels concise')
    expect(channels.split('\n').filter((line) => line.startsWith('PJSIP/2001-'))).toHaveLength(1)
  })

  it('Asterisk is never asked to play into a bridge, which can end it while somebody is leaving that bridge', async () => {
    await caller.dial('12345')
    await agent.waitFor('incoming')
    await agent.waitFor('idle', 8_000)
    await agent.waitFor('incoming', 8_000)
    await agent.answer()
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
    const { id } = await press(stack, '1001')
    await settled(stack, id, 'ringing')
    const log = readFileSync(join(stack.dir, 'asterisk/log/messages.log'), 'utf8')
    expect(log).toContain('Announcer/ARI_MOH-')
    expect(log).toContain("class 'tandem-please-wait'")
    expect(log).not.toContain('Announcer/ARI-')
  })

  it('nobody at the desk answers: the citizen is never sent away, and the desk is rung again', async () => {
    await caller.dial('12345')
    await agent.waitFor('incoming')
    await agent.waitFor('idle', 8_000)
    await caller.waitFor('established')
    await agent.waitFor('incoming', 8_000)
    await agent.answer()
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
  })
})
