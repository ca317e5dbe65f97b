import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { freePort, freePortRange } from '../../src/lab/ports.ts'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const socket of open.splice(0)) socket.close()
})

async function takeTcp(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  open.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function takeUdp(port: number): Promise<void> {
  const socket = createSocket('udp4')
  open.push(socket)
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
}

test('the usual port is taken when it is free, and given only once', async () => {
  const usual = await freePort()
  expect(await freePort(usual + 2_000)).toBe(usual + 2_000)
  expect(await freePort(usual + 2_000)).toBeGreaterThan(usual + 2_000)
})

test('another port is taken when the usual one is not free', async () => {
  const taken = await takeTcp()
  expect(await freePort(taken)).not.toBe(taken)
})

test('a port that is taken on UDP only is free for TCP, not for both', async () => {
  const port = (await freePort()) + 3_000
  await takeUdp(port)
  expect(await freePort(port, 'both')).not.toBe(port)
  expect(await freePort(port, 'tcp')).toBe(port)
})

test('a range starts even, and after a port that is in its way', async () => {
  const [first] = await freePortRange(2, 41_000)
  await takeUdp(first + 5)
  const [start, end] = await freePortRange(10, first + 3)
  expect([start % 2, end - start]).toEqual([0, 9])
  expect(start).toBeGreaterThan(first + 5)
})

test('an address that this machine does not have is an error, not a taken port', async () => {
  await expect(freePort(30_000, 'tcp', '192.0.2.1')).rejects.toThrow('192.0.2.1')
})
