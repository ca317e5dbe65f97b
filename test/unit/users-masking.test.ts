import { expect, it } from 'vitest'
import { masked, maskName } from '../../src/users/masking.ts'
import { callOf } from '../support/journal-facts.ts'

const call = { ...callOf('c1'), caller: { number: '13800001234', name: '王女士' } }
const hidden = { number: '138****1234', name: '王**' }

it('hides number and name of every call in an answer, and nothing else of it', () => {
  const answer = { items: [{ handover: { id: 'ho-1', reason: '打架' }, call }, { handover: { id: 'ho-2' }, call }], next: 'x' }
  const shown = { ...call, caller: hidden }
  expect(masked(answer, 'none')).toEqual({ items: [{ handover: { id: 'ho-1', reason: '打架' }, call: shown }, { handover: { id: 'ho-2' }, call: shown }], next: 'x' })
  expect(masked(answer, 'all')).toBe(answer)
})

it('leaves those of the own platform, and those that are at its desk', () => {
  expect(masked(call, { platform: '12345' }).caller).toEqual(call.caller)
  expect(masked({ ...call, desk: '110' }, { platform: '110' }).caller).toEqual(call.caller)
  expect(masked(call, { platform: '110' }).caller).toEqual(hidden)
  expect(masked(call, { platform: undefined }).caller).toEqual(hidden)
})

it('hides who called in a ticket’s form from those who are of neither platform', () => {
  const ticket = { id: 'ho-1', intake: { callerNumber: '13800001234', callerName: '王女士', address: '人民路' } }
  expect(masked(ticket, 'none')).toEqual({ id: 'ho-1', intake: { callerNumber: '138****1234', callerName: '王**', address: '人民路' } })
  expect(masked(ticket, { platform: '110' })).toEqual(ticket)
})

it('hides what another system has said', () => {
  expect(masked({ type: 'message-received', endpoint: 'tickets-110', message: '13800001234' }, 'none')).toEqual({ type: 'message-received', endpoint: 'tickets-110', message: '***' })
})

it.each([
  ['王', '王*'],
  ['王伟', '王*'],
  ['王女士', '王**'],
  ['𠮷田', '𠮷*'],
])('%s is %s', (name, shown) => {
  expect(maskName(name)).toBe(shown)
})
