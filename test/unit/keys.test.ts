import { array, boolean, check, constantFrom, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { phases } from '../../src/domain/call/state.ts'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { deedOf, keys, litDeedOf, litMs, type Part } from '../../src/domain/keys.ts'
import { meaningOf } from '../../src/softkeys/extensions.ts'
import { Digits } from '../../src/softkeys/digits.ts'

const handover: Handover = { id: 'ho-1', callId: 'call-1', mode: 'transfer', state: 'ringing', from: '12345', to: '110', agent: '1001', requestedAt: '2026-11-28T08:00:00.000Z', clock: { press: 0 } }
const pressedAt = Date.parse(handover.requestedAt)
const part = (more: Partial<Part> = {}): Part => ({ callId: 'call-1', agent: '1001', leg: 'leg-1', phase: 'talking', ...more })

describe('a key', () => {
  it.each([
    ['transfer', { mode: 'transfer', consult: false }],
    ['conference', { mode: 'conference', consult: false }],
    ['consult', { mode: 'transfer', consult: true }],
  ] as const)('%s begins a hand-over, whoever has the call', (key, press) => {
    expect(deedOf(key, part())).toEqual({ do: 'press', ...press })
  })

  it.each(['transfer', 'conference', 'consult'] as const)('%s presses again while the other desk rings: it changes nothing', (key) => {
    expect(deedOf(key, part({ phase: 'inviting', handover })).do).toBe('press')
  })

  it('goes on with a consultation: completes it, merges it', () => {
    const consulted = part({ phase: 'consulting', handover: { ...handover, consult: true } })
    expect(deedOf('transfer', consulted)).toEqual({ do: 'change', handover: 'ho-1', mode: 'transfer', consult: false })
    expect(deedOf('conference', consulted)).toEqual({ do: 'change', handover: 'ho-1', mode: 'conference', consult: false })
    expect(deedOf('back', consulted)).toEqual({ do: 'cancel', handover: 'ho-1' })
  })

  it('goes on with a three-way call: leaves it, consults again, which stays a three-way call', () => {
    const conferring = part({ phase: 'conferring', handover: { ...handover, mode: 'conference' } })
    expect(deedOf('transfer', conferring)).toEqual({ do: 'change', handover: 'ho-1', mode: 'transfer', consult: false })
    expect(deedOf('consult', conferring)).toEqual({ do: 'change', handover: 'ho-1', mode: 'conference', consult: true })
    expect(deedOf('conference', conferring).do).toBe('press')
  })

  it('confirms at the other desk only', () => {
    const verified = { ...handover, verified: true, target: '2001' }
    expect(deedOf('confirm', part({ phase: 'conferring', handover: verified, agent: '2001' }))).toEqual({ do: 'confirm', handover: 'ho-1' })
    expect(deedOf('confirm', part({ phase: 'conferring', handover: verified }))).toEqual({ do: 'refuse', code: 'not-your-call' })
    expect(deedOf('confirm', part())).toEqual({ do: 'refuse', code: 'handover-not-found' })
  })

  it('takes back what is under way or was last, and is one’s own', () => {
    expect(deedOf('back', part({ last: handover }))).toEqual({ do: 'cancel', handover: 'ho-1' })
    expect(deedOf('back', part())).toEqual({ do: 'refuse', code: 'handover-not-found' })
    expect(deedOf('back', part({ phase: 'consulting', handover, agent: '2001' }))).toEqual({ do: 'refuse', code: 'not-your-call' })
  })
})

describe('a key with a lamp', () => {
  it('takes its own ringing back, once it can have been seen', () => {
    const rings = part({ phase: 'inviting', handover })
    expect(litDeedOf('transfer', rings, pressedAt + litMs)).toEqual({ do: 'cancel', handover: 'ho-1' })
    expect(litDeedOf('transfer', rings, pressedAt + litMs - 1).do).toBe('press')
    expect(litDeedOf('conference', rings, pressedAt + litMs).do).toBe('press')
  })

  it('ends a consultation by its own key, and goes on with it by another', () => {
    const consulted = part({ phase: 'consulting', handover: { ...handover, consult: true } })
    expect(litDeedOf('consult', consulted, pressedAt + litMs)).toEqual({ do: 'cancel', handover: 'ho-1' })
    expect(litDeedOf('transfer', consulted, pressedAt + litMs)).toMatchObject({ do: 'change', mode: 'transfer' })
  })

  it('does what the same key without a lamp does in every other case', () => {
    const anyPart = record({ phase: constantFrom(...phases), agent: constantFrom('1001', '2001'), own: boolean(), consult: boolean(), mode: constantFrom('transfer' as const, 'conference' as const) })
    const same = check(
      property(constantFrom(...keys), anyPart, (key, { phase, agent, own, consult, mode }) => {
        const given = part({ phase, agent, ...(own ? { handover: { ...handover, mode, consult } } : {}) })
        const deed = litDeedOf(key, given, pressedAt + litMs)
        return deed.do === 'cancel' || JSON.stringify(deed) === JSON.stringify(deedOf(key, given))
      }),
    )
    expect(same.counterexample).toBeNull()
  })
})

/** What a search from left to right finds. */
function searched(codes: Readonly<Record<string, string>>, text: string): readonly string[] {
  const found: string[] = []
  for (let at = 0; at < text.length; ) {
    const hit = Object.entries(codes).find(([, code]) => text.startsWith(code, at))
    if (hit) found.push(hit[0])
    at += hit ? hit[1].length : 1
  }
  return found
}

describe('codes among the digits of a phone', () => {
  const codes = { transfer: '*1', conference: '*2', consult: '#33', back: '*9' }
  const typed = (text: string, apartMs = 100, digits = new Digits(codes, 2_000)) => text.split('').flatMap((digit, i) => digits.pressed('leg', digit, i * apartMs) ?? [])

  it('are found, wherever they stand', () => {
    expect(typed('*1')).toEqual(['transfer'])
    expect(typed('55*1*9')).toEqual(['transfer', 'back'])
    expect(typed('**2')).toEqual(['conference'])
    expect(typed('##33')).toEqual(['consult'])
    expect(typed('*81')).toEqual([])
  })

  it('are not, after too long a pause', () => {
    expect(typed('*1', 2_001)).toEqual([])
    expect(typed('*1', 2_000)).toEqual(['transfer'])
  })

  it('are each leg’s own, and forgotten with it', () => {
    const digits = new Digits(codes, 2_000)
    expect([digits.pressed('one', '*', 0), digits.pressed('two', '1', 1), digits.pressed('one', '1', 2)]).toEqual([undefined, undefined, 'transfer'])
    digits.pressed('one', '*', 3)
    digits.forget('one')
    expect(digits.pressed('one', '1', 4)).toBeUndefined()
  })

  it('are found in any digits just as a search in the text finds them', () => {
    const key = constantFrom(...'*#1239'.split(''))
    const same = check(property(array(key, { maxLength: 40 }), (digits) => typed(digits.join(''), 1).join() === searched(codes, digits.join('')).join()))
    expect(same.counterexample).toBeNull()
  })
})

describe('what a phone may dial', () => {
  const config = { keys: { codes: { transfer: '*1', conference: '*2', consult: 'none', confirm: '*5', back: '*9' }, pauseMs: 2_000, lamps: true, failedMs: 10_000 }, desks: { '12345': { numbers: ['12345'] }, '110': { numbers: ['110', '999'] } } } as const
  const meaning = (extension: string) => meaningOf(extension, '1001', config as unknown as Parameters<typeof meaningOf>[2])

  it('is a code, the code with its own name, or a desk’s number', () => {
    expect(meaning('*1')).toEqual({ key: 'transfer', lit: false })
    expect(meaning('*21001')).toEqual({ key: 'conference', lit: true })
    expect(meaning('999')).toEqual({ desk: '110' })
  })

  it('is nothing else: no other phone’s key, no code that there is not', () => {
    expect(['*11002', 'none', 'none1001', '*3', '13800001234'].map((extension) => meaning(extension))).toEqual([undefined, undefined, undefined, undefined, undefined])
  })
})
