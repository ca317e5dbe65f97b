import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestCall } from '../../src/domain/test-call.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { givenTalk, tones } from '../support/given-call.ts'
import { type SipPeer, startSipPeer } from '../support/sip-peer.ts'

/** One call at a time, and 110 is tested every second as long as there is none. */
let stack: Stack
let caller: Phone
let agent: Phone
let police: SipPeer
let port: number

beforeAll(async () => {
  port = await freePort(undefined, 'udp')
  police = await startSipPeer({ behaviour: 'answer-tone', port })
  stack = await startStack({
    name: 'e2e-test-calls-scheduled',
    policeTrunkPort: port,
    calls: { maximum: 1 },
    testCalls: [{ platform: '110', endpoint: 'police', number: '110999', expect: 'sound', everyMs: 1_000, ringMs: 500 }],
  })
  caller = await stack.citizen({ toneHz: tones.caller })
  agent = await stack.agent('1001', tones.agent)
}, 120_000)
afterAll(() => stopAll())

const last = async () => (await stack.api.get<{ items: TestCall[] }>('/v1/test-calls')).body.items[0]

/** That have come to 110. */
const calls = () => new Set(police.received().map(({ headers }) => headers['call-id'])).size

it('the path is measured again and again, by nobody’s order', async () => {
  const first = await eventually(last, (found) => found !== undefined)
  expect(first).toMatchObject({ platform: '110', ok: true })
  expect(first).not.toHaveProperty('by')
  const second = await eventually(last, (found) => found?.id !== first?.id)
  expect(Date.parse(second?.startedAt ?? '') - Date.parse(first?.startedAt ?? '')).toBeGreaterThanOrEqual(1_000)
})

it('not while all calls that can be taken are taken; and again when they are over', async () => {
  await givenTalk(stack, caller, agent, '1001')
  await eventually(() => police.count('BYE'), (byes) => byes === calls())
  const before = calls()
  expect(await caller.listen(tones, 3_000)).toEqual(['agent'])
  expect(calls()).toBe(before)
  await caller.hangUp()
  await eventually(calls, (count) => count > before)
})

it('110 is gone: that is seen by itself, in the results and in health', async () => {
  await police.stop()
  // The one under way then was answered already.
  const failed = await eventually(last, (found) => found?.failure?.reason === 'unreachable', 20_000)
  expect(failed).toMatchObject({ ok: false, clock: { start: 0 } })
  expect((await stack.api.get('/v1/health')).body).toMatchObject({ ok: true, testCalls: { ok: false } })
})
