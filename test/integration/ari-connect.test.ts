import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { connectAri } from '../../src/asterisk/ari-connect.ts'
import { AriError } from '../../src/asterisk/ari-error.ts'

/** Asterisks that are there and not ready: what ari-client throws where nobody can catch it would fail this file. */
const open: { close(): void }[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(server)
  return (server.address() as AddressInfo).port
}

/** Just starting, it answers 503; so many requests are answered before with the list of its resources. */
function starting(lists: number): Promise<number> {
  let left = lists
  const server = createServer(({ headers }, response) => {
    const basePath = `http://${headers.host}/ari`
    const answer = left-- > 0 && { swaggerVersion: '1.1', apiVersion: '8.0.0', basePath, apis: [{ path: '/api-docs/channels.{format}', description: 'Channels' }] }
    response.writeHead(answer ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(answer || { message: 'Asterisk not booted' }))
  })
  return listen(server)
}

const connect = (httpPort: number) =>
  connectAri({ host: '127.0.0.1', httpPort, username: 'tandem', ariPassword: 'secret', application: 'tandem' } as Parameters<typeof connectAri>[0])
const failure = (httpPort: number): Promise<unknown> => connect(httpPort).catch((error: unknown) => error)

it('an Asterisk that is just starting is away, and may be asked again', async () => {
  const error = await failure(await starting(0))
  expect(error).toBeInstanceOf(AriError)
  expect(error).toMatchObject({ status: 503, message: 'connect: Asterisk not booted' })
})

it('one that describes a part of its interface and then no more is away', async () => {
  // Ours, ari-client's, and that of its Swagger reader.
  const error = await failure(await starting(3))
  expect(error).toBeInstanceOf(AriError)
})

it('one that ends every connection is away at once', async () => {
  const server = createTcpServer((socket) => void socket.resetAndDestroy())
  const error = await failure(await listen(server))
  expect(error).toBeInstanceOf(AriError)
  expect(error).toMatchObject({ verdict: 'unknown' })
})
