import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addressGuard } from '../../src/tickets/address-guard.ts'
import { httpSender } from '../../src/tickets/http-sender.ts'

const refused = { verdict: 'dead', code: 'address-refused' }
const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': '1', 'webhook-signature': 'v1,a' }

describe('an address', () => {
  const closed = addressGuard([])

  it.each(['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8', '172.15.0.1', '172.32.0.1'])('%s is public', (address) => {
    expect(() => closed.check(address)).not.toThrow()
  })

  it.each([
    '127.0.0.1', '10.1.2.3', '100.64.0.1', '169.254.169.254', '172.16.0.1', '192.168.1.1', '0.0.0.0', '224.0.0.1', '255.255.255.255',
    '::', '::1', '::ffff:127.0.0.1', '::ffff:a00:1', '64:ff9b::7f00:1', '2002:7f00:1::', 'fe80::1%eth0', 'fd00::1', 'ff02::1',
    'localhost', '',
  ])('%s is refused', (address) => {
    expect(() => closed.check(address)).toThrow(expect.objectContaining(refused) as Error)
  })

  it.each(['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::ffff:127.0.0.1]', '[::1]'])('%s is refused in a URL', (host) => {
    expect(() => closed.checkUrl(new URL(`http://${host}/`))).toThrow(expect.objectContaining(refused) as Error)
  })

  it('is accepted in an allowed network', () => {
    const open = addressGuard(['10.0.0.0/8', 'fd00::/8'])
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1']) expect(() => open.check(address)).not.toThrow()
    expect(() => open.check('192.168.1.1')).toThrow('address-refused')
    expect(() => addressGuard(['::/0']).check('10.1.2.3')).toThrow('address-refused')
  })

  it('must be a network to be allowed', () => {
    expect(() => addressGuard(['10.0.0.0/33'])).toThrow('10.0.0.0/33 is not a network')
  })
})

describe('a connection', () => {
  let server: Server
  let requests = 0

  beforeEach(async () => {
    requests = 0
    server = createServer((_, response) => {
      requests++
      response.end()
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => void server.close(resolve))
  })

  const post = async (allow: string[], host: string) => {
    const sender = httpSender(addressGuard(allow), 5_000)
    const { port } = server.address() as AddressInfo
    const message = { url: `http://${host}:${port}/`, headers, body: Buffer.from('{}') }
    try {
      return await sender.send(message, new AbortController().signal)
    } finally {
      await sender.close()
    }
  }

  it.each(['127.0.0.1', 'localhost', '0x7f.1'])('to %s is not made unless allowed', async (host) => {
    await expect(post([], host)).rejects.toMatchObject(refused)
    expect(requests).toBe(0)
    expect(await post(['127.0.0.0/8', '::1/128'], host)).toMatchObject({ status: 200 })
    expect(requests).toBe(1)
  })

  it('is judged by the address that it reached', async () => {
    // A guard whose first two looks are deceived, as by a name that resolves anew.
    const guard = addressGuard([])
    const sender = httpSender({ ...guard, checkUrl: () => undefined }, 5_000)
    const { port } = server.address() as AddressInfo
    const message = { url: `http://127.0.0.1:${port}/`, headers, body: Buffer.from('{}') }
    await expect(sender.send(message, new AbortController().signal)).rejects.toMatchObject(refused)
    await sender.close()
    expect(requests).toBe(0)
  })
})
