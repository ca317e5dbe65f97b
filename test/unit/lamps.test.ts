import { describe, expect, it } from 'vitest'
import { type Handover, handoverStates } from '../../src/domain/handover/handover.ts'
import { deviceStates, lampsOf } from '../../src/softkeys/lamps.ts'

const config = { agents: [{ id: '1001' }, { id: '1002' }], keys: { failedMs: 10_000 } } as unknown as Parameters<typeof lampsOf>[0]
const handover = (more: Partial<Handover>): Handover => ({ id: 'ho-1', callId: 'call-1', mode: 'transfer', state: 'ringing', from: '12345', to: '110', agent: '1001', requestedAt: '2026-11-28T08:00:00.000Z', clock: { press: 0 }, ...more })
const at = (given: Handover | undefined, nowMs = 0) =>
  Object.fromEntries(lampsOf(config, { last: (agent) => (given && agent === given.agent ? { handover: given, atMs: 0 } : undefined), desk: () => 'free' }, nowMs))

describe('the lamps of an agent’s keys', () => {
  it('are dark without a hand-over', () => {
    expect(new Set(Object.values(at(undefined)))).toEqual(new Set([deviceStates.off]))
  })

  it.each([
    [{}, 'tandem-transfer-1001'],
    [{ mode: 'conference' }, 'tandem-conference-1001'],
    [{ consult: true }, 'tandem-consult-1001'],
    [{ consult: true, mode: 'conference' }, 'tandem-consult-1001'],
  ] as const)('%o lights one alone, whatever its state', (more, lamp) => {
    for (const state of handoverStates) {
      const lit = Object.entries(at(handover({ ...more, state }))).filter(([, shown]) => shown !== deviceStates.off)
      expect(lit.map(([name]) => name)).toEqual(state === 'completed' || state === 'cancelled' ? [] : [lamp])
    }
  })

  it.each([
    ['requested', deviceStates.rings],
    ['dialling', deviceStates.rings],
    ['ringing', deviceStates.rings],
    ['answered', deviceStates.lit],
    ['joined', deviceStates.lit],
    ['failed', deviceStates.failed],
    ['completed', deviceStates.off],
    ['cancelled', deviceStates.off],
  ] as const)('%s: %s', (state, shown) => {
    expect(at(handover({ state }))['tandem-transfer-1001']).toBe(shown)
  })

  it('show a failure for a while', () => {
    const failed = handover({ state: 'failed' })
    expect([at(failed, 9_999)['tandem-transfer-1001'], at(failed, 10_000)['tandem-transfer-1001']]).toEqual([deviceStates.failed, deviceStates.off])
  })
})

it.each([
  ['free', deviceStates.off],
  ['busy', deviceStates.lit],
  ['unreachable', deviceStates.failed],
] as const)('a desk that is %s shows %s', (availability, shown) => {
  const lamps = lampsOf(config, { last: () => undefined, desk: (platform) => (platform === '110' ? availability : 'free') }, 0)
  expect([lamps.get('tandem-desk-110'), lamps.get('tandem-desk-12345')]).toEqual([shown, deviceStates.off])
})
