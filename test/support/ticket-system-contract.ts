/** What every ticket system’s adapter does, whatever it speaks. */
import { expect, it } from 'vitest'
import { factVersion, type HandoverFact, type TicketFact } from '../../src/domain/facts.ts'
import type { Platform } from '../../src/domain/handover/handover.ts'
import { carriedOut } from '../../src/domain/ticket/machine.ts'
import { pushed, recorded } from '../../src/domain/ticket/registration.ts'
import type { Ticket, TicketCommand } from '../../src/domain/ticket/ticket.ts'
import { noticeOf } from '../../src/tickets/payload.ts'
import type { Phase } from '../../src/tickets/entry.ts'
import type { Telling, TicketSystem, Told } from '../../src/tickets/ticket-system.ts'
import { DeliveryError } from '../../src/tickets/verdict.ts'
import { incident } from './intake.ts'
import { callOf, handoverFact } from './journal-facts.ts'

const at = '2026-11-27T06:00:00.000Z'
export const signal = (): AbortSignal => AbortSignal.timeout(30_000)
let told = 0

/** What the system has of a ticket. */
export interface SystemRecord {
  readonly number: string
  readonly phase: Phase | undefined
  readonly subject: string
  /** By what they hold. */
  readonly fields: Readonly<Record<string, string | undefined>>
  /** What was written on it, the oldest first. */
  readonly notes: readonly string[]
}

export interface GivenSystem {
  /** Of 110. */
  readonly system: TicketSystem
  /** Every record of a ticket’s id. */
  readonly records: (id: string) => Promise<readonly SystemRecord[]>
}

export function pushOf(id: string, from: Platform = '12345'): Ticket {
  const made = pushed({ id, from, to: from === '12345' ? '110' : '12345', urgency: 'at-once', intake: incident, by: '1001', matter: { category: '社会治安类', item: '殴打伤害事故' } }, at)
  if (!('id' in made)) throw new Error('its form is not filled in')
  return made
}

const receiver = { platform: '110', by: '2001', at } as const
const sender = { platform: '12345', by: '1001', at } as const

/** As the queue does: again where the way there broke, as a connection does that was kept for too long. */
async function tell(system: TicketSystem, telling: Telling): Promise<Told> {
  for (let tries = 1; ; tries++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one try after the other
      return await system.tell(telling, signal())
    } catch (error) {
      if (!(error instanceof DeliveryError) || !error.code.startsWith('network-') || tries === 3) throw error
    }
  }
}

/** Tells a ticket’s registration. @returns the delivery’s id */
export async function register(system: TicketSystem, ticket: Ticket): Promise<{ readonly id: string; readonly reference: string | undefined }> {
  const id = `msg_contract${++told}`
  const { reference } = await tell(system, { id, payload: payloadOf({ type: 'ticket-registered', version: factVersion, at, sequence: 1, platform: ticket.from, by: ticket.by, ticket }), missed: [], links: [] })
  return { id, reference }
}

/** Does something with it, and tells nobody. */
function stepOf(ticket: Ticket, command: TicketCommand) {
  const outcome = carriedOut(ticket, command)
  if (outcome.kind !== 'changed') throw new Error(`it cannot be: ${JSON.stringify(outcome)}`)
  const payload = payloadOf({ type: outcome.fact, version: factVersion, at, sequence: 2, platform: command.platform, by: command.by, ticket: outcome.ticket })
  return { ticket: outcome.ticket, telling: { id: `msg_contract${++told}`, payload, missed: [], links: [] } }
}

/** Does something with it and tells that, as often as asked. @returns the ticket as it is then */
export async function carryOut(system: TicketSystem, ticket: Ticket, command: TicketCommand, times = 1): Promise<Ticket> {
  const step = stepOf(ticket, command)
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (let n = 0; n < times; n++) await tell(system, step.telling)
  return step.ticket
}

export function payloadOf(fact: TicketFact | HandoverFact) {
  const notice = noticeOf(fact)
  if (!notice) throw new Error('it is not told')
  return notice.payload
}

let tickets = 0
export const newId = (): string => `ho-contract-${process.pid}-${++tickets}`

export function ticketSystemContract(given: () => GivenSystem): void {
  it('has a record of a push, with what its form says, and says its number; told twice, it has one', async () => {
    const { system, records } = given()
    const ticket = pushOf(newId())
    const [first, again] = [await register(system, ticket), await register(system, ticket)]
    const found = await records(ticket.id)
    expect(found).toMatchObject([{ phase: 'new', subject: expect.stringContaining('殴打伤害事故'), fields: { callerNumber: incident.callerNumber, address: incident.address, item: '殴打伤害事故', urgency: 'at-once', mode: 'push' } }])
    expect([first.reference, again.reference]).toEqual([found[0]?.number, found[0]?.number])
  })

  it('has the ticket of a call while the other desk rings, and what becomes of the call', async () => {
    const { system, records } = given()
    const id = newId()
    const fact = (type: HandoverFact['type'], sequence: number): HandoverFact => {
      const made = handoverFact(id, type, sequence) as HandoverFact
      return { ...made, call: callOf(`call-${id}`), handover: { ...made.handover, reason: '门口有人打架' } }
    }
    await tell(system, { id: `msg_call1-${id}`, payload: payloadOf(fact('handover-requested', 3)), missed: [], links: [] })
    await tell(system, { id: `msg_call2-${id}`, payload: payloadOf(fact('handover-answered', 5)), missed: [], links: [] })
    const [record, ...others] = await records(id)
    expect(others).toEqual([])
    expect(record).toMatchObject({ phase: 'new', fields: { call: `call-${id}`, mode: 'transfer' } })
    expect(record?.notes.at(-1)).toContain('对方已接听')
  })

  it('has each step once, however often it is told, and stands as it does', async () => {
    const { system, records } = given()
    const ticket = pushOf(newId())
    await register(system, ticket)
    const accepted = await carryOut(system, ticket, { ...receiver, do: 'accept' }, 2)
    const done = await carryOut(system, accepted, { ...receiver, do: 'report', step: 'resolved', text: '已调解 "双方" <和解>' }, 2)
    expect(await records(ticket.id)).toMatchObject([{ phase: 'resolved' }])
    await carryOut(system, done, { ...sender, do: 'reopen', text: '又打起来了' })
    const [record] = await records(ticket.id)
    expect(record?.phase).toBe('open')
    expect(record?.notes.filter((note) => note.includes('【已受理】'))).toHaveLength(1)
    expect(record?.notes.filter((note) => note.includes('已调解 "双方" <和解>'))).toHaveLength(1)
    expect(record?.notes.at(-1)).toContain('又打起来了')
  })

  it('stands resolved when it is told only then that it was accepted, and open when it is to be done again', async () => {
    const { system, records } = given()
    const ticket = pushOf(newId())
    await register(system, ticket)
    const accepted = stepOf(ticket, { ...receiver, do: 'accept' })
    const done = await carryOut(system, accepted.ticket, { ...receiver, do: 'report', step: 'resolved', text: '已修复' })
    await tell(system, accepted.telling)
    const [record] = await records(ticket.id)
    expect(record?.phase).toBe('resolved')
    expect(record?.notes.at(-1)).toContain('【已受理】')
    await carryOut(system, done, { ...sender, do: 'reopen' })
    expect(await records(ticket.id)).toMatchObject([{ phase: 'open' }])
  })

  it('has what was filled in later, and the record of a ticket of whose begin it was not told', async () => {
    const { system, records } = given()
    const ticket = pushOf(newId())
    await carryOut(system, ticket, { ...sender, do: 'complete', intake: { address: '江海路 9 号' } })
    await carryOut(system, { ...ticket, intake: { ...ticket.intake, address: '江海路 9 号' } }, { ...sender, do: 'complete', intake: { address: '江海路 10 号' } })
    expect(await records(ticket.id)).toMatchObject([{ fields: { address: '江海路 10 号' } }])
  })

  it('has the link to a recording of its call', async () => {
    const { system, records } = given()
    const ticket = pushOf(newId())
    await register(system, ticket)
    const [room, callId, url] = ['call', 'call-1', 'https://tandem.example/v1/links/recordings/call-1?until=1&signature=x'] as const
    const payload = payloadOf({ type: 'ticket-changed', version: factVersion, at, sequence: 2, platform: '110', by: 'tandem', ticket: recorded(ticket, { id: callId, callId, room, state: 'finished', durationMs: 61_000 }) })
    await tell(system, { id: `msg_recording-${ticket.id}`, payload, missed: [], links: [{ kind: 'recording', id: callId, name: '录音', url, expiresAt: at }] })
    expect((await records(ticket.id))[0]?.notes.at(-1)).toContain(url)
  })

  it('stands rejected when it was withdrawn or returned', async () => {
    const { system, records } = given()
    const [one, other] = [pushOf(newId()), pushOf(newId())]
    await register(system, one)
    await carryOut(system, one, { ...sender, do: 'withdraw', text: '误推' })
    await register(system, other)
    await carryOut(system, other, { ...receiver, do: 'return', cause: 'wrong-place', text: '不在辖区' })
    expect([await records(one.id), await records(other.id)]).toMatchObject([[{ phase: 'rejected' }], [{ phase: 'rejected' }]])
  })
}
