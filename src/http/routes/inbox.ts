import { Type } from 'typebox'
import type { Inbox } from '../inbox.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'

/** Messages from ticket systems. They need no key: they are signed. */
export async function inboxRoutes(app: App, inbox: Inbox): Promise<void> {
  await app.register(async (signed: App) => {
    // Whatever it says to be: the signature is over the bytes.
    signed.removeAllContentTypeParsers()
    signed.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    signed.post(
      '/v1/inbox/:endpoint',
      {
        schema: {
          operationId: 'receiveMessage',
          summary: 'Take a signed message from a ticket system',
          description:
            'Signed as webhooks are (Standard Webhooks), with a secret of that endpoint. Answered when it is on disk, and taken once: the same `webhook-id` again is refused. Taken and refused ones are facts (`message-received`, `message-refused`). The body is JSON, 64 KB at most.',
          tags: ['inbox'],
          security: [],
          params: Type.Object({ endpoint: Type.String() }),
          querystring: NoQuery,
          response: {
            ...problemAnswers(
              'endpoint-not-found',
              'headers-missing',
              'signature-malformed',
              'timestamp-malformed',
              'timestamp-too-old',
              'timestamp-too-new',
              'signature-mismatch',
              'message-replayed',
              'malformed-body',
              'body-too-large',
              'not-durable',
            ),
            202: Type.Object({ id: Type.String({ description: 'Its webhook-id' }) }, { description: 'It is on disk' }),
          },
        },
      },
      async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.of()
        const taken = await inbox.take(request.params.endpoint, request.headers, body, Date.now())
        return 'refused' in taken ? sendProblem(reply, problem(taken.refused)) : reply.code(202).send(taken)
      },
    )
  })
}
