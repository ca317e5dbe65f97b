/** What a notice means for the record that a ticket system has of a ticket. Pure; its words are those of the people who read it. */
import type { CallSummary, TicketFact } from '../domain/facts.ts'
import type { Handover, Platform } from '../domain/handover/handover.ts'
import type { DeadlineName } from '../domain/ticket/deadlines.ts'
import { intakeStandards, type IntakeValue } from '../domain/ticket/intake.ts'
import { ticketOfCall } from '../domain/ticket/registration.ts'
import { needToKnowReasons } from '../domain/sharing/need-to-know.ts'
import type { ReturnCause, Ticket, TicketStep } from '../domain/ticket/ticket.ts'
import type { Notice } from './payload.ts'
import type { HandoverEvent, TicketOwnEvent } from './payload-schema.ts'

/** How a ticket system's record stands: each system has a status for these. */
export type Phase = 'new' | 'open' | 'resolved' | 'rejected'

export interface Entry {
  /** By which the record is found: the ticket's id, or the call's of a call-back. */
  readonly key: string
  /** Its number there, where that is known. */
  readonly reference?: string
  readonly subject: string
  /** The form, line by line. */
  readonly text: string
  /** For custom fields, by the names that `fields` of the configuration maps. */
  readonly fields: Readonly<Record<string, string>>
  /** The fields may be otherwise than before. */
  readonly changed: boolean
  /** What has happened. */
  readonly note: string
  /** As it stands now; as before when left out. */
  readonly phase?: Phase
  /** It goes on though it was done with. */
  readonly reopens?: true
}

const modes = { transfer: '一键转接', conference: '三方通话', push: '系统推送' } as const
const urgencies = { emergency: '紧急', 'at-once': '即时', routine: '非紧急' } as const
const steps: Readonly<Record<TicketStep['step'], string>> = {
  sent: '已推送',
  accepted: '已受理',
  dispatched: '已派发',
  'on-scene': '已到场',
  'in-progress': '处理中',
  resolved: '已解决',
  'reported-back': '已回复',
  returned: '已退回',
  conferred: '已转三方通话',
  withdrawn: '已撤回',
  closed: '已确认办结',
  lapsed: '长期无反馈，已归档',
  reopened: '要求重办',
}
const causes: Readonly<Record<ReturnCause, string>> = { 'not-ours': '不属受理范围', unclear: '内容不清', incomplete: '信息不全', duplicate: '重复', 'wrong-place': '不在辖区', other: '其他原因' }
const deadlines: Readonly<Record<DeadlineName, string>> = { accept: '受理', feedback: '首次反馈', finish: '办结' }
const voice: Readonly<Record<HandoverEvent, string>> = {
  'handover.requested': '已转办',
  'handover.ringing': '对方电话振铃',
  'handover.answered': '对方已接听',
  'handover.completed': '通话转办完成',
  'handover.failed': '通话转办失败',
  'handover.cancelled': '通话转办已撤销',
}

/** @param platform whose ticket system it is for */
export function entryOf(payload: Notice['payload'], platform: Platform): Entry {
  if (payload.type === 'call-back.requested') return callBack(payload.data.call)
  const { data } = payload
  if (!('handover' in data)) return { ...recordOf(data.ticket, platform), ...stepOf(payload.type as TicketOwnEvent, data, platform), changed: payload.type === 'ticket.changed' || payload.type === 'ticket.resent' }
  const { handover, call } = data as { readonly handover: Handover; readonly call: CallSummary }
  const requested = payload.type === 'handover.requested'
  const failure = handover.failure ? `：${handover.failure.causeText ?? handover.failure.reason}` : ''
  return { ...recordOf(ticketOfCall(handover, call), platform), note: `${voice[payload.type as HandoverEvent]}${failure}`, changed: false, ...(requested ? { phase: 'new' } : {}) }
}

function recordOf(ticket: Ticket, platform: Platform): Omit<Entry, 'note' | 'phase' | 'reopens' | 'changed'> {
  const { id, callId, from, to, mode, urgency, matter, intake, reason, missing, references, needToKnow } = ticket
  const standard = intakeStandards[to]
  const labels = new Map(standard.map((field) => [field.name, field]))
  const about = [matter?.item, intake['title'] ?? firstLine(intake['content'])].filter((part) => part !== undefined && part !== '')
  const rows: readonly (readonly [label: string, value: string | undefined])[] = [
    ['转办编号', id],
    ['知悉范围', needToKnow && `${needToKnowReasons[needToKnow.reason]}，须控制知悉范围`],
    ['方向', `${from} → ${to}，${modes[mode]}`],
    ['紧急程度', urgencies[urgency]],
    ['事项', matter && [matter.category, matter.item].filter(Boolean).join(' / ')],
    ...Object.entries(intake).map(([name, value]) => [labels.get(name)?.label ?? name, shown(labels.get(name), value)] as const),
    ['尚缺', missing?.map((name) => labels.get(name)?.label ?? name).join('、')],
    ['转办说明', reason],
    ['通话', callId],
    ...(['12345', '110'] as const).map((one) => [`${one} 编号`, references[one]] as const),
  ]
  return {
    key: id,
    ...(references[platform] === undefined ? {} : { reference: references[platform] }),
    subject: [`[${from}→${to}]`, ...about].join(' ').slice(0, 200),
    text: rows.flatMap(([label, value]) => (value ? [`${label}：${value}`] : [])).join('\n'),
    fields: {
      id,
      urgency,
      mode,
      ...(callId === undefined ? {} : { call: callId }),
      ...(matter?.category === undefined ? {} : { category: matter.category }),
      ...(matter?.item === undefined ? {} : { item: matter.item }),
      ...Object.fromEntries(Object.entries(intake).map(([name, value]) => [name, String(value)])),
    },
  }
}

function stepOf(event: TicketOwnEvent, { ticket, deadline }: Pick<TicketFact, 'ticket' | 'deadline'>, platform: Platform): Pick<Entry, 'note' | 'phase' | 'reopens'> {
  if (event === 'ticket.changed') return { note: ticket.recordings || ticket.attachments ? '登记内容、录音或附件有变动' : '登记内容有变动' }
  if (event === 'ticket.marked' || event === 'ticket.lifted') return { note: event === 'ticket.lifted' ? '已解除知悉范围控制' : `须控制知悉范围${ticket.needToKnow ? `（${needToKnowReasons[ticket.needToKnow.reason]}）` : ''}` }
  if (event === 'ticket.bounced') return { note: `多次退回（${ticket.returns} 次），请督办` }
  if (event === 'ticket.due-soon' || event === 'ticket.overdue') return { note: deadlineNote(event, deadline, ticket) }
  const last = ticket.steps.at(-1)
  const note = last ? [`【${steps[last.step]}】`, `${last.platform} ${last.by} ${last.at}`, last.cause && causes[last.cause], last.text].filter(Boolean).join(' ') : ''
  const phase = platform === ticket.to ? atReceiver(event, last) : atSender[event]
  return { note, ...(phase ? { phase } : {}), ...(event === 'ticket.resent' || event === 'ticket.reopened' ? { reopens: true } : {}) }
}

function deadlineNote(event: 'ticket.due-soon' | 'ticket.overdue', deadline: DeadlineName = 'finish', { due }: Ticket): string {
  return `${event === 'ticket.overdue' ? '已超时' : '即将超时'}：${deadlines[deadline]}时限 ${due?.[deadline]?.at ?? ''}`
}

function atReceiver(event: Exclude<TicketOwnEvent, 'ticket.changed' | 'ticket.marked' | 'ticket.lifted' | 'ticket.due-soon' | 'ticket.overdue' | 'ticket.bounced'>, last: TicketStep | undefined): Phase {
  switch (event) {
    case 'ticket.registered':
      return 'new'
    case 'ticket.accepted':
    case 'ticket.resent':
    case 'ticket.reopened':
      return 'open'
    case 'ticket.reported':
      return last?.step === 'resolved' || last?.step === 'reported-back' ? 'resolved' : 'open'
    case 'ticket.closed':
    case 'ticket.conferred':
    case 'ticket.lapsed':
      return 'resolved'
    case 'ticket.returned':
    case 'ticket.withdrawn':
      return 'rejected'
  }
}

/** Its own record stays open until it confirms. */
const atSender: Readonly<Partial<Record<TicketOwnEvent, Phase>>> = { 'ticket.registered': 'open', 'ticket.returned': 'open', 'ticket.closed': 'resolved', 'ticket.conferred': 'resolved', 'ticket.withdrawn': 'rejected', 'ticket.lapsed': 'resolved' }

function callBack({ id, caller, platform }: Pick<CallSummary, 'id' | 'caller' | 'platform'>): Entry {
  const { number, name } = caller
  const text = [`来电人在接通前掉线，请回拨`, `联系电话：${number}`, ...(name === undefined ? [] : [`姓名：${name}`]), `所拨平台：${platform}`, `通话：${id}`].join('\n')
  return { key: id, subject: `[回拨] ${number}`, text, fields: { id, call: id, callerNumber: number, ...(name === undefined ? {} : { callerName: name }) }, changed: false, note: '来电人掉线，请回拨', phase: 'new' }
}

function shown(field: (typeof intakeStandards)['110'][number] | undefined, value: IntakeValue): string {
  if (typeof value === 'boolean') return value ? '是' : '否'
  return (field?.kind === 'code' && field.codes.find(({ code }) => code === value)?.label) || String(value)
}

const firstLine = (value: IntakeValue | undefined): string | undefined => (typeof value === 'string' ? Array.from(value.split('\n')[0] ?? '').slice(0, 40).join('') : undefined)
