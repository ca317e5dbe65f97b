import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { expectEmptyAsterisk, clear, givenTalk, press, settled, shown, expectTalkTogether, tones } from '../support/given-call.ts'

let stack: Stack
let caller: Phone
let agent: Phone
let peer: Phone

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-away', retryMs: [200, 200, 500, 500, 500, 1000, 1000] })
  caller = await stack.citizen({ toneHz: tones.caller })
  agent = await stack.agent('1001', tones.agent)
  peer = await stack.agent('2001', tones.peer)
}, 120_000)
afterAll(() => stopAll())

/** The citizen reaches the desk without Tandem. */
async function expectDeskReached(): Promise<void> {
  await caller.dial('12345')
  await agent.waitFor('incoming', 10_000)
  expect(agent.peer?.number).toBe('13800001234')
  await agent.answer()
  await caller.waitFor('established')
  await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
  await caller.hangUp()
  await agent.waitFor('idle')
  await expectEmptyAsterisk(stack)
}

describe('Redis away', () => {
  afterEach(() => clear(stack, caller, agent, peer))

  it('does not touch a call, and the tickets are delivered in order when it returns', async () => {
    await stack.redis.kill()
    const call = await givenTalk(stack, caller, agent, '1001')
    const { id } = await press(stack, '1001')
    await peer.waitFor('incoming')
    await peer.answer()
    await settled(stack, id, 'completed')
    await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
    expect((await stack.api.get('/v1/health')).body).toMatchObject({ ok: true, redis: { ok: false } })
    expect(stack.receiver.of(call.id)).toEqual([])
    await stack.redis.start()
    const ofHandover = () => stack.receiver.of(call.id).filter(({ payload }) => payload.type.startsWith('handover.'))
    await eventually(() => ofHandover().length, (count) => count === 4, 40_000)
    expect(ofHandover().map(({ payload }) => payload.type)).toEqual([
      'handover.requested',
      'handover.ringing',
      'handover.answered',
      'handover.completed',
    ])
    // The last answer is on its way to the journal.
    const delivered = () => shown(stack, id).then(({ deliveries }) => deliveries.every(({ state }) => state === 'delivered'))
    expect(await eventually(delivered, Boolean)).toBe(true)
  })
})

describe('Tandem away', () => {
  it('frozen: the heartbeat is missed, and the desk is rung all the same', async () => {
    stack.service.kill('SIGSTOP')
    await eventually(
      async () => Date.now() / 1000 - Number((await stack.asterisk.rx('dialplan show globals')).match(/TANDEM_HEARTBEAT=([0-9]+)/)?.[1]),
      (age) => age > 4,
    )
    await expectDeskReached()
    stack.service.kill('SIGCONT')
    await eventually(async () => (await stack.api.get<{ ok: boolean }>('/v1/health')).body.ok, Boolean)
  })

  it('killed: the desk is rung all the same; started again, Tandem has the calls', async () => {
    stack.service.kill('SIGKILL')
    await stack.service.exited
    await expectDeskReached()
    await stack.startService()
    await givenTalk(stack, caller, agent, '1001')
    await clear(stack, caller, agent, peer)
  })

  it('stopped in order: who talks, talks on; who waits is rung through by the dialplan', async () => {
    await givenTalk(stack, caller, agent, '1001')
    const waiting = await stack.citizen({ number: '13900005678', toneHz: tones.caller })
    await waiting.dial('110')
    await peer.waitFor('incoming')
    const rung = () => peer.events.filter(({ type }) => type === 'CALL_INCOMING').length
    const before = rung()
    await stack.service.stop()
    // A phone that is still clearing its call is busy: the fallback rings it again after the announcement.
    await eventually(rung, (count) => count > before, 25_000)
    await peer.answer()
    await expectTalkTogether([waiting, 'caller'], [peer, 'peer'])
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
    await Promise.all([caller.hangUp(), agent.hangUp(), waiting.hangUp()])
    await Promise.all([caller.waitFor('idle'), agent.waitFor('idle'), peer.waitFor('idle')])
    await stack.startService()
  })

  it('without the desk’s phone either: the citizen waits with an announcement and reaches the desk when it is back', async () => {
    await stack.service.stop()
    await agent.doNotDisturb(true)
    await caller.dial('12345')
    await caller.waitFor('established', 10_000)
    await agent.doNotDisturb(false)
    await agent.waitFor('incoming', 30_000)
    await agent.answer()
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
  })
})
