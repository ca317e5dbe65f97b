import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Ticket } from '../../src/domain/ticket/ticket.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { startRedis } from '../../src/lab/redis.ts'
import { ensureRoot } from '../../src/lab/root.ts'
import { type GivenTandem, givenTandem } from '../support/given-tandem.ts'
import { incident } from '../support/intake.ts'

/** Two Tandems in networks that only a courier crosses. */
let dir = ''
let hotline: GivenTandem
let police: GivenTandem
let courier: NodeJS.Timeout
const secret = `whsec_${Buffer.from('between the two networks'.padEnd(32, '.')).toString('base64')}`

beforeAll(async () => {
  await ensureRoot(() => {})
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  dir = mkdtempSync(join(runtimeDir, 'test/relay-'))
  const redis = await startRedis({ dir: join(dir, 'redis') })
  const settings = (own: '12345' | '110') => ({
    instance: `tandem-${own}`,
    redis: { url: redis.url, prefix: `of-${own}` },
    tickets: { retryMs: Array.from({ length: 500 }, () => 200), endpoints: [{ id: 'peer', platform: own === '110' ? '12345' : '110', kind: 'relay', url: pathToFileURL(join(dir, `relay-${own}`)).href, secrets: [secret], pollMs: 200 }] },
  })
  hotline = await givenTandem(join(dir, '12345'), await freePort(), settings('12345'))
  police = await givenTandem(join(dir, '110'), await freePort(), settings('110'))
  await Promise.all([hotline.start(), police.start()])
  courier = setInterval(() => [carry('12345', '110'), carry('110', '12345')], 100)
}, 120_000)
afterAll(async () => {
  clearInterval(courier)
  await Promise.all([hotline.kill(), police.kill()])
  await stopAll()
  rmSync(dir, { recursive: true })
})

function carry(from: string, to: string): void {
  const [out, into] = [join(dir, `relay-${from}`, 'out'), join(dir, `relay-${to}`, 'in')]
  if (!existsSync(out) || !existsSync(into)) return
  for (const name of readdirSync(out).filter((one) => one.endsWith('.json'))) renameSync(join(out, name), join(into, name))
}

const becomes = (tandem: GivenTandem, id: string, state: Ticket['state']) => eventually(async () => (await tandem.get<{ ticket?: Ticket }>(`/v1/tickets/${id}`)).ticket, (ticket) => ticket?.state === state, 20_000)

it('a push goes over, is returned, sent again, resolved and closed, by files alone', async () => {
  const { id } = (await hotline.post<{ ticket: Ticket }>('/v1/tickets', { from: '12345', intake: incident })).ticket
  await becomes(police, id, 'sent')
  await police.post(`/v1/tickets/${id}/return`, { platform: '110', cause: 'unclear', text: '请补充门牌号' })
  await becomes(hotline, id, 'returned')
  await hotline.post(`/v1/tickets/${id}/resend`, { platform: '12345', intake: { address: '人民路 18 号东门' } })
  await becomes(police, id, 'sent')
  await police.post(`/v1/tickets/${id}/reports`, { platform: '110', step: 'resolved' })
  await becomes(hotline, id, 'resolved')
  await hotline.post(`/v1/tickets/${id}/close`, { platform: '12345' })
  const there = await becomes(police, id, 'closed')
  expect(there?.intake['address']).toBe('人民路 18 号东门')
  const told = async () => (await hotline.get<{ deliveries: readonly { state: string; lastOutcome?: string }[] }>(`/v1/tickets/${id}`)).deliveries.map(({ state, lastOutcome }) => [state, lastOutcome])
  expect(await eventually(told, (all) => all.every(([state]) => state !== 'pending'))).toEqual([['delivered', 'receipt'], ['delivered', 'receipt'], ['delivered', 'receipt']])
}, 60_000)
