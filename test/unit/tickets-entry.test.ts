import { describe, expect, test } from 'vitest'
import { ticketOwnEvents } from '../../src/tickets/payload-schema.ts'
import { entryOf } from '../../src/tickets/entry.ts'
import { exampleOf } from '../../src/tickets/payload-examples.ts'
import type { Notice } from '../../src/tickets/payload.ts'

const entry = (event: Parameters<typeof exampleOf>[0], platform: '12345' | '110') => entryOf(exampleOf(event) as Notice['payload'], platform)

describe('what a ticket system’s record says', () => {
  test('of a push: the form with its labels and words, and what custom fields may hold', () => {
    const { key, subject, text, fields, note, reference } = entry('ticket.accepted', '12345')
    expect(key).toBe(fields['id'])
    expect(subject).toBe('[110→12345] 路灯故障 路灯不亮')
    expect(text.split('\n')).toEqual([
      `转办编号：${key}`,
      '方向：110 → 12345，系统推送',
      '紧急程度：非紧急',
      '事项：公共设施类 / 路灯故障',
      '标题：路灯不亮',
      '诉求内容：人民路与江海路口的路灯三天不亮',
      '诉求类型：非紧急求助',
      '姓名：王女士',
      '联系电话：13800001234',
      '事发地址：人民路与江海路口',
      '12345 编号：G2026112700815',
      '110 编号：J20261127-0042',
    ])
    expect(fields).toMatchObject({ urgency: 'routine', mode: 'push', category: '公共设施类', item: '路灯故障', callerNumber: '13800001234', requestType: 'help' })
    expect(note).toBe('【已受理】 12345 hotline-tickets 2026-11-27T15:02:11.000Z')
    expect(reference).toBe('G2026112700815')
  })

  test('of a call: what is known, and what the form lacks', () => {
    const { text, note, fields, phase } = entry('handover.requested', '110')
    expect(text).toContain('方向：12345 → 110，一键转接')
    expect(text).toContain('尚缺：警情类别、警情级别、事发地址、案发时间、是否正在发生、有无人员伤亡')
    expect(fields).toMatchObject({ call: expect.stringMatching(/^call-/), callerNumber: '13800001234', content: '邻居斗殴，需要出警' })
    expect([note, phase]).toEqual(['已转办', 'new'])
  })

  test('why a call was not handed over; that somebody is to be called back', () => {
    expect(entry('handover.failed', '110').note).toBe('通话转办失败：User busy')
    expect(entry('call-back.requested', '12345')).toMatchObject({ subject: '[回拨] 13800001234', phase: 'new', fields: { callerNumber: '13800001234' } })
  })

  test.each([
    ['ticket.registered', 'new', 'open'],
    ['ticket.accepted', 'open', undefined],
    ['ticket.returned', 'rejected', 'open'],
    ['ticket.resent', 'open', undefined],
    ['ticket.reported', 'open', undefined],
    ['ticket.reopened', 'open', undefined],
    ['ticket.closed', 'resolved', 'resolved'],
    ['ticket.withdrawn', 'rejected', 'rejected'],
    ['ticket.conferred', 'resolved', 'resolved'],
    ['ticket.lapsed', 'resolved', 'resolved'],
    ['ticket.changed', undefined, undefined],
  ] as const)('%s: %s at the receiver, %s at the sender', (event, receiver, sender) => {
    expect([entry(event, '12345').phase, entry(event, '110').phase]).toEqual([receiver, sender])
  })

  test('every event has a note', () => {
    for (const event of ticketOwnEvents) expect(entry(event, '110').note.length).toBeGreaterThan(3)
  })
})
