import { Type } from 'typebox'
import { ticketRefusals } from '../../domain/ticket/ticket.ts'
import type { Inbox } from '../inbox.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'

/** A ticket with a hundred long steps, bytes. */
const bodyLimit = 1_048_576

/** Messages from ticket systems. They need no key: they are signed. */
export async function inboxRoutes(app: App, inbox: Inbox): Promise<void> {
  await app.register(async (signed: App) => {
    // Whatever it says to be: the signature is over the bytes.
    signed.removeAllContentTypeParsers()
    signed.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    signed.post(
      '/v1/inbox/:endpoint',
      {
        bodyLimit,
        schema: {
          operationId: 'receiveMessage',
          summary: 'Take a signed message from a ticket system',
          description:
            'Signed as webhooks are (Standard Webhooks), with a secret of that endpoint. Answered when it is on disk, with what it does, and taken once: the same `webhook-id` again is refused. A `type` of `ticket.…` is done: `ticket.registered` pushes a matter (`data.ticket` with `intake`; `data.reference` is its number in your system), the others are about `data.ticket.id`, with `text`, `reference`, `cause`, `step`, `intake`, `at` and `by` beside it in `data`; the endpoint’s platform does it. Another Tandem’s webhooks are of this form. Other types are kept, and nothing else. Taken and refused ones are facts (`message-received`, `message-refused`). The body is JSON, 1 MB at most.',
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
              'invalid-message',
              'ticket-not-found',
              ...ticketRefusals,
              'body-too-large',
              'not-durable',
            ),
            202: Type.Object({ id: Type.String({ description: 'Its webhook-id' }), ticket: Type.Optional(Type.String({ description: 'Of a message about a ticket: its id here' })) }, { description: 'It is on disk, and done' }),
          },
        },
      },
      async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.of()
        const taken = await inbox.take(request.params.endpoint, request.headers, body, Date.now())
        if (!('refused' in taken)) return reply.code(202).send(taken)
        return sendProblem(reply, problem(taken.refused, taken.faults ? { errors: taken.faults } : {}))
      },
    )
  })
}
