import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Ticket } from '../../src/domain/ticket/ticket.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type LabRedis, startRedis } from '../../src/lab/redis.ts'
import { ensureRoot } from '../../src/lab/root.ts'
import { type GivenTandem, givenTandem } from '../support/given-tandem.ts'
import { incident, order } from '../support/intake.ts'
import { type LabRequestTracker, startRequestTracker } from '../support/request-tracker.ts'

/** Two Tandems, one a platform, and a Request Tracker with a queue of each. */
let dir = ''
let hotline: GivenTandem
let police: GivenTandem
let rt: LabRequestTracker
let redis: LabRedis

const urlOf = (port: number, endpoint: string) => `http://127.0.0.1:${port}/v1/inbox/${endpoint}`
const secret = (of: string) => `whsec_${Buffer.from(of.padEnd(32, '.')).toString('base64')}`
const between = secret('between the two platforms')
const queues = { '12345': '12345 工单', '110': '110 警单' } as const

beforeAll(async () => {
  await ensureRoot(() => {})
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  dir = mkdtempSync(join(runtimeDir, 'test/peer-'))
  const [at12345, at110] = [await freePort(), await freePort()]
  rt = await startRequestTracker({ dir: join(dir, 'rt'), tandem: { url: { [queues['12345']]: urlOf(at12345, 'rt'), [queues['110']]: urlOf(at110, 'rt') }, secret: secret('of RT') } })
  redis = await startRedis({ dir: join(dir, 'redis') })
  const settings = (own: '12345' | '110', peerPort: number) => ({
    instance: `tandem-${own}`,
    redis: { url: redis.url, prefix: `of-${own}` },
    tickets: {
      allowNetworks: ['127.0.0.0/8'],
      retryMs: Array.from({ length: 200 }, () => 300),
      circuit: { failures: 5, pauseMs: 300, longestPauseMs: 1_000 },
      endpoints: [
        { id: 'peer', platform: own === '110' ? '12345' : '110', url: urlOf(peerPort, 'peer'), secrets: [between] },
        { id: 'rt', platform: own, kind: 'request-tracker', url: rt.url, token: rt.token, queue: queues[own], secrets: [secret('of RT')], pollMs: 1_000 },
      ],
    },
  })
  hotline = await givenTandem(join(dir, '12345'), at12345, settings('12345', at110))
  police = await givenTandem(join(dir, '110'), at110, settings('110', at12345))
  await Promise.all([hotline.start(), police.start()])
}, 900_000)
afterAll(async () => {
  await Promise.all([hotline.kill(), police.kill()])
  await stopAll()
  rmSync(dir, { recursive: true })
})

const ticketAt = async (tandem: GivenTandem, id: string) => (await tandem.get<{ ticket?: Ticket }>(`/v1/tickets/${id}`)).ticket
const becomes = (tandem: GivenTandem, id: string, state: Ticket['state']) => eventually(() => ticketAt(tandem, id), (ticket) => ticket?.state === state, 20_000)
const push = async (tandem: GivenTandem, body: object) => (await tandem.post<{ ticket: Ticket }>('/v1/tickets', body)).ticket
const stepsOf = (ticket: Ticket | undefined) => ticket?.steps.map(({ step, platform, by, text, cause }) => [step, platform, by, text, cause])
const told = (ticket: Ticket | undefined) => ({ ...ticket, due: undefined, steps: stepsOf(ticket) })

interface RtTicket {
  readonly id: number
  readonly status: string
}
async function inRt(queue: string, id: string): Promise<readonly RtTicket[]> {
  const query = new URLSearchParams({ query: `Queue = '${queue}' AND CF.{TandemID} = '${id}'`, fields: 'Status' }).toString()
  const { items } = (await rt.asTandem.ask('GET', `/tickets?${query}`)).json as { items: readonly { id: string; Status: string }[] }
  return items.map((item) => ({ id: Number(item.id), status: item.Status }))
}
const oneInRt = async (queue: string, id: string, status?: string) => (await eventually(() => inRt(queue, id), (found) => found.length > 0 && (status === undefined || found[0]?.status === status), 20_000))[0]?.id ?? 0

it('a push from 12345 is in the police’s system; returned there with a cause, sent again, resolved, confirmed: both have the same of it', async () => {
  const { id } = await push(hotline, { from: '12345', intake: incident, matter: { category: '社会治安类', item: '殴打伤害事故' }, urgency: 'at-once' })
  const number = await oneInRt(queues['110'], id, 'new')
  await eventually(() => ticketAt(hotline, id), (ticket) => ticket?.references['110'] === String(number), 20_000)
  await rt.asAgent.act(number, { status: 'rejected', reply: '地址不清，请补充' })
  const returned = await becomes(hotline, id, 'returned')
  expect(returned?.steps.at(-1)).toMatchObject({ step: 'returned', platform: '110', by: 'agent', cause: 'other', text: '地址不清，请补充' })
  await hotline.post(`/v1/tickets/${id}/resend`, { platform: '12345', intake: { address: '人民路 18 号东门' } })
  await oneInRt(queues['110'], id, 'open')
  await rt.asAgent.act(number, { status: 'resolved', reply: '双方已和解' })
  await becomes(hotline, id, 'resolved')
  await hotline.post(`/v1/tickets/${id}/close`, { platform: '12345', text: '来电人满意' })
  const [here, there] = [await becomes(hotline, id, 'closed'), await becomes(police, id, 'closed')]
  expect(told(there)).toEqual(told(here))
  expect(there?.intake['address']).toBe('人民路 18 号东门')
  expect((await inRt(queues['110'], id)).map(({ status }) => status)).toEqual(['resolved'])
  // The sender has it in its own system too, with what the receiver said.
  const own = await oneInRt(queues['12345'], id, 'resolved')
  const { items } = (await rt.asTandem.ask('GET', `/ticket/${own}/attachments?fields=Content&per_page=100`)).json as { items: readonly { Content: string }[] }
  expect(items.map(({ Content }) => Content).join('\n')).toMatch(/【已退回】.*地址不清，请补充[\s\S]*【已解决】.*双方已和解[\s\S]*【已确认办结】/u)
}, 120_000)

it('a push from 110 goes the other way, and is never urgent', async () => {
  const { id } = await push(police, { from: '110', intake: order, urgency: 'emergency' })
  expect(await becomes(hotline, id, 'sent')).toMatchObject({ urgency: 'routine', from: '110', to: '12345' })
  await rt.asAgent.act(await oneInRt(queues['12345'], id, 'new'), { status: 'open' })
  await becomes(police, id, 'accepted')
}, 60_000)

it('the peer away: what is pushed meanwhile, and what its people do meanwhile, is there when it is back, once', async () => {
  const before = await push(hotline, { from: '12345', intake: incident })
  const number = await oneInRt(queues['110'], before.id, 'new')
  await becomes(police, before.id, 'sent')
  await police.kill()
  // RT’s word of it is lost.
  await rt.asAgent.act(number, { status: 'open' })
  const meanwhile = await Promise.all(Array.from({ length: 5 }, () => push(hotline, { from: '12345', intake: incident })))
  await hotline.post(`/v1/tickets/${meanwhile[0]?.id}/withdraw`, { platform: '12345', text: '误推' })
  await police.start()
  await becomes(hotline, before.id, 'accepted')
  await Promise.all(meanwhile.map(({ id }, index) => becomes(police, id, index === 0 ? 'withdrawn' : 'sent')))
  for (const { id } of meanwhile) await eventually(() => inRt(queues['110'], id), ({ length }) => length === 1, 20_000)
  const [here, there] = [await Promise.all(meanwhile.map(({ id }) => ticketAt(hotline, id))), await Promise.all(meanwhile.map(({ id }) => ticketAt(police, id)))]
  expect(here.map((ticket) => stepsOf(ticket))).toEqual(there.map((ticket) => stepsOf(ticket)))
}, 120_000)
