import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { Entry, Journal } from '../../journal/journal.ts'
import type { HttpDeps } from '../deps.ts'
import type { App } from '../server.ts'

const keepAliveMs = 15_000
const page = 500
/** Entries that wait for a slow reader; beyond that he is cut off, and comes back with Last-Event-ID. */
const mostWaiting = 10_000

export function eventRoutes(app: App, { journal }: HttpDeps): void {
  const open = new Set<Readable>()
  app.addHook('preClose', async () => {
    for (const stream of open) stream.push(null)
  })

  app.get(
    '/v1/events',
    {
      schema: {
        operationId: 'liveEvents',
        summary: 'Live events of calls and hand-overs (Server-Sent Events)',
        description: 'The `event` is the fact’s type, the `data` an Event, the `id` its place in the journal. With `Last-Event-ID` what came after it is sent first.',
        tags: ['events'],
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })) }),
        querystring: Type.Object({ call: Type.Optional(Type.String({ description: 'Only this call' })) }, { additionalProperties: false }),
        response: { 200: { content: { 'text/event-stream': { schema: Type.Ref('Event') } } } },
      },
    },
    async (request, reply) => {
      const last = request.headers['last-event-id']
      const stream = eventStream(journal, last === undefined ? undefined : Number(last), request.query.call)
      open.add(stream)
      stream.once('close', () => open.delete(stream))
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(stream)
    },
  )
}

/** First what the journal holds after `after`, then what is appended, without gap or repetition. */
function eventStream(journal: Journal, after: number | undefined, call: string | undefined): Readable {
  let sent = after ?? 0
  let waiting: Entry[] | undefined = []
  const stream = new Readable({ read: () => undefined, destroy: (error, done) => (stop(), done(error)) })
  const send = (entries: readonly Entry[]) => {
    for (const { position, fact } of entries) {
      if (position <= sent) continue
      sent = position
      if (call !== undefined && fact.call.id !== call) continue
      const { version: _, ...data } = fact
      stream.push(`id: ${position}\nevent: ${fact.type}\ndata: ${JSON.stringify(data)}\n\n`)
    }
    if (stream.readableLength > mostWaiting * 1024) stream.destroy()
  }
  const unsubscribe = journal.onAppended((entries) => {
    if (!waiting) send(entries)
    else if (waiting.push(...entries) > mostWaiting) stream.destroy()
  })
  const alive = setInterval(() => stream.push(':\n\n'), keepAliveMs)
  const stop = () => {
    clearInterval(alive)
    unsubscribe()
  }
  const catchUp = async () => {
    for (let position = after; position !== undefined && !stream.destroyed; ) {
      const entries = await journal.read(position, page)
      send(entries)
      position = entries.length === page ? entries.at(-1)?.position : undefined
    }
    const held = waiting ?? []
    waiting = undefined
    send(held)
  }
  stream.push(':\n\n')
  catchUp().catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))))
  return stream
}
