/** A webhook of each event, for the documentation: made as real ones are. Pure. */
import { type CallBackFact, type CallSummary, factVersion, type HandoverFact, type HandoverFactType } from '../domain/facts.ts'
import type { Handover } from '../domain/handover/handover.ts'
import { carriedOut, type TicketFactType } from '../domain/ticket/machine.ts'
import { pushed } from '../domain/ticket/registration.ts'
import type { Ticket, TicketCommand } from '../domain/ticket/ticket.ts'
import { noticeOf } from './payload.ts'
import type { HandoverEvent, TicketEvent, TicketOwnEvent } from './payload-schema.ts'

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
const became: Readonly<Record<HandoverEvent, readonly [HandoverFactType, Partial<Handover>]>> = {
  'handover.requested': ['handover-requested', {}],
  'handover.ringing': ['handover-ringing', { state: 'ringing', clock: { press: 0, dial: 2.1, ring: 41.6 } }],
  'handover.answered': ['handover-answered', { state: 'answered', target: '2001', clock: { press: 0, dial: 2.1, ring: 41.6, answer: 3_120.4 } }],
  'handover.completed': ['handover-completed', { state: 'completed', target: '2001', responsible: '110', clock: { press: 0, dial: 2.1, ring: 41.6, answer: 3_120.4, joined: 3_122.7, released: 3_124 } }],
  'handover.failed': ['handover-failed', { state: 'failed', failure: { reason: 'busy', sipCode: 486, cause: 17, causeText: 'User busy' }, clock: { press: 0, dial: 2.1 } }],
  'handover.cancelled': ['handover-cancelled', { state: 'cancelled', clock: { press: 0, dial: 2.1, ring: 41.6 } }],
}

/** A matter that 110 pushes to 12345. */
const sent = pushed(
  {
    id: 'ho-01a21d5a-0c11-7d02-8c5e-3f1a7f0a9b42',
    from: '110',
    to: '12345',
    urgency: 'routine',
    matter: { category: '公共设施类', item: '路灯故障', catalogueVersion: 1 },
    intake: { title: '路灯不亮', content: '人民路与江海路口的路灯三天不亮', requestType: 'help', callerName: '王女士', callerNumber: '13800001234', address: '人民路与江海路口' },
    by: '2001',
    references: { '110': 'J20261127-0042' },
  },
  '2026-11-27T14:11:56.797Z',
)

/** Told by the clock, by counting, or of its record: nobody does anything with the ticket then. */
type ByClock = 'ticket.due-soon' | 'ticket.overdue' | 'ticket.bounced' | 'ticket.lapsed' | 'ticket.marked' | 'ticket.lifted'

const due = { accept: { at: '2026-11-27T15:11:56.797Z', warnAt: '2026-11-27T14:59:56.797Z' } } as const

const by12345 = { platform: '12345', by: 'hotline-tickets', at: '2026-11-27T15:02:11.000Z' } as const
const by110 = { platform: '110', by: '2001', at: '2026-11-28T08:30:00.000Z' } as const
/** What was done before it, and then, by event. */
const steps: Readonly<Record<Exclude<TicketOwnEvent, 'ticket.registered' | ByClock>, readonly TicketCommand[]>> = {
  'ticket.accepted': [{ ...by12345, do: 'accept', reference: 'G2026112700815' }],
  'ticket.returned': [{ ...by12345, do: 'return', cause: 'unclear', text: '请补充路灯编号' }],
  'ticket.resent': [{ ...by12345, do: 'return', cause: 'unclear' }, { ...by110, do: 'resend', intake: { content: '人民路与江海路口 3 号路灯三天不亮' } }],
  'ticket.reported': [{ ...by12345, do: 'report', step: 'dispatched', text: '已派市政维修' }],
  'ticket.reopened': [{ ...by12345, do: 'report', step: 'reported-back' }, { ...by110, do: 'reopen', text: '来电人称仍不亮' }],
  'ticket.closed': [{ ...by12345, do: 'report', step: 'reported-back' }, { ...by110, do: 'close' }],
  'ticket.withdrawn': [{ ...by110, do: 'withdraw', text: '来电人称已修好' }],
  'ticket.conferred': [{ ...by12345, do: 'return', cause: 'not-ours' }, { ...by110, do: 'confer', handover: pressed.id }],
  'ticket.changed': [{ ...by12345, do: 'complete', intake: { callerName: '王某' } }],
}

const common = { version: factVersion, sequence: 3, at: '2026-11-27T14:11:56.797Z', call } as const

/** The body of a webhook, as it is sent. */
export function exampleOf(event: TicketEvent): unknown {
  if (event === 'call-back.requested') {
    const fact: CallBackFact = { ...common, type: 'call-back-requested', platform: '12345' }
    return noticeOf(fact)?.payload
  }
  if (event.startsWith('ticket.')) return exampleOfTicket(event as TicketOwnEvent)
  const [type, more] = became[event as HandoverEvent]
  const fact: HandoverFact = { ...common, type, handover: { ...pressed, ...more } }
  return noticeOf(fact)?.payload
}

function exampleOfTicket(event: TicketOwnEvent): unknown {
  if (!('id' in sent)) throw new Error('the example’s form is not filled in')
  const commands = event in steps ? steps[event as keyof typeof steps] : event === 'ticket.bounced' ? steps['ticket.returned'] : []
  const ticket = commands.reduce<Ticket>((before, command) => {
    const outcome = carriedOut(before, command)
    if (outcome.kind !== 'changed') throw new Error(`the example of ${event} cannot be`)
    return outcome.ticket
  }, sent)
  const { platform, by, at } = commands.at(-1) ?? { platform: sent.from, by: sent.by, at: sent.registeredAt }
  return noticeOf({ type: event.replace('.', '-') as TicketFactType, version: factVersion, at, sequence: commands.length + 1, platform, by, ...(event === 'ticket.due-soon' || event === 'ticket.overdue' ? { deadline: 'accept' } : {}), ticket: { ...ticket, due, ...(event === 'ticket.marked' ? { needToKnow: { reason: 'case', cause: '涉及在办案件', platform: sent.from, by: sent.by, at: sent.registeredAt } } : {}) } })?.payload
}
