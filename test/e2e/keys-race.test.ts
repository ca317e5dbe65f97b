import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import type { Vendor } from '../../src/softkeys/vendors.ts'
import type { DeskCall } from '../support/desk-call.ts'
import type { DeskPhone } from '../support/desk-phone.ts'
import { clear, expectTalkTogether, settled, tones } from '../support/given-call.ts'
import { givenDeskPhone, givenTalkAt } from '../support/given-desk-phone.ts'

/** URL keys on real calls, and every key at once. */
let stack: Stack
let caller: Phone
let peer: Phone
let desk: DeskPhone
let leg: DeskCall

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-keys-race', referKeys: ['1001'], calls: { ringMs: 6_000, retryMs: 1_000 } })
  caller = await stack.citizen({ toneHz: tones.caller })
  peer = await stack.agent('2001', tones.peer)
  desk = await givenDeskPhone(stack, '1001')
}, 120_000)
afterEach(async () => {
  await leg.hangUp()
  await clear(stack, caller, peer)
})
afterAll(async () => {
  await desk.close()
  await stopAll()
})

type Urls = Readonly<Record<string, string>>
async function urlsOf(vendor: Vendor): Promise<Urls> {
  const key = stack.config.http.apiKeys.find(({ name }) => name === 'admin')?.key ?? ''
  const answer = await fetch(`${stack.api.address}/v1/phones/1001?vendor=${vendor}`, { headers: { authorization: `Bearer ${key}` } })
  const { keys } = (await answer.json()) as { keys: { key: string; url: string }[] }
  return Object.fromEntries(keys.map(({ key: name, url }) => [name, url]))
}
const get = async (url: string | undefined) => (await fetch(url ?? '')).text()
const talk = async () => {
  const given = await givenTalkAt(stack, caller, desk)
  leg = given.leg
  return given.call
}
const handoversOf = async (callId: string) => (await stack.api.get<{ items: Handover[] }>('/v1/handovers?limit=20')).body.items.filter((handover) => handover.callId === callId)
const rung = () => peer.events.filter(({ type }) => type === 'CALL_INCOMING').length

it('a URL key transfers; its screen follows until the call is at the other desk', async () => {
  const urls = await urlsOf('snom')
  const call = await talk()
  expect(await get(urls['transfer'])).toContain('<SnomIPPhoneText>')
  await peer.waitFor('incoming')
  await eventually(() => get(urls['status']), (screen) => screen.includes('对方振铃中'))
  await peer.answer()
  await settled(stack, (await handoversOf(call.id))[0]?.id ?? '', 'completed')
  await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  expect(await get(urls['status'])).toMatch(/已转接[\s\S]*没有通话/u)
})

it('says why it failed, and the next press succeeds', async () => {
  const urls = await urlsOf('yealink')
  const call = await talk()
  await get(urls['transfer'])
  await peer.waitFor('incoming')
  await peer.reject()
  await eventually(() => get(urls['status']), (screen) => screen.includes('未成功: 对方忙 (486)'))
  await get(urls['conference'])
  await peer.waitFor('incoming')
  await get(urls['back'])
  await peer.waitFor('idle')
  expect((await handoversOf(call.id)).map(({ mode, state }) => [mode, state])).toEqual([
    ['conference', 'cancelled'],
    ['transfer', 'failed'],
  ])
})

it.each(Array.from({ length: 5 }, (_, i) => i))('browser, URL, code, REFER and second line at once make one hand-over and one INVITE (%i)', async (round) => {
  const urls = await urlsOf('cisco')
  const call = await talk()
  const before = rung()
  const presses = [
    () => stack.api.post('/v1/handovers', { agent: '1001', mode: 'transfer' }),
    () => get(urls['transfer']),
    async () => {
      await leg.press('*')
      await leg.press('1')
    },
    () => leg.refer('110'),
    () => desk.dial('*1'),
  ]
  // Each of them is first once.
  await Promise.all([...presses.slice(round), ...presses.slice(0, round)].map((press) => press()))
  await peer.waitFor('incoming')
  await peer.answer()
  await eventually(() => handoversOf(call.id), ([handover]) => handover?.state === 'completed')
  expect(await handoversOf(call.id)).toHaveLength(1)
  expect(rung() - before).toBe(1)
  await eventually(() => leg.progress.at(-1), (progress) => progress === 200)
  await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
})
