import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import { keys, newJournalPath, settings } from '../support/given-http.ts'

/** An Asterisk that takes connections and never says anything, and a Redis that is not there. */
let asterisk: Server
let service: ChildProcess
let log = ''
let address = ''
const sockets = new Set<Socket>()
const path = newJournalPath()

beforeEach(async () => {
  asterisk = createServer((socket) => void sockets.add(socket))
  await new Promise<void>((resolve) => asterisk.listen(0, '127.0.0.1', resolve))
  const { port } = asterisk.address() as AddressInfo
  const http = await freePort()
  address = `http://127.0.0.1:${http}`
  const config = join(dirname(path), 'tandem.yaml')
  writeFileSync(config, settings(path, {}, { http, asterisk: port }), { mode: 0o600 })
  service = spawn(process.execPath, [join(import.meta.dirname, '../../src/service.ts'), '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] })
  service.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()))
})
afterEach(async () => {
  if (service.exitCode === null && service.kill('SIGKILL')) await once(service, 'exit')
  for (const socket of sockets) socket.destroy()
  asterisk.close()
  rmSync(dirname(path), { recursive: true })
})

it('an Asterisk that is silent holds up neither the HTTP interface nor the tickets, nor the end', async () => {
  await eventually(() => log.includes('"ready"'), Boolean, 5_000)
  expect(sockets.size).toBeGreaterThan(0)
  const headers = { authorization: `Bearer ${keys.desk}` }
  expect(await (await fetch(`${address}/v1/health`, { headers })).json()).toMatchObject({ ok: false })
  const deliveries = await fetch(`${address}/v1/deliveries`, { headers, signal: AbortSignal.timeout(5_000) })
  expect(await deliveries.json()).toEqual({ items: [] })
  service.kill('SIGTERM')
  expect(await once(service, 'exit', { signal: AbortSignal.timeout(5_000) })).toEqual([0, null])
})
