import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runtimeDir } from '../../src/lab/paths.ts'
import { stopAll } from '../../src/lab/process.ts'
import { startRedis } from '../../src/lab/redis.ts'
import { ensureRoot } from '../../src/lab/root.ts'

let dir = ''
beforeAll(async () => {
  await ensureRoot(() => undefined)
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  dir = mkdtempSync(join(runtimeDir, 'test/redis-'))
}, 600_000)
afterAll(async () => {
  await stopAll()
  rmSync(dir, { recursive: true })
})

async function withClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url)
  try {
    return await work(client)
  } finally {
    client.disconnect()
  }
}

test('what was written is there after a stop and after a crash; the settings are fit for queues', async () => {
  const redis = await startRedis({ dir })
  await withClient(redis.url, (client) => client.set('a', '1'))
  await redis.stop()
  await redis.start()
  expect(await withClient(redis.url, (client) => client.get('a'))).toBe('1')
  await withClient(redis.url, (client) => client.set('b', '2'))
  await redis.kill()
  await expect(fetch(`http://127.0.0.1:${redis.port}`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  await redis.start()
  expect(await withClient(redis.url, (client) => client.mget('a', 'b'))).toEqual(['1', '2'])
  const settings = await withClient(redis.url, (client) => client.config('GET', 'bind', 'appendonly', 'maxmemory-policy'))
  expect(settings).toEqual(expect.arrayContaining(['127.0.0.1', 'yes', 'noeviction']))
  await redis.stop()
})

test('a second one on the same port fails with the log’s last lines', async () => {
  const redis = await startRedis({ dir: join(dir, 'one') })
  await expect(startRedis({ dir: join(dir, 'two'), port: redis.port })).rejects.toThrow(/ended instead of getting ready.*Address already in use/s)
  await redis.stop()
})
