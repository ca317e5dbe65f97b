import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { carriedOut } from '../../src/domain/ticket/machine.ts'
import { pushed } from '../../src/domain/ticket/registration.ts'
import { feedbackSteps, type Ticket, type TicketCommand, type TicketState, ticketStates } from '../../src/domain/ticket/ticket.ts'
import { incident } from '../support/intake.ts'

const at = '2026-11-27T06:00:00.000Z'
const sender = { platform: '12345', by: '1001', at } as const
const receiver = { platform: '110', by: 'police-tickets', at } as const

function ticket(state: TicketState): Ticket {
  const made = pushed({ id: 'ho-1', from: '12345', to: '110', urgency: 'at-once', intake: incident, by: '1001' }, at)
  if (!('id' in made)) throw new Error('its form is not filled in')
  return { ...made, state }
}

const photo = { id: 'att-1', name: '现场.jpg', type: 'image/jpeg', bytes: 12, sha256: 'ab', by: '1001', platform: '12345', at } as const

const commands = {
  accept: { ...receiver, do: 'accept' },
  return: { ...receiver, do: 'return', cause: 'not-ours', text: '属交警' },
  report: { ...receiver, do: 'report', step: 'in-progress' },
  resend: { ...sender, do: 'resend' },
  confer: { ...sender, do: 'confer', handover: 'ho-2' },
  close: { ...sender, do: 'close' },
  reopen: { ...sender, do: 'reopen', text: '没有解决' },
  withdraw: { ...sender, do: 'withdraw', text: '误推' },
  complete: { ...sender, do: 'complete', intake: { weapons: true } },
  attach: { ...sender, do: 'attach', attachment: photo },
} as const satisfies Record<string, TicketCommand>

/** The table of SPEC.md: state by state, command by command. */
const [head = [], , ...cells] = readFileSync(join(import.meta.dirname, '../../src/domain/ticket/SPEC.md'), 'utf8')
  .split('\n')
  .slice(0, 40)
  .filter((line) => line.startsWith('| '))
  .slice(0, 2 + ticketStates.length)
  .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
const cases = cells.flatMap(([state = '', ...outcomes]) => outcomes.map((outcome, index) => ({ state: state as TicketState, does: (head[index + 1] ?? '') as keyof typeof commands, outcome })))

const rank = (state: TicketState): number => (feedbackSteps as readonly string[]).indexOf(state)

/** What a cell says, where the step is `in-progress`. */
function wanted(outcome: string, before: TicketState): object {
  if (outcome === '=') return { kind: 'same' }
  if (outcome.endsWith('!')) return { kind: 'refused', code: `ticket-${outcome.slice(0, -1)}` }
  const later = rank(before) > rank('in-progress') ? before : 'in-progress'
  return { kind: 'changed', ticket: { state: outcome === 'the step' ? 'in-progress' : outcome === 'the later' ? later : outcome } }
}

describe('a ticket', () => {
  test('its table has every state and every command', () => {
    expect(new Set(cells.map(([state]) => state))).toEqual(new Set(ticketStates))
    expect(cells).toHaveLength(ticketStates.length)
    expect(head.slice(1)).toEqual(Object.keys(commands))
  })

  test.each(cases)('$state, $does: $outcome', ({ state, does, outcome }) => {
    expect(carriedOut(ticket(state), commands[does])).toMatchObject(wanted(outcome, state))
  })

  test.each(Object.entries(commands).filter(([does]) => does !== 'complete' && does !== 'attach'))('%s from the other platform is not its business', (_, command) => {
    const platform = command.platform === '110' ? '12345' : '110'
    for (const state of ticketStates) expect(carriedOut(ticket(state), { ...command, platform })).toEqual({ kind: 'refused', code: 'ticket-not-yours' })
  })

  test.each([['accept', 'sent'], ['return', 'sent'], ['withdraw', 'sent'], ['close', 'reported-back'], ['complete', 'sent'], ['attach', 'sent']] as const)('%s twice is once', (does, state) => {
    const once = carriedOut(ticket(state), commands[does])
    expect(once.kind === 'changed' && carriedOut(once.ticket, commands[does])).toEqual({ kind: 'same' })
  })

  test('a late report is kept, and does not put it back', () => {
    const done = carriedOut(ticket('resolved'), { ...receiver, do: 'report', step: 'on-scene', text: '已到场' })
    expect(done).toMatchObject({ ticket: { state: 'resolved', steps: [{ step: 'sent' }, { step: 'on-scene', text: '已到场', platform: '110', by: 'police-tickets' }] } })
  })

  test('a return is counted and says why; it is sent again only when the form is whole', () => {
    const returned = carriedOut(ticket('accepted'), commands.return)
    expect(returned).toMatchObject({ fact: 'ticket-returned', ticket: { returns: 1, steps: [{}, { step: 'returned', cause: 'not-ours', text: '属交警' }] } })
    if (returned.kind !== 'changed') throw new Error('not returned')
    expect(carriedOut(returned.ticket, { ...commands.resend, intake: { incidentLevel: '9' } })).toMatchObject({ code: 'intake-incomplete', faults: [{ field: 'incidentLevel', missing: false }] })
    expect(carriedOut(returned.ticket, { ...commands.resend, intake: { incidentLevel: '1' } })).toMatchObject({ fact: 'ticket-resent', ticket: { state: 'sent', intake: { ...incident, incidentLevel: '1' } } })
  })

  test('its number in the receiver’s system is kept, also when it is told again', () => {
    const once = carriedOut(ticket('sent'), { ...commands.accept, reference: 'J-1' })
    expect(once).toMatchObject({ ticket: { references: { '110': 'J-1' } } })
    expect(once.kind === 'changed' && carriedOut(once.ticket, { ...commands.accept, reference: 'J-2' })).toMatchObject({ fact: 'ticket-changed', ticket: { state: 'accepted', references: { '110': 'J-2' } } })
  })

  test('twenty files are given with it, and no more', () => {
    const many = Array.from({ length: 21 }, (_, n) => n).reduce<{ readonly one: Ticket; readonly last?: string }>(({ one }, n) => {
      const done = carriedOut(one, { ...commands.attach, attachment: { ...photo, id: `att-${n}`, name: `${n}.jpg` } })
      return done.kind === 'changed' ? { one: done.ticket } : { one, last: done.kind === 'refused' ? done.code : done.kind }
    }, { one: ticket('accepted') })
    expect([many.one.attachments?.length, many.last]).toEqual([20, 'too-many-attachments'])
  })

  test('its last hundred steps are kept', () => {
    let one = ticket('accepted')
    for (let n = 0; n < 150; n++) {
      const done = carriedOut(one, { ...commands.report, text: String(n) })
      if (done.kind === 'changed') one = done.ticket
    }
    expect(one.steps).toHaveLength(100)
    expect(one.steps.at(-1)?.text).toBe('149')
  })
})
