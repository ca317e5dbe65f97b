import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { clear, expectHearing, givenTalk, press, settled, storyOf, tones, type Voice } from '../support/given-call.ts'
import { openEvents } from '../support/sse-client.ts'

/** What remains when more is gone than the service, and what nobody told. */
let stack: Stack
let phones: Readonly<Record<Voice, Phone>>
const stray = 'call-01993c00-0000-7000-8000-000000000000-1'

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-recovery-alone', seats: { '12345': ['1001', '1002'], '110': ['2001'] }, compareMs: 300 })
  phones = {
    caller: await stack.citizen({ toneHz: tones.caller }),
    agent: await stack.agent('1001', tones.agent),
    peer: await stack.agent('2001', tones.peer),
    guest: await stack.agent('1002', tones.guest),
  }
}, 120_000)
afterEach(() => clear(stack, ...Object.values(phones)))
afterAll(() => stopAll())

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

it('in peace: a desk that has come out of its bridge is put back, and that is told', async () => {
  const call = await talk()
  await stack.asterisk.rx(`bridge kick bridge-${call.id} ${(await stack.asterisk.rx('core show channels concise')).match(/PJSIP\/1001-[0-9a-f]+/)?.[0]}`)
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
