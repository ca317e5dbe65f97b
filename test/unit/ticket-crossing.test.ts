import { array, assert, constant, constantFrom, oneof, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import type { Platform } from '../../src/domain/handover/handover.ts'
import { carriedOut } from '../../src/domain/ticket/machine.ts'
import { pushed } from '../../src/domain/ticket/registration.ts'
import { feedbackSteps, settlements, type Ticket, type TicketCommand, type TicketState } from '../../src/domain/ticket/ticket.ts'
import { incident } from '../support/intake.ts'

const begin = Date.parse('2026-11-27T06:00:00.000Z')
const time = (n: number): string => new Date(begin + n * 1_000).toISOString()

/** What each side may do, and what the two of them do to the same field. */
const deeds: Readonly<Record<Platform, readonly (Pick<TicketCommand, 'do'> & Partial<Record<string, unknown>>)[]>> = {
  '12345': [{ do: 'close' }, { do: 'reopen' }, { do: 'withdraw' }, { do: 'resend' }, { do: 'confer', handover: 'ho-2' }],
  '110': [{ do: 'accept' }, { do: 'return', cause: 'not-ours' }, ...feedbackSteps.map((step) => ({ do: 'report' as const, step }))],
}

/** Two records of one ticket; what is done on one side travels to the other in its order, and meets there what was done meanwhile. */
class TwoRecords {
  readonly tickets: Record<Platform, Ticket>
  readonly #under: Record<Platform, TicketCommand[]> = { '12345': [], '110': [] }
  #clock = 0

  constructor() {
    const made = pushed({ id: 'ho-1', from: '12345', to: '110', urgency: 'at-once', intake: incident, by: '1001' }, time(0))
    if (!('id' in made)) throw new Error('its form is not filled in')
    this.tickets = { '12345': made, '110': made }
  }

  does(platform: Platform, deed: (typeof deeds)['110'][number]): void {
    const command = { platform, by: 'somebody', at: time(++this.#clock), ...deed } as TicketCommand
    const done = carriedOut(this.tickets[platform], command)
    if (done.kind !== 'changed') return
    this.tickets[platform] = done.ticket
    const settled = settlements.find((state) => state === done.ticket.state)
    this.#under[platform === '110' ? '12345' : '110'].push({ ...command, ...(command.do === 'report' ? { reopens: done.ticket.reopens ?? 0 } : {}), ...(settled ? { settled } : {}) })
  }

  hears(platform: Platform): boolean {
    this.#clock += 1
    const command = this.#under[platform].shift()
    if (!command) return false
    const done = carriedOut(this.tickets[platform], command)
    if (done.kind === 'changed') this.tickets[platform] = done.ticket
    return true
  }

  get states(): readonly TicketState[] {
    return [this.tickets['12345'].state, this.tickets['110'].state]
  }
}

const aPlatform = constantFrom<Platform>('12345', '110')
const happening = oneof(
  aPlatform.chain((platform) => record({ platform: constant(platform), deed: constantFrom(...deeds[platform]) })),
  record({ platform: aPlatform, deed: constant(undefined) }),
)

test('whatever crosses on its way between two records of a ticket, they end with the same', () => {
  assert(
    property(array(happening, { maxLength: 25 }), (happenings) => {
      const two = new TwoRecords()
      for (const { platform, deed } of happenings) {
        if (deed) two.does(platform, deed)
        else two.hears(platform)
      }
      while (two.hears('12345') || two.hears('110'));
      const [sender, receiver] = two.states
      expect(receiver).toBe(sender)
    }),
    { numRuns: 20_000 },
  )
})
