import { describe, expect, test } from 'vitest'
import type { HandoverFact } from '../../src/domain/facts.ts'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { carriedOut } from '../../src/domain/ticket/machine.ts'
import { alongside, pushed, ticketOfCall } from '../../src/domain/ticket/registration.ts'
import { incident, order } from '../support/intake.ts'
import { callOf, handoverFact, handoverOf } from '../support/journal-facts.ts'

const at = '2026-11-27T06:00:00.000Z'
const pressed = (more: Partial<Handover> = {}) => ticketOfCall({ ...handoverOf('h1', 'requested'), ...more }, { caller: { number: '13800001234', name: '王女士' } })

const fact = (type: HandoverFact['type'], more: Partial<Handover> = {}): HandoverFact => ({ ...(handoverFact('h1', type, 3) as HandoverFact), call: callOf('call-h1'), handover: { ...handoverOf('h1', 'failed'), ...more } })

describe('a push', () => {
  test('leaves registered to the receiver’s standard', () => {
    expect(pushed({ id: 'ho-1', from: '12345', to: '110', urgency: 'emergency', intake: incident, by: '1001' }, at)).toMatchObject({ mode: 'push', state: 'sent', urgency: 'emergency', intake: incident, returns: 0, registeredAt: at, steps: [{ step: 'sent', by: '1001', platform: '12345' }] })
  })

  test('does not leave without it', () => {
    expect(pushed({ id: 'ho-1', from: '12345', to: '110', urgency: 'routine', intake: order, by: '1001' }, at)).toEqual(expect.arrayContaining([expect.objectContaining({ field: 'incidentType', missing: true }), expect.objectContaining({ field: 'title', missing: false })]))
  })

  test.each(['emergency', 'at-once', 'routine'] as const)('to 12345 is never urgent, though it says %s', (urgency) => {
    expect(pushed({ id: 'ho-1', from: '110', to: '12345', urgency, intake: order, by: '2001' }, at)).toMatchObject({ urgency: 'routine' })
    expect(pressed({ from: '110', to: '12345', danger: true })).toMatchObject({ urgency: 'routine' })
  })
})

describe('beside a call', () => {
  test('it leaves with what is known, and says what is missing', () => {
    const ticket = pressed({ reason: '邻居斗殴', danger: true, intake: { address: '人民路 18 号', incidentLevel: '7' } })
    expect(ticket).toMatchObject({ state: 'sent', mode: 'transfer', urgency: 'emergency', callId: 'call-h1', intake: { callerNumber: '13800001234', callerName: '王女士', content: '邻居斗殴', address: '人民路 18 号' } })
    expect(ticket.missing).toEqual(['incidentType', 'incidentLevel', 'occurredAt', 'ongoing', 'injured'])
  })

  test('what was missing is filled in later, field by field', () => {
    const done = carriedOut(pressed({ intake: { address: '人民路 18 号' } }), { do: 'complete', platform: '12345', by: '1001', at, intake: { ...incident } })
    expect(done).toMatchObject({ kind: 'changed', fact: 'ticket-changed', ticket: { state: 'sent', intake: incident } })
    expect(done.kind === 'changed' && done.ticket.missing).toBeUndefined()
  })


  test.each(['handover-failed', 'handover-cancelled'] as const)('what becomes of the call: %s takes it back, unless it is accepted', (type) => {
    expect(alongside(pressed(), fact(type))).toMatchObject({ fact: 'ticket-withdrawn', ticket: { state: 'withdrawn' } })
    expect(alongside({ ...pressed(), state: 'accepted' }, fact(type))).toBeUndefined()
  })

  test('what becomes of the call: kept by the first desk takes it back, taken by the other is accepted', () => {
    expect(alongside(pressed(), fact('handover-completed', { responsible: '12345' }))).toMatchObject({ fact: 'ticket-withdrawn' })
    expect(alongside(pressed(), fact('handover-completed', { responsible: '110', target: '2001' }))).toMatchObject({ fact: 'ticket-accepted', ticket: { state: 'accepted', steps: [{}, { step: 'accepted', by: '2001', platform: '110' }] } })
    expect(alongside({ ...pressed(), state: 'resolved' }, fact('handover-completed', { responsible: '110' }))).toBeUndefined()
  })

  test('what becomes of the call: a transfer that goes on as a conference is one here too', () => {
    expect(alongside(pressed(), fact('handover-changed', { mode: 'conference' }))).toMatchObject({ fact: 'ticket-changed', ticket: { mode: 'conference', state: 'sent' } })
    expect(alongside(pressed(), fact('handover-ringing'))).toBeUndefined()
  })
})
