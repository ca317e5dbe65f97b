import { expect, it } from 'vitest'
import type { AriChannel } from '../../src/asterisk/ari-events.ts'
import { rescues } from '../../src/asterisk/rescue.ts'
import { compare, type Observed } from '../../src/calls/comparison.ts'
import { given } from '../support/call-world.ts'

const channels = (...ids: readonly string[]) => new Map(ids.map((id) => [id, { inHands: true }] as const))
const observed = (more: Partial<Observed> = {}): Observed => ({ channels: channels('caller-channel', 'c-1', 'c-3'), rooms: [], legs: [], arrivals: [], adoptions: [], restarted: false, ...more })
const talking = () => [given.talking().state]
const inviting = () => [given.inviting().state]
const kinds = (...args: Parameters<typeof compare>) => compare(...args).map(({ kind, id }) => `${kind} ${id}`)

it('nothing is otherwise than known', () => {
  expect(kinds(talking(), talking(), observed())).toEqual([])
})

it('hang-ups come before answers, and callers before legs', () => {
  const two = [...inviting(), { ...given.talking().state, call: { ...given.talking().state.call, id: 'd', caller: { channelId: 'other', number: '1' } } }]
  expect(kinds(two, two, observed({ channels: channels('c-3') }))).toEqual(['caller-left caller-channel', 'caller-left other', 'leg-ended c-1', 'leg-ended c-4', 'leg-ended c-1', 'leg-answered c-3'])
})

it('a leg that only rings has not answered', () => {
  const ringing: Observed['channels'] = new Map<string, { readonly inHands: boolean }>([...channels('caller-channel', 'c-1'), ['c-3', { inHands: false }], ['c-4', { inHands: false }]])
  expect(kinds(inviting(), inviting(), observed({ channels: ringing }))).toEqual([])
})

it('who came after the question is not missing, and no stray', () => {
  expect(kinds([], talking(), observed({ channels: channels(), legs: ['c-1'] }))).toEqual([])
})

it('a leg of no call, the empty bridge of a call that is no more, and a caller whom no call has', () => {
  const arrival = { platform: '110', dialled: '110', caller: { channelId: 'new', number: '139' } } as const
  const rooms = [
    { callId: 'gone', room: 'call', members: [] },
    { callId: 'strange', room: 'call', members: ['somebody'] },
  ] as const
  expect(kinds(talking(), talking(), observed({ legs: ['c-1', 'x-9'], rooms, arrivals: [arrival, { ...arrival, caller: { channelId: 'caller-channel', number: '138' } }] }))).toEqual([
    'arrival new',
    'stray-leg x-9',
    'empty-room call gone',
  ])
})

/** As `GET /channels` shows them. */
const channel = (id: string, more: Partial<AriChannel> = {}): AriChannel => ({ id, name: id, state: 'Up', caller: { number: '', name: '' }, ...more })
const citizen = (id: string, callId?: string, state = 'Up') =>
  channel(id, { state, dialplan: { context: 'tandem-inbound', exten: '12345', app_name: 'Stasis', app_data: 'tandem,inbound,12345' }, ...(callId === undefined ? {} : { channelvars: { TANDEM_CALL_ID: callId } }) })
const leg = (id: string, callId: string, state: string, application = 'tandem') =>
  channel(id, {
    state,
    channelvars: { TANDEM_CALL_ID: callId, TANDEM_APPLICATION: application },
    ...(state === 'Up' ? { dialplan: { context: 'tandem-leg', exten: 's', app_name: 'Stasis', app_data: `${application},leg` } } : {}),
  })

it('the watchdog moves on who is alone, and ends what rings for him first', () => {
  expect(rescues([citizen('a', 'call-1', 'Ring'), leg('call-1-1', 'call-1', 'Ringing')], [], 'tandem')).toEqual([
    { type: 'hang-up', channel: 'call-1-1' },
    { type: 'move-on', channel: 'a', platform: '12345' },
  ])
})

it('the watchdog puts whoever has answered together with him', () => {
  const bridges = [{ id: 'bridge-call-1', channels: ['a'] }, { id: 'consult-call-1', channels: ['call-1-1', 'call-1-2'] }]
  expect(rescues([citizen('a', 'call-1'), leg('call-1-1', 'call-1', 'Up'), leg('call-1-2', 'call-1', 'Up')], bridges, 'tandem')).toEqual(
    ['a', 'call-1-1', 'call-1-2'].map((id) => ({ type: 'join', channel: id, bridge: 'bridge-call-1' })),
  )
})

it.each([
  ['in company', [citizen('a', 'call-1'), leg('call-1-1', 'call-1', 'Up')], [{ id: 'bridge-call-1', channels: ['a', 'call-1-1'] }]],
  ['another application’s', [channel('b', { dialplan: { context: 'x', exten: 's', app_name: 'Stasis', app_data: 'other,inbound,110' } })], []],
  ['in the PBX’s own dialplan', [channel('b', { dialplan: { context: 'x', exten: 's', app_name: 'Queue', app_data: 'sales' } })], []],
  ['a leg and no citizen', [leg('call-1-1', 'call-1', 'Up')], []],
])('the watchdog leaves alone who is %s', (_who, all, bridges) => {
  expect(rescues(all, bridges, 'tandem')).toEqual([])
})

it('the watchdog joins nobody who waits in the dialplan: his phone is rung again with the desk', () => {
  const waiting = { ...leg('call-1-1', 'call-1', 'Up'), dialplan: { context: 'tandem-leg', exten: 's', app_name: 'Wait', app_data: '0.5' } }
  expect(rescues([citizen('a', 'call-1', 'Ring'), waiting], [], 'tandem')).toEqual([
    { type: 'hang-up', channel: 'call-1-1' },
    { type: 'move-on', channel: 'a', platform: '12345' },
  ])
})

it('the watchdog moves a citizen on who was called', () => {
  const called = { ...leg('call-1-caller', 'call-1', 'Up'), channelvars: { TANDEM_CALL_ID: 'call-1', TANDEM_APPLICATION: 'tandem', TANDEM_ROLE: 'caller', TANDEM_PLATFORM: '110' } }
  expect(rescues([called], [{ id: 'bridge-call-1', channels: ['call-1-caller'] }], 'tandem')).toEqual([{ type: 'move-on', channel: 'call-1-caller', platform: '110' }])
})

it('the watchdog ends what rings for a citizen who has left', () => {
  expect(rescues([leg('call-1-1', 'call-1', 'Ringing'), leg('x', 'call-2', 'Ringing', 'other')], [], 'tandem')).toEqual([{ type: 'hang-up', channel: 'call-1-1' }])
})

it('a call that could not be taken over: who talks, talks on, and who is alone is helped', () => {
  const id = 'call-01993c00-0000-7000-8000-000000000000'
  const arrival = { platform: '110', dialled: '110', caller: { channelId: 'a', number: '139' } } as const
  const room = (...members: readonly string[]) => observed({ rooms: [{ callId: id, room: 'call', members }], arrivals: [arrival], legs: [`${id}-1`] })
  expect(kinds([], [], room('a', `${id}-1`))).toEqual([])
  expect(kinds([], [], room('a'))).toEqual(['arrival a', `stray-leg ${id}-1`])
})

it('a caller who is in the dialplan again has been moved on, and has not hung up', () => {
  const elsewhere: Observed['channels'] = new Map([['caller-channel', { inHands: false }], ['c-1', { inHands: true }]])
  expect(kinds(talking(), talking(), observed({ channels: elsewhere }))).toEqual(['caller-moved-on caller-channel'])
})

it('the watchdog touches no leg of another application’s call', () => {
  expect(rescues([citizen('a', 'call-1'), leg('x', 'call-1', 'Up', 'other')], [], 'tandem')).toEqual([{ type: 'move-on', channel: 'a', platform: '12345' }])
})
