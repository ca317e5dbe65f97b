import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'

/** A ticket system that notes what comes before it answers, and may be killed at any moment. @argument the file and the port */
const [file = '', port = '0'] = process.argv.slice(2)
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { handover: { id: string }; sequence: number } }
    appendFileSync(file, `${String(request.headers['webhook-id'])} ${data.handover.id} ${data.sequence}\n`)
    response.writeHead(204).end()
  })
})
server.listen(Number(port), '127.0.0.1', () => process.send?.('listening'))
process.on('disconnect', () => process.exit(0))
