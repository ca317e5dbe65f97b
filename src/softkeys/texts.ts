/** What phones show, in the languages of `calls.language`. */
import type { CommandReply } from '../calls/commands.ts'
import type { FailureReason } from '../domain/handover/handover.ts'
import type { Key } from '../domain/keys.ts'

type RefusalCode = Extract<CommandReply, { kind: 'refused' }>['code']

export interface Texts {
  readonly keys: Readonly<Record<Key | 'status', string>>
  readonly states: Readonly<Record<'idle' | 'talking' | 'requested' | 'ringing' | 'consulting' | 'joining' | 'conferring' | 'completed' | 'cancelled' | 'confirming', string>>
  readonly failed: string
  readonly failures: Readonly<Record<FailureReason, string>>
  readonly refused: string
  readonly refusals: Readonly<Partial<Record<RefusalCode, string>>>
  readonly to: (desk: string) => string
}

const chinese: Texts = {
  keys: { transfer: '转接', conference: '三方', consult: '咨询', confirm: '确认', back: '取消', status: '刷新' },
  states: {
    idle: '没有通话',
    talking: '通话中',
    requested: '正在呼叫，对方坐席忙则等待空闲',
    ringing: '对方振铃中',
    consulting: '正在与对方坐席商议，来电人听音乐',
    joining: '对方已接听，正在接入',
    conferring: '三方通话中',
    completed: '已转接',
    cancelled: '已取消',
    confirming: '对方已接听，等待对方确认',
  },
  failed: '未成功',
  failures: {
    busy: '对方忙',
    'no-answer': '对方无人接听',
    rejected: '对方拒接',
    unreachable: '对方无法接通',
    'caller-left': '来电人已挂机',
    'peer-left': '对方已挂机',
    'control-lost': '话务平台中断',
  },
  refused: '未执行',
  refusals: {
    'agent-not-in-call': '您没有通话',
    'call-not-found': '没有这个通话',
    'call-ended': '通话已结束',
    'call-not-answered': '来电尚未接听',
    'not-your-call': '这不是您的按键',
    'same-desk': '通话已在本台',
    'handover-not-found': '没有正在进行的转办',
    'handover-settled': '转办已结束',
    'handover-too-late': '对方已接听，不能取消',
    'handover-not-verified': '不需要确认',
    'asterisk-away': '话务平台中断，请稍后再试',
    'adoption-not-allowed': '此类通话不能转办',
    'adoption-failed': '通话未能接管，通话继续',
    'reason-missing': '与规则不符，请在坐席界面填写理由',
  },
  to: (desk) => `转 ${desk}`,
}

const english: Texts = {
  keys: { transfer: 'Transfer', conference: 'Confer', consult: 'Consult', confirm: 'Confirm', back: 'Cancel', status: 'Update' },
  states: {
    idle: 'No call',
    talking: 'Talking',
    requested: 'Calling; waits while all are busy there',
    ringing: 'Ringing at the other desk',
    consulting: 'Talking with the other desk; the caller hears music',
    joining: 'Answered; being joined',
    conferring: 'Three-way call',
    completed: 'Handed over',
    cancelled: 'Taken back',
    confirming: 'Answered; the other desk is to confirm',
  },
  failed: 'Failed',
  failures: {
    busy: 'the other desk is busy',
    'no-answer': 'nobody answered',
    rejected: 'the other desk declined',
    unreachable: 'the other desk cannot be reached',
    'caller-left': 'the caller has left',
    'peer-left': 'the other desk has left',
    'control-lost': 'the telephone system was interrupted',
  },
  refused: 'Not done',
  refusals: {
    'agent-not-in-call': 'you have no call',
    'call-not-found': 'no such call',
    'call-ended': 'the call has ended',
    'call-not-answered': 'not answered yet',
    'not-your-call': 'this is not your key',
    'same-desk': 'the call is here already',
    'handover-not-found': 'no hand-over is under way',
    'handover-settled': 'the hand-over is settled',
    'handover-too-late': 'answered already: it cannot be taken back',
    'handover-not-verified': 'there is nothing to confirm',
    'asterisk-away': 'the telephone system is away; try again',
    'adoption-not-allowed': 'such calls are not handed over',
    'adoption-failed': 'the call could not be adopted; it goes on',
    'reason-missing': 'the policy says otherwise: give a reason at your desk',
  },
  to: (desk) => `To ${desk}`,
}

export const textsOf = (language: 'zh_CN' | 'en'): Texts => (language === 'zh_CN' ? chinese : english)
