import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { carrierHost, type Stack, startStack } from '../../src/lab/stack.ts'
import { clear, expectTalkTogether, tones } from '../support/given-call.ts'

/** Asterisk stands still, or the service stops, while somebody is being rung. */
let stack: Stack
let caller: Phone
let agent: Phone

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-away-asterisk', carrierPort: await freePort(undefined, 'both', carrierHost), calls: { ringMs: 3_000, retryMs: 1_000 } })
  caller = await stack.citizen({ toneHz: tones.caller })
  agent = await stack.agent('1001', tones.agent)
}, 120_000)
afterAll(() => stopAll())

const health = async () => (await stack.api.get<{ ok: boolean; calls: number }>('/v1/health')).body

it('Asterisk stands still beyond the ring time of a caller’s first ringing: he is not lost, and the desk is rung again', async () => {
  await caller.dial('12345')
  await agent.waitFor('incoming')
  stack.asterisk.process.kill('SIGSTOP')
  await eventually(health, ({ ok }) => !ok, 15_000)
  // The ring time ends meanwhile: nobody could be told.
  await eventually(async () => (await stack.api.get<{ items: { state: string }[] }>('/v1/calls')).body.items[0]?.state, (state) => state === 'waiting', 10_000)
  expect((await health()).calls).toBe(1)
  stack.asterisk.process.kill('SIGCONT')
  await eventually(health, ({ ok }) => ok, 30_000)
  await caller.waitFor('established', 10_000)
  // The first ringing may not have been given up yet.
  await eventually(() => agent.events.filter(({ type }) => type === 'CALL_INCOMING').length, (rung) => rung === 2)
  await agent.answer()
  await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
  await clear(stack, caller, agent)
})

it('the service stops while an agent calls a citizen: neither phone is left ringing or waiting', async () => {
  await stack.api.post('/v1/calls', { agent: '1001', number: '13800001234' })
  await agent.waitFor('incoming')
  await agent.answer()
  await caller.waitFor('incoming')
  await stack.service.stop()
  await Promise.all([caller.waitFor('idle'), agent.waitFor('idle')])
  expect([caller.state, agent.state]).toEqual(['idle', 'idle'])
  await stack.startService()
})
