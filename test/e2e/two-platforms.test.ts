import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { isDeepStrictEqual, promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Ticket } from '../../src/domain/ticket/ticket.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { projectDir } from '../../src/lab/paths.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import type { Stack } from '../../src/lab/stack.ts'
import { clear, expectHearing, expectTalkTogether, givenTalk, press, settled, tones } from '../support/given-call.ts'
import { incident, order } from '../support/intake.ts'
import { type PlatformName, type TwoPlatforms, twoPlatforms } from '../support/two-platforms.ts'

let both: TwoPlatforms
/** Each platform's own citizen, who dials its number, and its seat. */
let phones: Readonly<Record<PlatformName, { readonly stack: Stack; readonly citizen: Phone; readonly agent: Phone; readonly id: string }>>

beforeAll(async () => {
  both = await twoPlatforms('e2e-two')
  const { hotline, police } = both
  phones = {
    '12345': { stack: hotline, citizen: await hotline.citizen({ number: '13800001234', toneHz: tones.caller }), agent: await hotline.agent('1001', tones.agent), id: '1001' },
    '110': { stack: police, citizen: await police.citizen({ number: '13900005678', toneHz: tones.caller }), agent: await police.agent('2001', tones.peer), id: '2001' },
  }
}, 900_000)
afterEach(async () => {
  for (const { stack, citizen, agent } of Object.values(phones)) await clear(stack, citizen, agent)
})
afterAll(async () => {
  await both.stop()
  await stopAll()
})

const ticketAt = async ({ api }: Stack, id: string) => (await api.get<{ ticket?: Ticket }>(`/v1/tickets/${id}`)).body.ticket
const becomes = (stack: Stack, id: string, state: Ticket['state']) => eventually(() => ticketAt(stack, id), (ticket) => ticket?.state === state, 30_000)
const does = async (stack: Stack, id: string, what: string, body: object) => expect((await stack.api.post(`/v1/tickets/${id}/${what}`, body)).status).toBe(200)
const push = async (stack: Stack, body: object) => (await stack.api.post<{ ticket: Ticket }>('/v1/tickets', body)).body.ticket
const stepsOf = (ticket: Ticket | undefined) => ticket?.steps.map(({ step, platform, by, text, cause }) => [step, platform, by, text, cause])
const told = (ticket: Ticket | undefined) => ({ ...ticket, due: undefined, callId: undefined, steps: stepsOf(ticket) })

interface RtTicket {
  readonly id: number
  readonly status: string
}
async function inRt(queue: string, id: string): Promise<readonly RtTicket[]> {
  const query = new URLSearchParams({ query: `Queue = '${queue}' AND CF.{TandemID} = '${id}'`, fields: 'Status' }).toString()
  const { items } = (await both.rt.asTandem.ask('GET', `/tickets?${query}`)).json as { items: readonly { id: string; Status: string }[] }
  return items.map((item) => ({ id: Number(item.id), status: item.Status }))
}
const oneInRt = async (platform: PlatformName, id: string, status?: string) => (await eventually(() => inRt(both.queues[platform], id), (found) => found.length > 0 && (status === undefined || found[0]?.status === status), 30_000))[0]?.id ?? 0
async function notesInRt(number: number): Promise<string> {
  const { items } = (await both.rt.asTandem.ask('GET', `/ticket/${number}/attachments?fields=Content&per_page=100`)).json as { items: readonly { Content: string }[] }
  return items.map(({ Content }) => Content).join('\n')
}

/** Both have the same of it at its end. */
async function expectAlike(id: string, state: Ticket['state']): Promise<void> {
  await Promise.all([becomes(both.hotline, id, state), becomes(both.police, id, state)])
  // A number in one's own system is told a moment later.
  const each = async () => [told(await ticketAt(both.hotline, id)), told(await ticketAt(both.police, id))]
  const [here, there] = await eventually(each, ([one, other]) => isDeepStrictEqual(one, other), 20_000)
  expect(there).toEqual(here)
}

const otherThan = (platform: PlatformName): PlatformName => (platform === '110' ? '12345' : '110')

describe.each(['12345', '110'] as const)('%s hands over to the other platform', (from) => {
  it('a caller by one key: the ticket is in its system while its phone rings; it is done there, and the loop is closed here', async () => {
    const [own, other] = [phones[from], phones[otherThan(from)]]
    await givenTalk(own.stack, own.citizen, own.agent, own.id, from)
    const { id } = await press(own.stack, own.id, { reason: '双方推搡，需要到场' })
    await other.agent.waitFor('incoming', 10_000)
    const number = await oneInRt(otherThan(from), id, 'new')
    expect(other.agent.state).toBe('incoming')
    expect(other.agent.peer?.number).toContain(own.citizen === phones['12345'].citizen ? '13800001234' : '13900005678')
    await other.agent.answer()
    await own.agent.waitFor('idle', 10_000)
    await expectTalkTogether([own.citizen, 'caller'], [other.agent, from === '12345' ? 'peer' : 'agent'])
    await settled(own.stack, id, 'completed')
    await becomes(other.stack, id, 'accepted')
    await both.rt.asAgent.act(number, { status: 'resolved', reply: '已到场处置' })
    expect((await becomes(own.stack, id, 'resolved'))?.steps.at(-1)).toMatchObject({ platform: otherThan(from), text: '已到场处置' })
    await does(own.stack, id, 'close', { platform: from, text: '来电人满意' })
    await expectAlike(id, 'closed')
    await oneInRt(otherThan(from), id, 'resolved')
    await oneInRt(from, id, 'resolved')
  }, 120_000)

  it('a three-way call: all three hear each other; the desk that answered first keeps the caller, and the ticket is withdrawn there', async () => {
    const [own, other] = [phones[from], phones[otherThan(from)]]
    await givenTalk(own.stack, own.citizen, own.agent, own.id, from)
    const { id } = await press(own.stack, own.id, { mode: 'conference', consult: false, reason: '责任不清' })
    await other.agent.waitFor('incoming', 10_000)
    await other.agent.answer()
    const three = { caller: own.citizen, agent: phones['12345'].agent, peer: phones['110'].agent, guest: own.citizen }
    await expectHearing({ caller: ['agent', 'peer'], agent: ['caller', 'peer'], peer: ['agent', 'caller'] }, three, 20_000)
    await other.agent.hangUp()
    await settled(own.stack, id, 'completed')
    await expectAlike(id, 'withdrawn')
  }, 120_000)

  it('a photograph given with a push is fetched by its link from the note in the other platform’s system', async () => {
    const [own, other] = [phones[from], otherThan(from)]
    const { id } = await push(own.stack, { from, intake: from === '12345' ? incident : order })
    const photo = Buffer.from(`photo of ${id}`)
    const { address, key } = own.stack.api
    const given = await fetch(`${address}/v1/tickets/${id}/attachments?name=photo.jpg&platform=${from}`, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'image/jpeg' }, body: photo })
    expect(given.status).toBe(201)
    const notes = await eventually(async () => notesInRt(await oneInRt(other, id)), (text) => text.includes('附件 photo.jpg'), 30_000)
    const link = /附件 photo\.jpg（[^）]*）：(http\S+)/u.exec(notes)?.[1] ?? ''
    expect(Buffer.from(await (await fetch(link.replaceAll('&amp;', '&'))).arrayBuffer())).toEqual(photo)
    await does(own.stack, id, 'withdraw', { platform: from, text: '误推' })
    await becomes(phones[other].stack, id, 'withdrawn')
  }, 120_000)

  it('a push: returned with a cause in its system, sent again, reported on, closed', async () => {
    const [own, other] = [phones[from], phones[otherThan(from)]]
    const { id, urgency } = await push(own.stack, { from, intake: from === '12345' ? incident : order, urgency: 'at-once' })
    expect(urgency).toBe(from === '12345' ? 'at-once' : 'routine')
    const number = await oneInRt(otherThan(from), id, 'new')
    await eventually(() => ticketAt(own.stack, id), (ticket) => ticket?.references[otherThan(from)] === String(number), 30_000)
    await both.rt.asAgent.act(number, { status: 'rejected', reply: '地址不清，请补充' })
    expect((await becomes(own.stack, id, 'returned'))?.steps.at(-1)).toMatchObject({ step: 'returned', by: 'agent', cause: 'other', text: '地址不清，请补充' })
    await does(own.stack, id, 'resend', { platform: from, intake: { address: '人民路 18 号东门' } })
    await oneInRt(otherThan(from), id, 'open')
    await does(other.stack, id, 'reports', { platform: otherThan(from), step: 'on-scene', text: '已到场' })
    await becomes(own.stack, id, 'on-scene')
    await both.rt.asAgent.act(number, { status: 'resolved', reply: '双方已和解' })
    await becomes(own.stack, id, 'resolved')
    await does(own.stack, id, 'close', { platform: from, text: '来电人满意' })
    await expectAlike(id, 'closed')
    await oneInRt(otherThan(from), id, 'resolved')
    // The sender has it in its own system too, with what the receiver said.
    expect(await notesInRt(await oneInRt(from, id, 'resolved'))).toMatch(/【已退回】.*地址不清，请补充[\s\S]*【已到场】.*已到场[\s\S]*【已解决】.*双方已和解[\s\S]*【已确认办结】/u)
  }, 120_000)
})

it('a deadline that runs out is told in both systems, before and after', async () => {
  const { id } = await push(both.hotline, { from: '12345', intake: incident, danger: true })
  const number = await oneInRt('110', id, 'new')
  await becomes(both.police, id, 'sent')
  both.moveClock(50_000)
  await eventually(() => notesInRt(number), (notes) => notes.includes('即将超时：受理时限'), 20_000)
  both.moveClock(15_000)
  for (const [platform, { stack }] of Object.entries(phones)) {
    await eventually(async () => (await stack.api.get<{ items: Ticket[] }>('/v1/tickets?overdue=true')).body.items.map((ticket) => ticket.id), (ids) => ids.includes(id), 20_000)
    await eventually(async () => notesInRt(await oneInRt(platform as PlatformName, id)), (notes) => notes.includes('已超时：受理时限'), 20_000)
  }
  await does(both.police, id, 'accept', { platform: '110' })
  expect((await becomes(both.hotline, id, 'accepted'))?.due?.accept?.told).toBe('overdue')
}, 120_000)

it('the peer away for an hour and back: nothing is lost, nothing doubled, both ledgers agree', async () => {
  const { hotline, police, rt, queues } = both
  const before = await push(hotline, { from: '12345', intake: incident })
  const number = await oneInRt('110', before.id, 'new')
  await becomes(police, before.id, 'sent')
  police.service.kill('SIGKILL')
  await police.service.exited
  // RT’s word of it is lost.
  await rt.asAgent.act(number, { status: 'open' })
  const meanwhile = []
  for (let n = 0; n < 5; n++) {
    meanwhile.push(await push(hotline, { from: '12345', intake: incident }))
    both.moveClock(12 * 60_000)
  }
  await does(hotline, meanwhile[0]?.id ?? '', 'withdraw', { platform: '12345', text: '误推' })
  await police.startService()
  // What is to be tried again in minutes is tried now.
  both.moveClock(5 * 60_000)
  await becomes(hotline, before.id, 'accepted')
  await Promise.all(meanwhile.map(({ id }, index) => becomes(police, id, index === 0 ? 'withdrawn' : 'sent')))
  for (const { id } of meanwhile) await eventually(() => inRt(queues['110'], id), ({ length }) => length === 1, 30_000)
  await eventually(async () => (await compared()).out, (out) => out.endsWith('both ledgers agree'), 60_000)
  const { code, out } = await compared()
  expect([code, out]).toEqual([0, expect.stringMatching(/^15 tickets: both ledgers agree$/u)])
}, 240_000)

/** `tandem ledger compare`, as an auditor of 12345 runs it. */
async function compared(): Promise<{ readonly code: number; readonly out: string }> {
  const args = [join(projectDir, 'src/cli/tandem.ts'), 'ledger', 'compare', '--with', both.police.config.ledger?.url ?? '', '--config', both.hotline.configFile]
  return promisify(execFile)(process.execPath, args).then(
    ({ stdout }) => ({ code: 0, out: stdout.trim() }),
    (error: { code: number; stdout: string }) => ({ code: error.code, out: error.stdout.trim() }),
  )
}
