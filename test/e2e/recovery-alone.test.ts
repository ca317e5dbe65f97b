import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { CallSummary } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { type AriProxy, startAriProxy } from '../support/ari-proxy.ts'
import { callOf, clear, expectHearing, givenTalk, expectMusicOrRingback, press, settled, storyOf, tones, type Voice } from '../support/given-call.ts'
import { openEvents } from '../support/sse-client.ts'

/** What remains when more is gone than the service, and what nobody told. */
let stack: Stack
let proxy: AriProxy
let phones: Readonly<Record<Voice, Phone>>
const stray = 'call-01993c00-0000-7000-8000-000000000000-1'

beforeAll(async () => {
  proxy = await startAriProxy()
  stack = await startStack({ name: 'e2e-recovery-alone', ariProxy: proxy, seats: { '12345': ['1001', '1002'], '110': ['2001'] }, compareMs: 300, calls: { ringMs: 4_000 } })
  phones = {
    caller: await stack.citizen({ toneHz: tones.caller }),
    agent: await stack.agent('1001', tones.agent),
    peer: await stack.agent('2001', tones.peer),
    guest: await stack.agent('1002', tones.guest),
  }
}, 120_000)
afterEach(() => clear(stack, ...Object.values(phones)))
afterAll(async () => {
  await stopAll()
  await proxy.close()
})

const talk = () => givenTalk(stack, phones.caller, phones.agent, '1001')

async function kill(): Promise<void> {
  stack.service.kill('SIGKILL')
  await stack.service.exited
}

it('the service and its journal are gone: Asterisk alone knows the call, and every key works', async () => {
  await talk()
  await kill()
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${stack.config.journal.path}${suffix}`, { force: true })
  await stack.startService()
  const { id } = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  await phones.peer.answer()
  await settled(stack, id, 'completed')
  await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
  await eventually(() => stack.receiver.tickets.filter(({ payload }) => payload.data.handover?.id === id).length, (count) => count === 4)
})

it('a citizen who came while nobody listened, before the dialplan could notice, is found and rung through', async () => {
  stack.service.kill('SIGSTOP')
  await phones.caller.dial('12345')
  await eventually(() => stack.asterisk.rx('core show channels concise'), (channels) => channels.includes('!Stasis!'))
  await kill()
  await stack.startService()
  await phones.agent.waitFor('incoming')
  await phones.agent.answer()
  await phones.caller.waitFor('established')
  await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
})

/** With 1001, who has been joined by the destination `guest`. */
async function withGuest(): Promise<CallSummary> {
  const { id } = await talk()
  await stack.api.post(`/v1/calls/${id}/parties`, { destination: '1002' })
  await phones.guest.waitFor('incoming')
  await phones.guest.answer()
  await expectHearing({ caller: ['agent', 'guest'], agent: ['caller', 'guest'], guest: ['agent', 'caller'] }, phones)
  return callOf(stack, '1001')
}

const partyOf = (call: CallSummary, endpoint: string) => call.parties.find((party) => party.endpoint === endpoint)?.id ?? ''
const change = (call: CallSummary, party: string, body: object) => stack.api.patch(`/v1/calls/${call.id}/parties/${party}`, body)

it('who whispered goes on whispering, and nothing is left of the whisper before', async () => {
  const call = await withGuest()
  await change(call, partyOf(call, '1002'), { whisperTo: partyOf(call, '1001') })
  const whispered = { caller: ['agent'], agent: ['caller', 'guest'], guest: ['agent', 'caller'] } as const
  await expectHearing(whispered, phones)
  await kill()
  await stack.startService()
  await expectHearing(whispered, phones)
  expect((await stack.asterisk.rx('core show channels concise')).match(/^Snoop/gm)).toHaveLength(1)
})

it('who was on hold hears music on, and who was muted stays so', async () => {
  const call = await withGuest()
  await change(call, partyOf(call, '1002'), { held: true })
  await change(call, 'caller', { muted: true })
  await kill()
  await stack.startService()
  await expectHearing({ caller: ['agent'], agent: [] }, phones)
  await expectMusicOrRingback(phones.guest, 2_000)
  await change(call, partyOf(call, '1002'), { held: false })
  await change(call, 'caller', { muted: false })
  await expectHearing({ caller: ['agent', 'guest'], agent: ['caller', 'guest'], guest: ['agent', 'caller'] }, phones)
})

it('a half-open connection is noticed; who answered meanwhile is connected', async () => {
  await talk()
  const { id } = await press(stack, '1001')
  await phones.peer.waitFor('incoming')
  proxy.stall()
  await phones.peer.answer()
  await eventually(async () => (await stack.api.get<{ ok: boolean }>('/v1/health')).body.ok, (ok) => !ok, 15_000)
  proxy.mend()
  await settled(stack, id, 'completed')
  await expectHearing({ caller: ['peer'], peer: ['caller'] }, phones)
})

it('who answers while the service is frozen beyond the ring time is connected when it wakes up', async () => {
  await phones.caller.dial('12345')
  await phones.agent.waitFor('incoming')
  stack.service.kill('SIGSTOP')
  await phones.agent.answer()
  const from = performance.now()
  await eventually(() => Promise.resolve(performance.now() - from), (ms) => ms > 5_000)
  stack.service.kill('SIGCONT')
  await phones.caller.waitFor('established')
  await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
})

it('in peace: a desk that has come out of its bridge is put back, and that is told', async () => {
  const call = await talk()
  await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  const events = await openEvents(`${stack.api.address}/v1/events?call=${call.id}`, { authorization: `Bearer ${stack.api.key}` })
  await stack.asterisk.rx(`bridge kick bridge-${call.id} ${(await stack.asterisk.rx('core show channels concise')).match(/PJSIP\/1001-[0-9a-f]+/)?.[0]}`)
  await events.readTo(1)
  events.leave()
  await expectHearing({ caller: ['agent'], agent: ['caller'] }, phones)
  await phones.caller.hangUp()
  const story = await storyOf(stack, call.id)
  expect(story).toEqual(['call-arrived', 'call-answered', 'call-repaired', 'call-ended'])
})

it('in peace: a leg that no call knows is removed, and that is told', async () => {
  const { host, httpPort, username, ariPassword, application } = stack.config.asterisk
  const events = await openEvents(`${stack.api.address}/v1/events`, { authorization: `Bearer ${stack.api.key}` })
  const answer = await fetch(`http://${host}:${httpPort}/ari/channels/${stray}`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${username}:${ariPassword}`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ endpoint: 'PJSIP/2001', context: 'tandem-leg', extension: 's', label: 'enter', variables: { TANDEM_APPLICATION: application } }),
  })
  expect(answer.status).toBe(200)
  await phones.peer.waitFor('incoming')
  await phones.peer.waitFor('idle')
  const [told] = await events.readTo(1)
  expect(told).toMatchObject({ event: 'asterisk-cleared', data: { removed: 'channel', id: stray } })
  events.leave()
})
