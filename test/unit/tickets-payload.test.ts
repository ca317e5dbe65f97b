import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { handoverFactTypes, isHandoverFact } from '../../src/domain/facts.ts'
import type { Entry } from '../../src/journal/journal.ts'
import { ticketEventOf, ticketPayload, webhookId } from '../../src/tickets/payload.ts'
import { TicketPayloadSchema } from '../../src/tickets/payload-schema.ts'
import { planned } from '../../src/tickets/planner.ts'
import { callFact, handoverFact } from '../support/journal-facts.ts'

const secrets = [`whsec_${'a'.repeat(32)}`]
const endpoint = (id: string, platform: '12345' | '110', events?: string[]) => ({
  id,
  platform,
  url: 'https://example.org/hook',
  secrets,
  ...(events ? { events } : {}),
})
const requested = handoverFact('h1', 'handover-requested', 2)
const entry: Entry = { position: 7, epoch: 1, fact: requested }

describe('the payload', () => {
  it('tells of six of the facts of a hand-over, of none of a call', () => {
    expect(handoverFactTypes.map((type) => ticketEventOf(handoverFact('h1', type, 1)))).toEqual([
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
    expect(ticketEventOf(callFact('c1', 1))).toBeNull()
  })

  it('is what its published schema says', () => {
    if (!isHandoverFact(requested)) throw new Error('not a hand-over fact')
    const payload = ticketPayload('handover.requested', requested)
    expect(payload).toEqual({
      type: 'handover.requested',
      timestamp: requested.at,
      data: { handover: requested.handover, call: requested.call, sequence: 2 },
    })
    expect(Value.Check(TicketPayloadSchema, payload)).toBe(true)
    expect(Value.Check(TicketPayloadSchema, { ...payload, type: 'handover.dialled' })).toBe(false)
  })
})

describe('planning', () => {
  it('takes the endpoints of the receiving platform that want the event', () => {
    const endpoints = [endpoint('a', '110'), endpoint('b', '12345'), endpoint('c', '110', ['handover.completed'])]
    const deliveries = planned(entry, endpoints, 'tandem', 5)
    expect(deliveries).toMatchObject([
      { endpoint: 'a', handoverId: 'h1', position: 7, event: 'handover.requested', state: 'pending', attempts: 0, nextAt: 5 },
    ])
    expect(planned({ ...entry, fact: callFact('c1', 1) }, endpoints, 'tandem', 5)).toEqual([])
  })

  it('names a delivery by what it tells, in a form fit for BullMQ', () => {
    if (!isHandoverFact(requested)) throw new Error('not a hand-over fact')
    const id = webhookId('tandem', 'a', requested)
    expect(id).toMatch(/^msg_[\w-]{27}$/)
    expect(webhookId('tandem', 'a', { ...requested })).toBe(id)
    const later = { ...requested, sequence: 3 }
    const others = [webhookId('other', 'a', requested), webhookId('tandem', 'b', requested), webhookId('tandem', 'a', later)]
    expect(new Set([id, ...others]).size).toBe(4)
  })
})
