import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { callOf, clear, givenTalk, expectHearing, expectMusicOrRingback, press, settled, shown, storyOf, tones, type Voice } from '../support/given-call.ts'

let stack: Stack
let phones: Record<Voice, Phone>

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-conference', calls: { ringMs: 5_000, retryMs: 1_000 }, seats: { '12345': ['1001'], '110': ['2001', '2002'] } })
  phones = {
    caller: await stack.citizen({ toneHz: tones.caller }),
    agent: await stack.agent('1001', tones.agent),
    peer: await stack.agent('2001', tones.peer),
    guest: await stack.agent('2002', tones.guest),
  }
}, 120_000)
afterEach(() => clear(stack, ...Object.values(phones)))
afterAll(() => stopAll())

const all: Partial<Record<Voice, readonly Voice[]>> = { caller: ['agent', 'peer'], agent: ['caller', 'peer'], peer: ['agent', 'caller'] }
const change = (id: string, body: { mode: string; consult: boolean }) => stack.api.patch<{ handover: Handover }>(`/v1/handovers/${id}`, body)
const partyOf = (call: CallSummary, endpoint: string): string => call.parties.find((party) => party.endpoint === endpoint)?.id ?? ''
const party = (call: CallSummary, id: string, body: object) => stack.api.patch<{ call: CallSummary }>(`/v1/calls/${call.id}/parties/${id}`, body)
const drop = (call: CallSummary, id: string) => stack.api.post(`/v1/calls/${call.id}/parties/${id}/drop`, { agent: '1001' })

async function answeredBy(name: 'peer' | 'guest'): Promise<void> {
  await phones[name].waitFor('incoming')
  await phones[name].answer()
  await phones[name].waitFor('established')
}

/** Citizen, agent and call-taker in one call. */
async function givenConference(more: object = {}): Promise<{ call: CallSummary; id: string }> {
  await givenTalk(stack, phones.caller, phones.agent, '1001')
  const { id } = await press(stack, '1001', { mode: 'conference', ...more })
  await answeredBy('peer')
  const call = await eventually(() => callOf(stack, '1001'), ({ state }) => state === 'conferring')
  await expectHearing(all, phones)
  return { call, id }
}

describe('three-way call', () => {
  it('the pair talk on while 110 rings, then all three hear each other', async () => {
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    const { id } = await press(stack, '1001', { mode: 'conference' })
    await phones.peer.waitFor('incoming')
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
    await answeredBy('peer')
    await expectHearing(all, phones)
    expect((await shown(stack, id)).handover).toMatchObject({ mode: 'conference', state: 'joined', target: '2001' })
  })

  it('works from 110 to 12345 as well', async () => {
    await givenTalk(stack, phones.caller, phones.peer, '2001', '110')
    await press(stack, '2001', { mode: 'conference' })
    await phones.agent.waitFor('incoming')
    await phones.agent.answer()
    await expectHearing(all, phones)
  })

  it('110 refuses: the pair never stopped talking, the agent is told why', async () => {
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    const { id } = await press(stack, '1001', { mode: 'conference' })
    await Promise.all([phones.peer, phones.guest].map(async (phone) => {
      await phone.waitFor('incoming')
      await phone.reject()
    }))
    expect((await settled(stack, id, 'failed')).handover.failure).toMatchObject({ reason: 'busy', sipCode: 486 })
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  })

  it('the first desk leaves first: 110 takes the matter and talks on with the citizen; then 110 ends the call', async () => {
    const { call, id } = await givenConference()
    await phones.agent.hangUp()
    const { handover } = await settled(stack, id, 'completed')
    expect(handover).toMatchObject({ outcome: 'taken', responsible: '110' })
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
    await phones.peer.hangUp()
    await phones.caller.waitFor('idle')
    expect(await storyOf(stack, call.id)).toEqual([
      'call-arrived',
      'call-answered',
      'handover-requested',
      'handover-dialled',
      'handover-ringing',
      'handover-answered',
      'handover-joined',
      'handover-released',
      'handover-completed',
      'call-ended',
    ])
  })

  it('110 leaves first: the first desk keeps the matter', async () => {
    const { id } = await givenConference()
    await phones.peer.hangUp()
    expect((await settled(stack, id, 'completed')).handover).toMatchObject({ outcome: 'kept', responsible: '12345' })
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  })

  it.each([
    ['undecided, the first desk keeps it', {}, '12345'],
    ['undecided and dangerous, 110 has it', { danger: true }, '110'],
  ])('the citizen leaves first, %s: the desks talk on, then all is clear', async (_, more, responsible) => {
    const { call, id } = await givenConference(more)
    await phones.caller.hangUp()
    expect((await settled(stack, id, 'completed')).handover).toMatchObject({ outcome: 'undecided', responsible })
    await expectHearing({ agent: ['peer'], peer: ['agent'] }, phones)
    await phones.agent.hangUp()
    await phones.peer.waitFor('idle')
    expect((await storyOf(stack, call.id)).slice(-3)).toEqual(['handover-completed', 'call-caller-left', 'call-ended'])
  })

  it('what was decided stands, whoever leaves first', async () => {
    const { id } = await givenConference()
    const answer = await stack.api.post(`/v1/handovers/${id}/outcome`, { outcome: 'taken' })
    expect(answer).toMatchObject({ status: 200, body: { handover: { outcome: 'taken', state: 'joined' } } })
    await phones.peer.hangUp()
    expect((await settled(stack, id, 'completed')).handover).toMatchObject({ outcome: 'taken', responsible: '110' })
  })
})

describe('parties of a three-way call', () => {
  it('a muted citizen is not heard, and is again', async () => {
    const { call } = await givenConference()
    await party(call, 'caller', { muted: true })
    await expectHearing({ caller: ['agent', 'peer'], agent: ['peer'], peer: ['agent'] }, phones)
    await party(call, 'caller', { muted: false })
    await expectHearing(all, phones)
  })

  it('a muted desk is not heard', async () => {
    const { call } = await givenConference()
    const { body } = await party(call, partyOf(call, '2001'), { muted: true })
    expect(body.call.parties.find(({ endpoint }) => endpoint === '2001')).toMatchObject({ role: 'peer', state: 'talking', muted: true })
    await expectHearing({ caller: ['agent'], agent: ['caller'], peer: ['agent', 'caller'] }, phones)
  })

  it('the citizen on hold hears music while the desks talk', async () => {
    const { call } = await givenConference()
    await party(call, 'caller', { held: true })
    await expectHearing({ agent: ['peer'], peer: ['agent'] }, phones)
    await expectMusicOrRingback(phones.caller, 2_000)
    await party(call, 'caller', { held: false })
    await expectHearing(all, phones)
  })

  it('a desk on hold hears music while the others talk; when it hangs up, they talk on', async () => {
    const { call, id } = await givenConference()
    await party(call, partyOf(call, '2001'), { held: true })
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
    await expectMusicOrRingback(phones.peer, 2_000)
    await phones.peer.hangUp()
    expect((await settled(stack, id, 'completed')).handover.outcome).toBe('kept')
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  })

  it('110 is dropped: the pair talk on', async () => {
    const { call } = await givenConference()
    expect(await drop(call, partyOf(call, '2001'))).toMatchObject({ status: 200 })
    await phones.peer.waitFor('idle')
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
    expect(await drop(call, partyOf(call, '1001'))).toMatchObject({ status: 409, body: { code: 'last-party' } })
  })

  it('the citizen is dropped by a named agent: the desks talk on', async () => {
    const { call } = await givenConference()
    expect(await drop(call, 'caller')).toMatchObject({ status: 200, body: { party: 'caller' } })
    await phones.caller.waitFor('idle')
    await expectHearing({ agent: ['peer'], peer: ['agent'] }, phones)
  })

  it('a fourth party joins, is in but once, and leaves', async () => {
    const { call } = await givenConference()
    const invited = await stack.api.post<{ party: string }>(`/v1/calls/${call.id}/parties`, { destination: '2002' })
    expect(invited.status).toBe(200)
    await answeredBy('guest')
    const everybody = { caller: ['agent', 'guest', 'peer'], agent: ['caller', 'guest', 'peer'], peer: ['agent', 'caller', 'guest'], guest: ['agent', 'caller', 'peer'] } as const
    await expectHearing(everybody, phones)
    const again = await stack.api.post(`/v1/calls/${call.id}/parties`, { destination: '2002' })
    expect(again).toMatchObject({ status: 409, body: { code: 'party-already-in' } })
    await phones.guest.hangUp()
    await expectHearing(all, phones)
  })

  it('a further party whispers to the agent: the citizen does not hear it, it hears both', async () => {
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    const { id } = await callOf(stack, '1001')
    await stack.api.post(`/v1/calls/${id}/parties`, { destination: '2002' })
    await answeredBy('guest')
    await expectHearing({ caller: ['agent', 'guest'], agent: ['caller', 'guest'], guest: ['agent', 'caller'] }, phones)
    const call = await callOf(stack, '1001')
    const whisper = (to: string | null) => party(call, partyOf(call, '2002'), { whisperTo: to })
    expect(await whisper(partyOf(call, '1001'))).toMatchObject({ status: 200 })
    await expectHearing({ caller: ['agent'], agent: ['caller', 'guest'], guest: ['agent', 'caller'] }, phones)
    await whisper(null)
    await expectHearing({ caller: ['agent', 'guest'], agent: ['caller', 'guest'], guest: ['agent', 'caller'] }, phones)
    await whisper(partyOf(call, '1001'))
    await phones.agent.hangUp()
    await expectHearing({ caller: ['guest'], guest: ['caller'] }, phones)
  })

  it('the desks leave one after the other: the further party goes on with the citizen', async () => {
    const { call } = await givenConference()
    await stack.api.post(`/v1/calls/${call.id}/parties`, { destination: '2002' })
    await answeredBy('guest')
    await phones.agent.hangUp()
    await phones.peer.hangUp()
    await expectHearing({ caller: ['guest'], guest: ['caller'] }, phones)
    await phones.guest.hangUp()
    await phones.caller.waitFor('idle')
  })
})

describe('from one way of handing over to another', () => {
  it('a transfer that rings becomes a three-way call', async () => {
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    const { id } = await press(stack, '1001')
    await settled(stack, id, 'ringing')
    await change(id, { mode: 'conference', consult: false })
    await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
    await answeredBy('peer')
    await expectHearing(all, phones)
  })

  it('a three-way call that rings becomes a transfer', async () => {
    await givenTalk(stack, phones.caller, phones.agent, '1001')
    const { id } = await press(stack, '1001', { mode: 'conference' })
    await settled(stack, id, 'ringing')
    await change(id, { mode: 'transfer', consult: false })
    await expectMusicOrRingback(phones.caller, 3_000)
    await answeredBy('peer')
    await phones.agent.waitFor('idle')
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
  })

  it('a three-way call becomes a transfer: the first desk is released', async () => {
    const { id } = await givenConference()
    await change(id, { mode: 'transfer', consult: false })
    await phones.agent.waitFor('idle')
    expect((await settled(stack, id, 'completed')).handover).toMatchObject({ mode: 'transfer', responsible: '110' })
    await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
  })
})
