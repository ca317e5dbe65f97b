import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { type CallBackFact, handoverFactTypes, isHandoverFact, type TicketFact } from '../../src/domain/facts.ts'
import { ticketOfCall } from '../../src/domain/ticket/registration.ts'
import type { Entry } from '../../src/journal/journal.ts'
import { type Notice, noticeOf, webhookId } from '../../src/tickets/payload.ts'
import { exampleOf } from '../../src/tickets/payload-examples.ts'
import { CallBackPayloadSchema, HandoverPayloadSchema, ticketOwnEvents, TicketPayloadSchema } from '../../src/tickets/payload-schema.ts'
import { planned } from '../../src/tickets/planner.ts'
import { callFact, callOf, handoverFact, handoverOf } from '../support/journal-facts.ts'

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
    expect(handoverFactTypes.map((type) => noticeOf(handoverFact('h1', type, 1))?.payload.type ?? null)).toEqual([
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
    expect(noticeOf(callFact('c1', 1))).toBeUndefined()
  })

  it('is what its published schema says', () => {
    if (!isHandoverFact(requested)) throw new Error('not a hand-over fact')
    const payload = noticeOf(requested)?.payload
    expect(payload).toEqual({
      type: 'handover.requested',
      version: 1,
      timestamp: requested.at,
      data: { handover: requested.handover, call: requested.call, sequence: 2, ticket: expect.objectContaining({ id: 'h1', state: 'sent', from: '12345', to: '110', intake: { callerNumber: '+8613800000000' } }) },
    })
    expect(Value.Check(HandoverPayloadSchema, payload)).toBe(true)
    expect(Value.Check(HandoverPayloadSchema, { ...payload, type: 'handover.dialled' })).toBe(false)
  })
})

describe('a caller who was lost', () => {
  const fact: CallBackFact = { ...callFact('c1', 4), type: 'call-back-requested', platform: '110' }

  it('is told to the platform that is to call back, as its published schema says', () => {
    const payload = noticeOf(fact)?.payload
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
    const ticket = noticeOf(requested)
    if (!ticket) throw new Error('no ticket')
    const id = webhookId('tandem', 'a', ticket)
    expect(id).toMatch(/^msg_[\w-]{27}$/)
    expect(webhookId('tandem', 'a', { ...ticket })).toBe(id)
    const later = noticeOf({ ...requested, sequence: 3 }) as Notice
    const others = [webhookId('other', 'a', ticket), webhookId('tandem', 'b', ticket), webhookId('tandem', 'a', later)]
    expect(new Set([id, ...others]).size).toBe(4)
  })
})

describe('a ticket', () => {
  const ticket = ticketOfCall(handoverOf('h1', 'requested'), callOf('call-h1'))
  const fact = (type: TicketFact['type'], more: Partial<TicketFact> = {}): TicketFact => ({ type, version: 2, at: '2026-11-27T06:00:00.000Z', sequence: 2, platform: '110', by: '2001', ticket, ...more })

  it('is told to the systems of both platforms, but for the one that told it, as its published schema says', () => {
    const notice = noticeOf(fact('ticket-accepted', { via: 'b' }))
    expect(Value.Check(TicketPayloadSchema, notice?.payload)).toBe(true)
    expect(notice?.payload).toMatchObject({ type: 'ticket.accepted', data: { platform: '110', by: '2001', ticket: { id: 'h1' } } })
    const systems = [endpoint('a', '12345'), endpoint('b', '110'), endpoint('c', '110')]
    expect(planned({ position: 7, epoch: 1, fact: fact('ticket-accepted', { via: 'b' }) }, systems, 'tandem', 0).map(({ endpoint: id }) => id)).toEqual(['a', 'c'])
  })

  it('of a call begins with what is told of its hand-over; a push is told by itself', () => {
    const types = ['ticket-registered', 'ticket-withdrawn'] as const
    expect(types.map((type) => noticeOf(fact(type))?.payload.type)).toEqual([undefined, 'ticket.withdrawn'])
    expect(types.map((type) => noticeOf(fact(type, { ticket: { ...ticket, mode: 'push' } }))?.payload.type)).toEqual(['ticket.registered', 'ticket.withdrawn'])
  })

  it('has ids of its own beside those of its hand-over', () => {
    const [voice, track] = [noticeOf(handoverFact('h1', 'handover-ringing', 2)), noticeOf(fact('ticket-accepted'))]
    expect(voice?.subject).toBe(track?.subject)
    expect(voice && webhookId('tandem', 'a', voice)).not.toBe(track && webhookId('tandem', 'a', track))
  })

  it.each(ticketOwnEvents)('%s: its example is what its schema says', (event) => {
    expect(Value.Check(TicketPayloadSchema, exampleOf(event))).toBe(true)
  })
})
