import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type GivenHttp, givenHttp, newJournalPath } from '../support/given-http.ts'
import { incident, order } from '../support/intake.ts'
import { ticketDesk } from '../support/ticket-desk.ts'

let given: GivenHttp
let path: string

beforeEach(async () => {
  path = newJournalPath()
  given = await givenHttp({ path })
})
afterEach(async () => {
  await given.close()
  rmSync(dirname(path), { recursive: true })
})

const { post, shown, pushed, facts, says } = ticketDesk(() => given)

describe('another Tandem’s record', () => {
  it('that the sender has settled is settled here, though the receiver has accepted it meanwhile', async () => {
    await says('ticket.registered', { ticket: { id: 'ho-far', intake: order } })
    await post('/v1/tickets/ho-far/accept', { platform: '12345' })
    expect((await says('ticket.withdrawn', { ticket: { id: 'ho-far' } })).json()).toMatchObject({ code: 'ticket-accepted' })
    expect((await says('ticket.withdrawn', { ticket: { id: 'ho-far', state: 'withdrawn' }, text: '来电人已离开' })).statusCode).toBe(202)
    expect(await shown('ho-far')).toMatchObject({ state: 'withdrawn', steps: [{}, { step: 'accepted' }, { step: 'withdrawn', platform: '110', text: '来电人已离开' }] })
  })

  it('says which fields it has filled in: others that changed here meanwhile stay', async () => {
    const { id } = await pushed()
    await post(`/v1/tickets/${id}/intake`, { platform: '12345', intake: { address: '江海路 9 号' } })
    await says('ticket.changed', { ticket: { id, state: 'sent', intake: incident }, intake: { callerName: '王某' } })
    await says('ticket.changed', { ticket: { id, state: 'sent', intake: incident, references: { '110': 'J-3' } } })
    expect(await shown(id)).toMatchObject({ intake: { address: '江海路 9 号', callerName: '王某' }, references: { '110': 'J-3' } })
    expect((await facts()).flatMap((fact) => (fact.type === 'ticket-changed' ? [fact.filled] : []))).toEqual([{ address: '江海路 9 号' }, { callerName: '王某' }, undefined])
  })

  it('with steps of a hundred long reports is taken', async () => {
    const { id } = await pushed()
    const steps = Array.from({ length: 100 }, (_, n) => ({ step: 'in-progress', at: '2026-11-27T06:30:00.000Z', by: '031', platform: '110', text: `${n} ${'长'.repeat(1_900)}` }))
    expect((await says('ticket.reported', { ticket: { id, state: 'in-progress', steps } })).statusCode).toBe(202)
    expect((await shown(id)).steps.at(-1)?.text).toContain('99 长')
  })
})

describe('another Tandem’s call', () => {
  /** As 110 tells it that hands a caller over. */
  const handedOver = { id: 'ho-far-1', mode: 'transfer', callId: 'call-far', from: '110', to: '12345', state: 'sent', urgency: 'emergency', intake: { content: '路灯不亮', callerNumber: '13900005678' }, references: { '110': 'J-1', '12345': 'forged' }, returns: 7, steps: [], recordings: [{ id: 'call-ours', room: 'call' }], by: '2001', registeredAt: '2026-11-27T06:00:00.000Z' }

  it('has its ticket here as it begins, and nothing else that the sender says of it', async () => {
    expect((await says('handover.requested', { ticket: handedOver })).json()).toMatchObject({ ticket: 'ho-far-1' })
    const ticket = await shown('ho-far-1')
    expect(ticket).toMatchObject({ state: 'sent', urgency: 'routine', references: { '110': 'J-1' }, returns: 0, steps: [{ step: 'sent' }], missing: ['title', 'requestType', 'address'] })
    expect([ticket.references['12345'], ticket.recordings]).toEqual([undefined, undefined])
    expect((await says('handover.requested', { ticket: { ...handedOver, mode: 'push' } })).json()).toMatchObject({ code: 'invalid-message' })
    expect((await says('handover.requested', { ticket: { ...handedOver, id: 'x'.repeat(200) } })).json()).toMatchObject({ code: 'invalid-message' })
    expect((await says('handover.requested', { ticket: {} })).json()).toMatchObject({ code: 'invalid-message' })
  })

  it('whose caller the desk here has taken is accepted; a push is not accepted by its sender', async () => {
    await says('handover.requested', { ticket: handedOver })
    await says('ticket.accepted', { ticket: { ...handedOver, state: 'accepted' }, platform: '12345', by: '1001', sequence: 2 })
    expect(await shown('ho-far-1')).toMatchObject({ state: 'accepted', steps: [{}, { step: 'accepted', platform: '12345' }] })
    const { ticket } = (await says('ticket.registered', { ticket: { intake: order }, reference: 'J-2' })).json<{ ticket: string }>()
    expect((await says('ticket.accepted', { ticket: { id: ticket, mode: 'push' }, platform: '12345' })).json()).toMatchObject({ code: 'ticket-not-yours' })
  })
})
