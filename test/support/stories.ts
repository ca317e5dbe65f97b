import { v7 as uuid } from 'uuid'
import type { CallsFact, Fact } from '../../src/domain/facts.ts'
import { callOf, handoverOf } from './journal-facts.ts'

/** Matters of the stories, as categories and items of the catalogue are. */
export const categories = Array.from({ length: 12 }, (_, i) => `类别${i}`)
export const items = Array.from({ length: 11 }, (_, i) => `细类${i}`)

const steps = ['handover-requested', 'handover-dialled', 'handover-ringing', 'handover-answered', 'handover-completed'] as const

export interface Story {
  readonly call: string
  readonly handover: string
  readonly number: string
  readonly ticket: string
  readonly facts: readonly Fact[]
}

/**
 * A citizen who calls and is handed over, as a call tells it: five facts of the hand-over, then the call's end.
 * @param n which one: decides number, matter, agent and outcome @param at UTC ms
 */
export function story(n: number, at: number): Story {
  const [call, handover] = [`call-${uuid({ msecs: at })}`, `ho-${uuid({ msecs: at })}`]
  const number = `138${String((n * 7919) % 20_000).padStart(8, '0')}`
  const ticket = `T-${n}`
  const time = (ms: number) => new Date(at + ms).toISOString()
  const agent = `10${String(n % 60).padStart(2, '0')}`
  const summary = { ...callOf(call), agent, ticket, caller: { number, name: '王女士' }, arrivedAt: time(0) }
  const record = {
    ...handoverOf(handover, 'requested'),
    callId: call,
    agent,
    to: n % 3 === 0 ? '12345' : '110',
    matter: { category: categories[n % categories.length] ?? '', item: items[n % items.length] ?? '' },
    reason: '邻居斗殴，需要出警',
    requestedAt: time(1_000),
  } as const
  const facts = steps.map((type, i): CallsFact => {
    const last = n % 20 === 0 ? 'handover-failed' : type
    const told = i === steps.length - 1 ? last : type
    return { version: 2, type: told, sequence: i + 1, at: time(1_000 + i * 800), call: summary, handover: { ...record, state: told.slice('handover-'.length) as 'ringing', clock: { press: 0, dial: 2, ring: 30 } } }
  })
  const ended: CallsFact = { version: 2, type: 'call-ended', sequence: steps.length + 1, at: time(90_000), call: { ...summary, state: 'ended', endedAt: time(90_000), endedBy: 'caller' } }
  return { call, handover, number, ticket, facts: [...facts, ended] }
}
