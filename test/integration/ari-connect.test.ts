import { createServer, type ServerResponse } from 'node:http'
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

/** Answers with the list of its resources so many times, and then otherwise. */
function listing(lists: number, otherwise: (response: ServerResponse) => void): Promise<number> {
  let left = lists
  const server = createServer(({ headers }, response) => {
    if (left-- <= 0) return otherwise(response)
    const basePath = `http://${headers.host}/ari`
    const apis = [{ path: '/api-docs/channels.{format}', description: 'Channels' }]
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ swaggerVersion: '1.1', apiVersion: '8.0.0', basePath, apis }))
  })
  return listen(server)
}

/** Just starting, it answers 503; so many requests are answered before with the list of its resources. */
const starting = (lists: number): Promise<number> =>
  listing(lists, (response) => response.writeHead(503, { 'content-type': 'application/json' }).end('{"message":"Asterisk not booted"}'))

const connect = (httpPort: number) =>
  connectAri({ host: '127.0.0.1', httpPort, username: 'tandem', ariPassword: 'secret', application: 'tandem' } as Parameters<typeof connectAri>[0])
const failure = (httpPort: number): Promise<unknown> => connect(httpPort).catch((error: unknown) => error)

it('an Asterisk that is just starting is away, and may be asked again', async () => {
  const error = await failure(await starting(0))
  expect(error).toBeInstanceOf(AriError)
  expect(error).toMatchObject({ status: 503, message: 'connect: Asterisk not booted' })
})

// The list is asked for by us, by ari-client, and by its Swagger reader.
it.each<[string, (response: ServerResponse) => void]>([
  ['is not there any more', (response) => response.writeHead(503).end()],
  ['is no JSON', (response) => response.writeHead(200).end('<html>')],
  ['says to be JSON and is none', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"apis":')],
  ['is no description', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}')],
  ['is empty', (response) => response.writeHead(204).end()],
  ['is cut off', (response) => void response.socket?.resetAndDestroy()],
])('one whose description %s is away at once', async (_name, otherwise) => {
  const errors = await Promise.all([1, 2, 3].map(async (lists) => failure(await listing(lists, otherwise))))
  expect(errors).toEqual([expect.any(AriError), expect.any(AriError), expect.any(AriError)])
}, 3_000)

it('one that ends every connection is away at once', async () => {
  const server = createTcpServer((socket) => void socket.resetAndDestroy())
  const error = await failure(await listen(server))
  expect(error).toBeInstanceOf(AriError)
  expect(error).toMatchObject({ verdict: 'unknown' })
})
