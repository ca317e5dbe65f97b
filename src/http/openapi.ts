import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { ticketWebhooks } from './webhooks.ts'
import type { App } from './server.ts'

/** OpenAPI 3.1 at `/openapi.json`, to be read with a browser at `/docs` (user: any, password: an API key). */
export async function describeApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tandem',
        version: '1',
        description: 'Joins 12345 and 110: one-key transfer of calls, and the ticket delivered with the call.',
      },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key' },
          browser: { type: 'http', scheme: 'basic', description: 'GET only: any user, the API key as password' },
        },
      },
      security: [{ key: [] }, { browser: [] }],
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      // A TypeBox schema is JSON Schema, which OpenAPI 3.1 takes; the library's types know less of it.
      Reflect.set(document.openapiObject, 'webhooks', ticketWebhooks)
      return document.openapiObject
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => (typeof json.$id === 'string' ? json.$id : `schema-${i}`) },
  })
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
