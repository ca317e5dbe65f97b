import { dirname } from 'node:path'
import { rmSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import type { ObservedRoom } from '../../src/calls/comparison.ts'
import type { Journal } from '../../src/journal/journal.ts'
import { isOfCall } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { type GivenHttp, givenHttp, type HttpOptions, newJournalPath } from '../support/given-http.ts'

/** One process after the other with the same journal; the PBX is played. */
const open: GivenHttp[] = []
const paths: string[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((given) => given.close()))
  for (const path of paths.splice(0)) rmSync(dirname(path), { recursive: true })
})

async function started(options: HttpOptions): Promise<GivenHttp> {
  const given = await givenHttp(options)
  open.push(given)
  return given
}

function newPath(): string {
  const path = newJournalPath()
  paths.push(path)
  return path
}

/** The rooms with their snapshots, as the first process left them. */
async function leftBy({ control, calls }: GivenHttp, members: (callId: string) => readonly string[]): Promise<readonly ObservedRoom[]> {
  await eventually(() => calls.list().every(({ id, state }) => control.kept.get(id)?.includes(`"phase":"${state}"`)), Boolean)
  return [...control.kept].map(([callId, snapshot]) => ({ callId, room: 'call', members: members(callId), snapshot }))
}

const told = (given: GivenHttp) => async () => (await given.journal.read(0, 100)).map(({ fact }) => fact.type)

/** One key, and its fact is in the journal. */
async function press(given: GivenHttp, agent: string): Promise<void> {
  const pressed = await given.calls.press({ agent, mode: 'transfer' })
  if (typeof pressed === 'string') throw new Error(pressed)
  await eventually(told(given), (types) => types.includes('handover-requested'))
}

/** The journal, but for one thing that it does. */
const but = (changed: Partial<Journal>) => (journal: Journal): Journal => Object.assign(Object.create(journal) as Journal, changed)

const channelsOf = (...ids: readonly string[]) => new Map(ids.map((id) => [id, { inHands: true }] as const))

it('a citizen whom a desk called hangs up after the takeover: the call ends', async () => {
  const path = newPath()
  const first = await started({ path, outbound: true })
  const made = first.calls.callOut({ agent: '1001', number: '13900005678' })
  if (typeof made === 'string') throw new Error(made)
  first.control.answer('1001')
  const callee = first.control.answer('carrier').leg
  const rooms = await leftBy(first, (id) => [callee, `${id}-1`])
  await first.close()
  const second = await started({ path, outbound: true, observed: { rooms, channels: channelsOf(callee, `${made.call}-1`) } })
  expect(second.calls.get(made.call)?.state).toBe('talking')
  second.control.hangsUp(callee)
  expect(second.calls.get(made.call)?.state).toBe('ended')
})

it.each([['talking', () => undefined], ['whose agent has pressed', press]] as const)('a snapshot that is not what it says, of a call %s, does not hinder the others, and nobody who talks is touched by it', async (_name, more) => {
  const path = newPath()
  const first = await started({ path })
  const good = first.control.talk('1001')
  const bad = first.control.talk('1002')
  await more(first, '1002')
  const rooms = await leftBy(first, (id) => (id === good.call ? [good.caller, `${id}-1`] : [bad.caller, `${id}-1`]))
  await first.close()
  const spoilt = rooms.map((room) => (room.callId === bad.call ? { ...room, snapshot: '{"version":2,"state":{"phase":"talking"},"facts":[]}' } : room))
  const legs = [`${good.call}-1`, `${bad.call}-1`]
  const arrivals = [{ platform: '12345', dialled: '12345', caller: { channelId: bad.caller, number: '138' } }] as const
  const second = await started({ path, observed: { rooms: spoilt, channels: channelsOf(good.caller, bad.caller, ...legs), legs, arrivals } })
  expect(second.calls.list().map(({ id }) => id)).toEqual([good.call])
  expect(second.control.cleared).toEqual([])
})

it('a journal that does not answer holds up no call', async () => {
  const path = newPath()
  const first = await started({ path })
  const { call, caller } = first.control.talk('1001')
  const rooms = await leftBy(first, (id) => [caller, `${id}-1`])
  await first.close()
  const second = await started({ path, wrap: but({ openCalls: () => new Promise<never>(() => undefined) }), observed: { rooms, channels: channelsOf(caller, `${call}-1`) } })
  expect(second.calls.get(call)?.state).toBe('talking')
  expect(second.calls.inControl).toBe(true)
})

it.each([
  ['which hand-over was under way', { factsOfHandover: () => new Promise<never>(() => undefined) }],
  ['that it has written', { append: () => new Promise<never>(() => undefined) }],
])('a journal that never says %s holds up no call', async (_name, changed) => {
  const path = newPath()
  const first = await started({ path })
  const { call, caller } = first.control.talk('1001')
  const rooms = await leftBy(first, (id) => [caller, `${id}-1`])
  await press(first, '1001')
  await first.close()
  const second = await started({ path, wrap: but(changed), observed: { rooms, channels: channelsOf(caller, `${call}-1`) } })
  expect(second.calls.get(call)?.state).toBe('talking')
  expect(second.calls.inControl).toBe(true)
})

it('the facts that were not on disk yet are written by the next process, once', async () => {
  const path = newPath()
  const first = await started({ path, wrap: but({ append: () => Promise.resolve({ durable: false, reason: 'full' }) }) })
  const { call, caller } = first.control.talk('1001')
  const rooms = await leftBy(first, (id) => [caller, `${id}-1`])
  await first.close()
  const second = await started({ path, observed: { rooms, channels: channelsOf(caller, `${call}-1`) } })
  expect(await eventually(told(second), (types) => types.length > 2)).toEqual(['call-arrived', 'call-answered', 'call-repaired'])
})

it('a press that is in the journal and not in the snapshot has failed, and says so', async () => {
  const path = newPath()
  const first = await started({ path })
  const { call, caller } = first.control.talk('1001')
  const rooms = await leftBy(first, (id) => [caller, `${id}-1`])
  await press(first, '1001')
  await first.close()
  const second = await started({ path, observed: { rooms, channels: channelsOf(caller, `${call}-1`), legs: [`${call}-2`] } })
  const types = await eventually(told(second), (known) => known.includes('asterisk-cleared'))
  expect(types.slice(types.indexOf('handover-requested') + 1)).toEqual(['ticket-registered', 'handover-failed', 'ticket-withdrawn', 'call-repaired', 'asterisk-cleared'])
  const numbers = (await second.journal.read(0, 100)).flatMap(({ fact }) => (isOfCall(fact) ? [fact.sequence] : []))
  expect(numbers).toEqual(numbers.map((_, i) => i + 1))
  expect(second.control.cleared).toContain(`${call}-2`)
})

it('Asterisk was started again, and a citizen came before it was compared: he is not lost', async () => {
  const { control, calls } = await started({ path: newPath() })
  const caller = control.arrive()
  const [call] = calls.list()
  Object.assign(control.observed, { restarted: true, rooms: [{ callId: call?.id, room: 'call', members: [] }], channels: channelsOf(caller, ...control.dialled.map(({ leg }) => leg)) })
  calls.restored()
  await eventually(() => calls.inControl, Boolean)
  expect(calls.list().map(({ id, state }) => [id, state])).toEqual([[call?.id, 'talking']])
})
