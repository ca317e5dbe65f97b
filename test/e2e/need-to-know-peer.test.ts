import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Platform } from '../../src/domain/handover/handover.ts'
import type { Ticket } from '../../src/domain/ticket/ticket.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { startRedis } from '../../src/lab/redis.ts'
import { ensureRoot } from '../../src/lab/root.ts'
import { keys } from '../support/given-http.ts'
import { type GivenTandem, givenTandem } from '../support/given-tandem.ts'
import { incident } from '../support/intake.ts'

/** Two Tandems, one a platform, each with a supervisor of its own. */
let dir = ''
let hotline: GivenTandem
let police: GivenTandem
const secret = `whsec_${Buffer.from('between the two platforms'.padEnd(32, '.')).toString('base64')}`
const boss = { authorization: 'Bearer key-of-the-supervisor', 'content-type': 'application/json' }

beforeAll(async () => {
  await ensureRoot(() => {})
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  dir = mkdtempSync(join(runtimeDir, 'test/need-to-know-'))
  const redis = await startRedis({ dir: join(dir, 'redis') })
  const [at12345, at110] = [await freePort(), await freePort()]
  const settings = (own: Platform, port: number, peer: number) => ({
    instance: `tandem-${own}`,
    http: { port, apiKeys: [{ name: 'desk', key: keys.desk, platform: own }, { name: 'boss', key: 'key-of-the-supervisor', role: 'supervisor', platform: own }] },
    redis: { url: redis.url, prefix: `of-${own}` },
    tickets: { allowNetworks: ['127.0.0.0/8'], retryMs: Array.from({ length: 200 }, () => 300), endpoints: [{ id: 'peer', platform: own === '110' ? '12345' : '110', url: `http://127.0.0.1:${peer}/v1/inbox/peer`, secrets: [secret] }] },
  })
  hotline = await givenTandem(join(dir, '12345'), at12345, settings('12345', at12345, at110))
  police = await givenTandem(join(dir, '110'), at110, settings('110', at110, at12345))
  await Promise.all([hotline.start(), police.start()])
}, 120_000)
afterAll(async () => {
  await Promise.all([hotline.kill(), police.kill()])
  await stopAll()
  rmSync(dir, { recursive: true })
})

const seenBy = async (headers: Record<string, string>, id: string): Promise<Ticket | undefined> => ((await (await fetch(`${police.url}/v1/tickets/${id}`, { headers })).json()) as { ticket?: Ticket }).ticket
const desk = { authorization: `Bearer ${keys.desk}` }
const change = async (at: GivenTandem, method: string, path: string, body: object) => (await (await fetch(`${at.url}/v1/need-to-know/${path}`, { method, headers: boss, body: JSON.stringify(body) })).json()) as { code?: string }

it('a matter that is pushed need-to-know is so there from the first moment', async () => {
  const { id } = (await hotline.post<{ ticket: Ticket }>('/v1/tickets', { from: '12345', intake: incident, needToKnow: { reason: 'stability', cause: '群体性苗头' } })).ticket
  const seen: boolean[] = []
  const there = await eventually(async () => {
    seen.push((await seenBy(desk, id)) !== undefined)
    return seenBy(boss, id)
  }, (ticket) => ticket !== undefined, 20_000)
  expect(there).toMatchObject({ needToKnow: { reason: 'stability', cause: '群体性苗头', platform: '12345' } })
  expect(await seenBy(desk, id)).toBeUndefined()
  expect(seen).not.toContain(true)
}, 60_000)

it('one that is marked later is hidden there too; only the platform that marked it lifts it, for both', async () => {
  const { id } = (await hotline.post<{ ticket: Ticket }>('/v1/tickets', { from: '12345', intake: incident })).ticket
  await eventually(() => seenBy(desk, id), (ticket) => ticket !== undefined, 20_000)
  await change(hotline, 'PUT', id, { reason: 'case', cause: '立案' })
  await eventually(() => seenBy(desk, id), (ticket) => ticket === undefined, 20_000)
  expect(await seenBy(boss, id)).toMatchObject({ needToKnow: { reason: 'case', platform: '12345' } })
  expect(await change(police, 'POST', `${id}/lift`, { cause: '结案' })).toMatchObject({ code: 'marking-not-yours' })
  await change(hotline, 'POST', `${id}/lift`, { cause: '结案' })
  const back = await eventually(() => seenBy(desk, id), (ticket) => ticket !== undefined, 20_000)
  expect(back).not.toHaveProperty('needToKnow')
}, 60_000)
