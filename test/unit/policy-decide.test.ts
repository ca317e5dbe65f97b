import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { otherThan, platforms } from '../../src/domain/handover/handover.ts'
import { callerKinds, decide, type PolicyFacts, responsibilities } from '../../src/domain/policy/decide.ts'

const spec = readFileSync(join(import.meta.dirname, '../../src/domain/policy/SPEC.md'), 'utf8')
const table = spec.split('\n').filter((line) => /^\| D\d/.test(line)).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))

/** What each `When` of the table is, as facts. */
const when: Readonly<Record<string, readonly Partial<PolicyFacts>[]>> = {
  danger: [{ danger: true, responsibility: '12345' }, { danger: true, responsibility: 'neither', nuisance: true }, { danger: true, unresolved: true }, { danger: true, caller: 'police-officer', responsibility: '110' }],
  'danger, shared or unclear': [{ danger: true, responsibility: 'shared' }, { danger: true, responsibility: 'unclear' }],
  'danger, else': [{ danger: true, responsibility: '110' }, { danger: true, responsibility: '12345' }, { danger: true, responsibility: 'neither' }],
  'violence threatened': [{ violenceThreatened: true, responsibility: '12345' }, { violenceThreatened: true, responsibility: 'unclear', stabilityClue: true }],
  'stability clue': [{ stabilityClue: true, responsibility: '12345' }, { stabilityClue: true, responsibility: 'shared', nuisance: true }],
  'a police officer asks for police work': [{ caller: 'police-officer', responsibility: '110' }],
  nuisance: [{ nuisance: true, responsibility: 'neither' }, { nuisance: true, responsibility: '110' }],
  "neither platform's": [{ responsibility: 'neither' }, { responsibility: 'neither', unresolved: true }],
  'shared or unclear': [{ responsibility: 'shared' }, { responsibility: 'unclear' }],
}

const ownOf = (at: '12345' | '110', name: string): readonly Partial<PolicyFacts>[] => {
  if (name === 'its own') return [{ responsibility: at }, { responsibility: at, handledFirst: true }]
  if (name === 'a three-way call did not settle it, who has it answered first') return [{ unresolved: true, responsibility: 'unclear' }, { unresolved: true, responsibility: 'shared', first: at }]
  if (name === 'a three-way call did not settle it, the other answered first') return [{ unresolved: true, responsibility: 'shared', first: otherThan(at) }]
  if (name === "the other's, handled first") return [{ responsibility: otherThan(at), handledFirst: true }]
  return name === "clearly the other's" || name === "the other's" ? [{ responsibility: otherThan(at) }] : (when[name] ?? [])
}

test.each(table)('%s: %s, at %s by %s → %s', (_, condition = '', atCell = '', channelCell = '', mode = '', platform = '', urgency = '', paragraph = '') => {
  const cases = platforms.filter((at) => atCell === '–' || atCell === at).flatMap((at) =>
    (['phone', 'internet'] as const).filter((channel) => channelCell === '–' || channelCell === channel).flatMap((channel) => ownOf(at, condition).map((facts) => ({ at, channel, responsibility: 'unclear' as const, ...facts }))))
  expect(cases.length).toBeGreaterThan(0)
  for (const facts of cases) {
    const decision = decide(facts)
    const who = { '–': undefined, '110': '110', 'the other': otherThan(facts.at), 'the same': facts.at }[platform]
    expect({ facts, mode: decision.mode, platform: decision.platform, urgency: decision.urgency, paragraph: decision.because[0]?.paragraph }).toEqual({ facts, mode: mode.split(/[;,]/)[0], platform: who, urgency: urgency.replace(' ', '-'), paragraph })
  }
})

test('the table has a row for each rule', () => {
  expect(table.map(([id]) => id)).toEqual(Array.from({ length: 24 }, (_, index) => `D${index + 1}`))
})

test('a dispute of 12345’s that may turn violent: 110 goes, and 12345 is informed', () => {
  expect(decide({ at: '110', channel: 'phone', responsibility: '12345', violenceThreatened: true })).toMatchObject({ mode: 'keep', platform: '110', warnings: ['inform-12345'] })
})

const anyFacts: fc.Arbitrary<PolicyFacts> = fc.record(
  { at: fc.constantFrom(...platforms), channel: fc.constantFrom('phone' as const, 'internet' as const), responsibility: fc.constantFrom(...responsibilities), danger: fc.boolean(), handledFirst: fc.boolean(), unresolved: fc.boolean(), first: fc.constantFrom(...platforms), stabilityClue: fc.boolean(), violenceThreatened: fc.boolean(), caller: fc.constantFrom(...callerKinds), nuisance: fc.boolean() },
  { requiredKeys: ['at', 'channel', 'responsibility'] },
)

test('whatever else is known: danger is 110’s at once, a push from 110 is never urgent, and a reason is always named', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const decision = decide(facts)
      const dangerIsPolices = !facts.danger || (decision.platform === '110' && decision.urgency === 'emergency')
      const pushIsNeverUrgent = facts.at !== '110' || decision.mode !== 'push' || (decision.platform === '12345' && decision.urgency === 'routine')
      expect({ dangerIsPolices, pushIsNeverUrgent, reasoned: decision.because.length > 0 }).toEqual({ dangerIsPolices: true, pushIsNeverUrgent: true, reasoned: true })
    }),
    { numRuns: 2_000 },
  )
})

const because = (caller: (typeof callerKinds)[number]) => decide({ at: '12345', channel: 'phone', responsibility: '12345', violenceThreatened: true, caller }).because[0]?.text

test('a member unit that calls for help in a conflict goes by its own sentence', () => {
  expect(because('member-unit')).toContain('成员单位')
  expect(because('citizen')).toContain('第一时间派警处置')
})
