import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import type { DeliveryView } from '../../src/tickets/deliveries.ts'
import { clear, givenTalk, press, tones } from '../support/given-call.ts'

/** Dead letters are found, read and told once more, by HTTP alone. */
let stack: Stack
let caller: Phone
let agent: Phone
let peer: Phone

interface Page {
  readonly items: readonly DeliveryView[]
  readonly next?: string
}
interface Shown {
  readonly delivery: DeliveryView
  readonly attempts: readonly { readonly outcome: string; readonly answer: string; readonly ms: number }[]
}

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-deliveries', ticketSystems: ['110'] })
  caller = await stack.citizen({ toneHz: tones.caller })
  agent = await stack.agent('1001', tones.agent)
  peer = await stack.agent('2001', tones.peer)
}, 120_000)
afterEach(() => clear(stack, caller, agent, peer))
afterAll(() => stopAll())

const list = async (query: string) => (await stack.api.get<Page>(`/v1/deliveries?${query}`)).body
const show = async (id: string) => (await stack.api.get<Shown>(`/v1/deliveries/${id}`)).body
const replay = (path: string, body: object = {}) => stack.api.post(`/v1/deliveries/${path}replay`, body)
const delivered = (id: string) => eventually(() => show(id), ({ delivery }) => delivery.state === 'delivered')

/** A transfer whose first ticket the ticket system refuses for good. */
async function givenDeadLetter(): Promise<{ readonly handover: string; readonly dead: DeliveryView }> {
  await givenTalk(stack, caller, agent, '1001')
  stack.receiver.failNext(422)
  const { id } = await press(stack, '1001')
  await peer.waitFor('incoming')
  await peer.answer()
  await agent.waitFor('idle')
  const of = async () => (await list('endpoint=tickets-110')).items.filter(({ subject }) => subject === id)
  const all = await eventually(of, (items) => items.length === 5 && items.every(({ state }) => state !== 'pending'))
  const dead = all.find(({ state }) => state === 'failed')
  if (!dead) throw new Error(`no dead letter: ${JSON.stringify(all)}`)
  return { handover: id, dead }
}

it('a dead letter says why, and arrives when it is replayed: the same webhook-id, and its attempts are all kept', async () => {
  const { handover, dead } = await givenDeadLetter()
  expect(dead).toMatchObject({ event: 'handover.requested', subject: handover, attempts: 1, lastOutcome: 'http-422' })
  expect((await show(dead.id)).attempts).toMatchObject([{ outcome: 'http-422', answer: '{"reason":"not taken"}' }])
  const { body: answer, status } = await replay(`${dead.id}/`)
  expect([status, answer]).toEqual([202, { replayed: 1 }])
  expect((await delivered(dead.id)).attempts.map(({ outcome }) => outcome)).toEqual(['http-422', 'http-204'])
  expect(stack.receiver.tickets.filter(({ id }) => id === dead.id).map(({ payload }) => payload.data.handover.id)).toEqual([handover])
})

it('an endpoint is told again what it missed, and all that it was told; page by page they are found', async () => {
  const { dead } = await givenDeadLetter()
  expect((await replay('', { endpoint: 'tickets-110', to: dead.updatedAt })).body).toEqual({ replayed: 0 })
  expect((await replay('', { endpoint: 'tickets-110', from: dead.updatedAt })).body).toEqual({ replayed: 1 })
  await delivered(dead.id)
  expect((await list('state=failed')).items).toEqual([])
  const all = (await list('endpoint=tickets-110&limit=100')).items.map(({ id }) => id)
  const first = await list('endpoint=tickets-110&limit=3')
  const second = await list(`endpoint=tickets-110&limit=3&cursor=${first.next}`)
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(all.slice(0, 6))
  const before = stack.receiver.tickets.length
  expect((await replay('', { endpoint: 'tickets-110', state: 'delivered' })).body).toEqual({ replayed: all.length })
  const again = await eventually(() => stack.receiver.tickets.slice(before), ({ length }) => length === all.length)
  expect(again.map(({ id }) => id).toSorted()).toEqual(all.toSorted())
})

it('what cannot be replayed is refused with its reason', async () => {
  expect(await replay('msg_unknown/')).toMatchObject({ status: 404, body: { code: 'delivery-not-found' } })
  expect(await stack.api.get('/v1/deliveries/msg_unknown')).toMatchObject({ status: 404, body: { code: 'delivery-not-found' } })
  expect(await replay('', { endpoint: 'nowhere' })).toMatchObject({ status: 404, body: { code: 'endpoint-not-found' } })
  expect(await replay('', { endpoint: 'tickets-110', state: 'pending' })).toMatchObject({ status: 400, body: { errors: [{ path: '/body/state' }] } })
  expect(await replay('', { endpoint: 'tickets-110', from: 'yesterday' })).toMatchObject({ status: 400, body: { errors: [{ path: '/body/from' }] } })
  expect(await stack.api.get('/v1/deliveries?state=lost')).toMatchObject({ status: 400, body: { errors: [{ path: '/querystring/state' }] } })
})
