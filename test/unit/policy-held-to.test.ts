import { describe, expect, it } from 'vitest'
import { heldTo, lacksReason } from '../../src/domain/policy/held-to.ts'

describe('what an agent does, held to the policy', () => {
  it('keeps mode, platform, urgency, paragraphs and warnings, and whether he goes by it', () => {
    const facts = { at: '110', channel: 'phone', responsibility: '12345', violenceThreatened: true } as const
    const kept = { mode: 'keep', platform: '110', urgency: 'emergency', paragraphs: ['§10'], warnings: ['inform-12345'] }
    expect(heldTo(facts, { mode: 'keep', platform: '110' })).toEqual({ ...kept, followed: true })
    expect(heldTo(facts, { mode: 'transfer', platform: '12345' })).toEqual({ ...kept, followed: false })
  })

  it.each([
    ['the mode is another', { mode: 'conference', platform: '12345' }],
    ['the platform is another', { mode: 'keep', platform: '110' }],
    ['it is explained instead', { mode: 'guide' }],
  ] as const)('goes not by it when %s', (_, deed) => {
    expect(heldTo({ at: '110', channel: 'phone', responsibility: '12345' }, deed).followed).toBe(false)
  })
})

describe('a reason is lacking', () => {
  const against = heldTo({ at: '110', channel: 'phone', responsibility: '110' }, { mode: 'transfer', platform: '12345' })
  const along = heldTo({ at: '110', channel: 'phone', responsibility: '12345' }, { mode: 'transfer', platform: '12345' })

  it.each([
    ['against the policy, without one', against, { mode: 'transfer', platform: '12345' }, undefined, true],
    ['against the policy, with one', against, { mode: 'transfer', platform: '12345' }, 'he insists', false],
    ['as the policy says', along, { mode: 'transfer', platform: '12345' }, undefined, false],
    ['against the policy, to the police', against, { mode: 'transfer', platform: '110' }, undefined, false],
    ['against the policy, kept by the police', against, { mode: 'keep', platform: '110' }, undefined, true],
  ] as const)('%s', (_, decision, deed, reason, lacks) => {
    expect(lacksReason(decision, deed, reason)).toBe(lacks)
  })
})
