import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { callOf, clear, expectMusicOrRingback, expectTalkTogether, tones } from '../support/given-call.ts'
import { factsOf, heardInFile, storyIn } from '../support/given-recording.ts'

let stack: Stack
let caller: Phone
let agent: Phone

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-recording-notice', calls: { ringMs: 8_000, retryMs: 1_000 }, recording: { enabled: true, notice: true } })
  caller = await stack.citizen({ toneHz: tones.caller })
  agent = await stack.agent('1001', tones.agent)
}, 120_000)
afterAll(() => stopAll())

describe('the notice that the call is recorded', () => {
  it('is heard while the desk rings, and music after it; then the two talk', async () => {
    await caller.dial('12345')
    await agent.waitFor('incoming')
    await caller.waitFor('established')
    await expectMusicOrRingback(caller, 3_500)
    expect(agent.state).toBe('incoming')
    await agent.answer()
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
    const { id } = await callOf(stack, '1001')
    await clear(stack, caller, agent)
    await factsOf(stack, id)
    expect(storyIn(heardInFile(stack, id)).at(-1)).toBe('caller+agent')
  })

  it('holds up no desk: one that answers at once has the caller at once', async () => {
    await caller.dial('12345')
    await agent.waitFor('incoming')
    await agent.answer()
    const answeredAt = performance.now()
    await eventually(() => agent.listen(tones, 200), (heard) => heard.join() === 'caller', 5_000)
    expect(performance.now() - answeredAt).toBeLessThan(1_500)
    await expectTalkTogether([caller, 'caller'], [agent, 'agent'])
    await clear(stack, caller, agent)
  })
})
