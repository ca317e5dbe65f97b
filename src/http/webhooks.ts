import { exampleOf } from '../tickets/payload-examples.ts'
import { payloadSchemaOf, ticketEvents } from '../tickets/payload-schema.ts'

const header = (name: string, description: string) => ({
  name,
  in: 'header' as const,
  required: true,
  schema: { type: 'string' as const },
  description,
})

/** What Tandem sends to the ticket systems (Standard Webhooks 1.0), for the `webhooks` of the OpenAPI 3.1 document. */
export const ticketWebhooks = Object.fromEntries(
  ticketEvents.map((event) => [
    event,
    {
      post: {
        operationId: `receive-${event}`,
        summary: event.startsWith('ticket.') ? `Sent to the ticket systems of both platforms: ${event}` : `Sent to the ticket systems of the platform that it is for: ${event}`,
        parameters: [
          header('webhook-id', 'Stable over all attempts: receive each id once'),
          header('webhook-timestamp', 'Unix seconds of this attempt'),
          header('webhook-signature', '`v1,` and the base64 HMAC-SHA256 of id.timestamp.body, or `v1sm3,` and its HMAC-SM3, as the endpoint is configured; several, with blanks between, while a secret is replaced'),
        ],
        requestBody: { content: { 'application/json': { schema: payloadSchemaOf(event), example: exampleOf(event) } } },
        responses: {
          '2XX': { description: 'Taken' },
          '410': { description: 'Never send to this address again' },
          default: { description: '408, 429, 5xx and time-outs are tried again; other answers end the delivery' },
        },
      },
    },
  ]),
)
