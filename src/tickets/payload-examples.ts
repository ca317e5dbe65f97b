/** A webhook of each event, for the documentation: made as real ones are. Pure. */
import { type CallBackFact, type CallSummary, factVersion, type HandoverFact, type HandoverFactType } from '../domain/facts.ts'
import type { Handover } from '../domain/handover/handover.ts'
import { ticketOf } from './payload.ts'
import type { TicketEvent } from './payload-schema.ts'

const call: CallSummary = {
  id: 'call-01a21d59-33b0-7270-a1ae-c91228388407',
  state: 'inviting',
  platform: '12345',
  desk: '12345',
  agent: '1001',
  caller: { number: '13800001234', name: '王女士' },
  dialled: '12345',
  direction: 'inbound',
  arrivedAt: '2026-11-27T14:11:54.928Z',
  answeredAt: '2026-11-27T14:11:55.014Z',
  parties: [
    { id: 'caller', role: 'caller', state: 'apart' },
    { id: 'call-01a21d59-33b0-7270-a1ae-c91228388407-1', role: 'desk', endpoint: '1001', state: 'apart' },
  ],
  channels: { caller: { channelId: '1795788714.12', sipCallId: 'b6d1f0a2@203.0.113.7' } },
}

const pressed: Handover = {
  id: 'ho-01a21d59-3afd-74f5-8996-b6c1aec2427f',
  callId: call.id,
  mode: 'transfer',
  state: 'requested',
  from: '12345',
  to: '110',
  agent: '1001',
  matter: { category: '社会治安类', item: '殴打伤害事故' },
  reason: '邻居斗殴，需要出警',
  requestedAt: '2026-11-27T14:11:56.797Z',
  clock: { press: 0 },
}

/** What became of it, by event. */
const became: Readonly<Record<Exclude<TicketEvent, 'call-back.requested'>, readonly [HandoverFactType, Partial<Handover>]>> = {
  'handover.requested': ['handover-requested', {}],
  'handover.ringing': ['handover-ringing', { state: 'ringing', clock: { press: 0, dial: 2.1, ring: 41.6 } }],
  'handover.answered': ['handover-answered', { state: 'answered', target: '2001', clock: { press: 0, dial: 2.1, ring: 41.6, answer: 3_120.4 } }],
  'handover.completed': ['handover-completed', { state: 'completed', target: '2001', responsible: '110', clock: { press: 0, dial: 2.1, ring: 41.6, answer: 3_120.4, joined: 3_122.7, released: 3_124 } }],
  'handover.failed': ['handover-failed', { state: 'failed', failure: { reason: 'busy', sipCode: 486, cause: 17, causeText: 'User busy' }, clock: { press: 0, dial: 2.1 } }],
  'handover.cancelled': ['handover-cancelled', { state: 'cancelled', clock: { press: 0, dial: 2.1, ring: 41.6 } }],
}

const common = { version: factVersion, sequence: 3, at: '2026-11-27T14:11:56.797Z', call } as const

/** The body of a webhook, as it is sent. */
export function exampleOf(event: TicketEvent): unknown {
  if (event === 'call-back.requested') {
    const fact: CallBackFact = { ...common, type: 'call-back-requested', platform: '12345' }
    return ticketOf(fact)?.payload
  }
  const [type, more] = became[event]
  const fact: HandoverFact = { ...common, type, handover: { ...pressed, ...more } }
  return ticketOf(fact)?.payload
}
