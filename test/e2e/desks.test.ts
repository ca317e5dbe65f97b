import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { clear, expectHearing, givenTalk, expectMusicOrRingback, press, settled, tones, type Voice } from '../support/given-call.ts'
import { startSipPeer } from '../support/sip-peer.ts'

/** 12345 has two seats, rung one after the other; 110 is behind a trunk, and has a seat here as its second route. */
let stack: Stack
let phones: Record<Voice, Phone>
let second: Phone
let trunkPort: number

beforeAll(async () => {
  trunkPort = await freePort(undefined, 'udp')
  stack = await startStack({
    name: 'e2e-desks',
    policeTrunkPort: trunkPort,
    calls: { ringMs: 8_000, retryMs: 1_000, routeMs: 1_000, seatMs: 1_500 },
    seats: { '12345': ['1001', '1002'], '110': ['2001'] },
    desks: {
      '12345': { strategy: 'longest-idle', overflow: { afterMs: 1_500, maximum: 1 } },
      '110': { routes: ['police', 'seats'] },
    },
  })
  const [caller, agent, peer] = [await stack.citizen({ toneHz: tones.caller }), await stack.agent('1001', tones.agent), await stack.agent('2001', tones.peer)]
  phones = { caller, agent, peer, guest: await stack.agent('1002', tones.guest) }
  second = await stack.citizen({ number: '13900005678', toneHz: tones.caller })
}, 120_000)
afterEach(async () => {
  await clear(stack, ...Object.values(phones), second)
  await Promise.all(['1001', '1002', '2001'].map((agent) => state(agent, 'available')))
})
afterAll(() => stopAll())

const state = (agent: string, now: string) => stack.api.put(`/v1/agents/${agent}/state`, { state: now })
const calls = async () => (await stack.api.get<{ items: CallSummary[] }>('/v1/calls')).body.items

describe('seats rung one after the other', () => {
  it('who has been without a call longest is rung first, then the next one', async () => {
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    await clear(stack, phones.caller, phones.agent)
    await phones.caller.dial('12345')
    await phones.guest.waitFor('incoming')
    expect(phones.agent.state).toBe('idle')
    await phones.agent.waitFor('incoming', 8_000)
    // The next one is rung first, then the other one's ringing is taken back.
    await phones.guest.waitFor('idle')
  })

  it('an agent who has paused is not rung, and is again when back; a restart does not forget it', async () => {
    expect(await state('1001', 'paused')).toMatchObject({ status: 200, body: { state: 'paused', durable: true } })
    await stack.service.stop()
    await stack.startService()
    await phones.caller.dial('12345')
    await phones.guest.waitFor('incoming')
    await phones.guest.hangUp()
    expect(phones.agent.state).toBe('idle')
    await state('1001', 'available')
    await phones.agent.waitFor('incoming', 8_000)
  })
})

describe('both seats are taken', () => {
  it('the caller waits with music and gets the first who is free', async () => {
    await state('1002', 'signed-out')
    await state('2001', 'signed-out')
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    await second.dial('12345')
    await second.waitFor('established')
    await expectMusicOrRingback(second, 3_000)
    await phones.caller.hangUp()
    await phones.agent.waitFor('incoming', 8_000)
    await phones.agent.answer()
    await eventually(async () => (await calls())[0]?.caller.number, (number) => number === '13900005678')
  })

  it('the other desk helps out after the agreed time (互助)', async () => {
    await state('1001', 'signed-out')
    await state('1002', 'signed-out')
    await phones.caller.dial('12345')
    await phones.peer.waitFor('incoming', 8_000)
    await phones.peer.answer()
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
    expect(await calls()).toMatchObject([{ platform: '12345', desk: '110', agent: '2001' }])
  })
})

describe('several routes to 110', () => {
  it('its trunk gives no sign of ringing: its seat here is rung', async () => {
    const trunk = await startSipPeer({ behaviour: 'silent', port: trunkPort })
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    const { id } = await press(stack, '1001')
    await phones.peer.waitFor('incoming', 8_000)
    await phones.peer.answer()
    expect((await settled(stack, id, 'completed')).handover.target).toBe('2001')
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
    await trunk.stop()
  })

  it('its trunk refuses: its seat is rung at once', async () => {
    const trunk = await startSipPeer({ behaviour: 503, port: trunkPort })
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    const { id } = await press(stack, '1001')
    await phones.peer.waitFor('incoming')
    await phones.peer.reject()
    expect((await settled(stack, id, 'failed')).handover.failure).toMatchObject({ reason: 'busy', sipCode: 486 })
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
    await trunk.stop()
  })
})
