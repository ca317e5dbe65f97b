import type { OpenAPIV3_1 } from 'openapi-types'
import { TicketPayloadSchema, ticketEvents } from '../tickets/payload-schema.ts'

const header = (name: string, description: string): OpenAPIV3_1.ParameterObject => ({
  name,
  in: 'header',
  required: true,
  schema: { type: 'string' },
  description,
})

// A TypeBox schema is JSON Schema, which OpenAPI 3.1 takes as it is.
const body = { schema: TicketPayloadSchema } as unknown as OpenAPIV3_1.MediaTypeObject

/** What Tandem sends to the ticket systems (Standard Webhooks 1.0), for the `webhooks` of the OpenAPI. */
export const ticketWebhooks: Record<string, OpenAPIV3_1.PathItemObject> = Object.fromEntries(
  ticketEvents.map((event): [string, OpenAPIV3_1.PathItemObject] => [
    event,
    {
      post: {
        operationId: `receive-${event}`,
        summary: `Sent to the ticket systems of the receiving platform: ${event}`,
        parameters: [
          header('webhook-id', 'Stable over all attempts: receive each id once'),
          header('webhook-timestamp', 'Unix seconds of this attempt'),
          header('webhook-signature', 'v1,<base64 HMAC-SHA256 of id.timestamp.body>; several while a secret is replaced'),
        ],
        requestBody: { content: { 'application/json': body } },
        responses: {
          '2XX': { description: 'Taken' },
          '410': { description: 'Never send to this address again' },
          default: { description: '408, 429, 5xx and time-outs are tried again; other answers end the delivery' },
        },
      },
    },
  ]),
)
