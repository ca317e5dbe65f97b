import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { HttpDeps } from '../deps.ts'
import { eventStream } from '../event-stream.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import type { App } from '../server.ts'

/** Streams at a time: each is served by the loop that runs the calls. */
const mostReaders = 100

export function eventRoutes(app: App, { journal }: HttpDeps): void {
  const open = new Set<AbortController>()
  app.addHook('preClose', async () => {
    for (const ending of open) ending.abort()
  })

  app.get(
    '/v1/events',
    {
      // A HEAD would be answered from a stream that nobody reads to its end.
      exposeHeadRoute: false,
      schema: {
        operationId: 'liveEvents',
        summary: 'Live events of calls and hand-overs (Server-Sent Events)',
        description: 'The `event` is the fact’s type, the `data` an Event, the `id` its place in the journal. With `Last-Event-ID` what came after it is sent first.',
        tags: ['events'],
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })) }),
        querystring: Type.Object({ call: Type.Optional(Type.String({ description: 'Only this call' })) }, { additionalProperties: false }),
        response: { ...problemAnswers('too-many-readers'), 200: { description: 'Events without end', content: { 'text/event-stream': { schema: Type.Ref('Event') } } } },
      },
    },
    async (request, reply) => {
      const { who } = request
      if (!who) return sendProblem(reply, problem('unauthorized'))
      if (open.size >= mostReaders) return sendProblem(reply, problem('too-many-readers'))
      const last = request.headers['last-event-id']
      const { call } = request.query
      const ending = new AbortController()
      open.add(ending)
      reply.raw.once('close', () => {
        open.delete(ending)
        ending.abort()
      })
      const events = eventStream(journal, {
        ...(last === undefined ? {} : { after: Number(last) }),
        ...(call === undefined ? {} : { call }),
        reader: who,
        mayKnow: request.mayKnow,
        signal: ending.signal,
      })
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        // Else the connection would outlive the stream and hold up the end of the service.
        .header('connection', 'close')
        // nginx would hold the events back.
        .header('x-accel-buffering', 'no')
        .send(Readable.from(events, { objectMode: false }))
    },
  )
}
