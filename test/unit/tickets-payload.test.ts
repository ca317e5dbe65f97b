import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { type CallBackFact, handoverFactTypes, isHandoverFact } from '../../src/domain/facts.ts'
import type { Entry } from '../../src/journal/journal.ts'
import { type Ticket, ticketOf, webhookId } from '../../src/tickets/payload.ts'
import { CallBackPayloadSchema, HandoverPayloadSchema } from '../../src/tickets/payload-schema.ts'
import { planned } from '../../src/tickets/planner.ts'
import { callFact, handoverFact } from '../support/journal-facts.ts'

const secrets = [`whsec_${'a'.repeat(32)}`]
const endpoint = (id: string, platform: '12345' | '110', events?: string[]) => ({
  signature: 'hmac-sha256' as const,
  id,
  platform,
  url: 'https://example.org/hook',
  secrets,
  concurrency: 16,
  ...(events ? { events } : {}),
})
const requested = handoverFact('h1', 'handover-requested', 2)
const entry: Entry = { position: 7, epoch: 1, fact: requested }

describe('the payload', () => {
  it('tells of six of the facts of a hand-over, of none of a call', () => {
    expect(handoverFactTypes.map((type) => ticketOf(handoverFact('h1', type, 1))?.payload.type ?? null)).toEqual([
      'handover.requested',
      null,
      'handover.ringing',
      'handover.answered',
      null,
      null,
      'handover.completed',
      'handover.failed',
      'handover.cancelled',
      null,
      null,
      null,
    ])
    expect(ticketOf(callFact('c1', 1))).toBeUndefined()
  })

  it('is what its published schema says', () => {
    if (!isHandoverFact(requested)) throw new Error('not a hand-over fact')
    const payload = ticketOf(requested)?.payload
    expect(payload).toEqual({
      type: 'handover.requested',
      version: 1,
      timestamp: requested.at,
      data: { handover: requested.handover, call: requested.call, sequence: 2 },
    })
    expect(Value.Check(HandoverPayloadSchema, payload)).toBe(true)
    expect(Value.Check(HandoverPayloadSchema, { ...payload, type: 'handover.dialled' })).toBe(false)
  })
})

describe('a caller who was lost', () => {
  const fact: CallBackFact = { ...callFact('c1', 4), type: 'call-back-requested', platform: '110' }

  it('is told to the platform that is to call back, as its published schema says', () => {
    const payload = ticketOf(fact)?.payload
    expect(payload).toEqual({ type: 'call-back.requested', version: 1, timestamp: fact.at, data: { platform: '110', call: fact.call, sequence: 4 } })
    expect(Value.Check(CallBackPayloadSchema, payload)).toBe(true)
    const endpoints = [endpoint('a', '110'), endpoint('b', '12345'), endpoint('c', '110', ['handover.completed'])]
    expect(planned({ ...entry, fact }, endpoints, 'tandem', 5)).toMatchObject([{ endpoint: 'a', subject: 'c1', event: 'call-back.requested' }])
  })
})

describe('planning', () => {
  it('takes the endpoints of the receiving platform that want the event', () => {
    const endpoints = [endpoint('a', '110'), endpoint('b', '12345'), endpoint('c', '110', ['handover.completed'])]
    const deliveries = planned(entry, endpoints, 'tandem', 5)
    expect(deliveries).toMatchObject([
      { endpoint: 'a', subject: 'h1', position: 7, event: 'handover.requested', state: 'pending', attempts: 0, nextAt: 5 },
    ])
    expect(planned({ ...entry, fact: callFact('c1', 1) }, endpoints, 'tandem', 5)).toEqual([])
  })

  it('names a delivery by what it tells, in a form fit for BullMQ', () => {
    const ticket = ticketOf(requested)
    if (!ticket) throw new Error('no ticket')
    const id = webhookId('tandem', 'a', ticket)
    expect(id).toMatch(/^msg_[\w-]{27}$/)
    expect(webhookId('tandem', 'a', { ...ticket })).toBe(id)
    const later = ticketOf({ ...requested, sequence: 3 }) as Ticket
    const others = [webhookId('other', 'a', ticket), webhookId('tandem', 'b', ticket), webhookId('tandem', 'a', later)]
    expect(new Set([id, ...others]).size).toBe(4)
  })
})
