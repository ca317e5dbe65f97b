import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A ticket system in a process of its own, that counts: for each webhook its id, its hand-over, its place and when it came (the
 * system's monotonic clock, ms). Speaks with whoever started it by IPC.
 */
export interface Came {
  readonly id: string
  readonly subject: string
  readonly sequence: number
  readonly at: number
}

const came: Came[] = []
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const at = Number(process.hrtime.bigint()) / 1e6
    response.writeHead(204).end()
    const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { handover: { id: string }; sequence: number } }
    came.push({ id: String(request.headers['webhook-id'] ?? ''), subject: data.handover.id, sequence: data.sequence, at })
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tickets` }))
process.on('message', (ask) => {
  if (ask === 'count') process.send?.({ count: came.length })
  if (ask === 'take') process.send?.({ came: came.splice(0) })
})
process.on('disconnect', () => process.exit(0))
