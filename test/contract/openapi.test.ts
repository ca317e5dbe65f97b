import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problems } from '../../src/http/problem.ts'
import { ticketEvents } from '../../src/tickets/payload-schema.ts'
import { type GivenHttp, givenHttp, withKey } from '../support/given-http.ts'

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  parameters?: { name: string; in: string; required?: boolean }[]
  responses: Record<string, { description: string; content: Record<string, { schema: unknown }> }>
}
interface Document {
  openapi: string
  security: unknown
  paths: Record<string, Record<string, Operation>>
  webhooks: Record<string, { post: { requestBody: { content: Record<string, { schema: object; example: unknown }> } } }>
  components: { schemas: Record<string, { properties: Record<string, { enum?: string[] }> }>; securitySchemes: Record<string, object> }
}

let given: GivenHttp
let document: Document
let operations: [name: string, operation: Operation][]

beforeAll(async () => {
  given = await givenHttp()
  document = (await get('/openapi.json')).json<Document>()
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation]),
  )
})
afterAll(() => given.close())

const get = (url: string) => given.http.inject({ url, headers: withKey })

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : refsIn(inner)))
}

describe('the OpenAPI document', () => {
  it('is of version 3.1 and has every route', () => {
    expect(document.openapi).toMatch(/^3\.1\./)
    expect(operations.map(([name]) => name).toSorted()).toEqual([
      'DELETE /v1/catalogue/matters/{matter}',
      'DELETE /v1/keys/{key}',
      'DELETE /v1/knowledge/{entry}',
      'DELETE /v1/nuisance-callers/{number}',
      'DELETE /v1/recommendations/choices',
      'DELETE /v1/sessions/current',
      'DELETE /v1/users/{user}',
      'GET /v1/agents',
      'GET /v1/calls',
      'GET /v1/calls/{callId}',
      'GET /v1/calls/{callId}/recordings',
      'GET /v1/catalogue',
      'GET /v1/catalogue/versions',
      'GET /v1/deliveries',
      'GET /v1/deliveries/{deliveryId}',
      'GET /v1/events',
      'GET /v1/handovers',
      'GET /v1/handovers/{handoverId}',
      'GET /v1/health',
      'GET /v1/intake/{platform}',
      'GET /v1/keys',
      'GET /v1/knowledge',
      'GET /v1/ledger/calls',
      'GET /v1/ledger/checkpoints',
      'GET /v1/ledger/events',
      'GET /v1/ledger/export',
      'GET /v1/ledger/handovers',
      'GET /v1/ledger/overrides',
      'GET /v1/ledger/tickets',
      'GET /v1/links/attachments/{attachmentId}',
      'GET /v1/links/handovers/{handoverId}',
      'GET /v1/links/recordings/{recordingId}',
      'GET /v1/need-to-know',
      'GET /v1/nuisance-callers',
      'GET /v1/phones/{agent}',
      'GET /v1/phones/{agent}/keys/{key}',
      'GET /v1/recommendations/choices',
      'GET /v1/recordings/{recordingId}/file',
      'GET /v1/sessions/current',
      'GET /v1/test-calls',
      'GET /v1/tickets',
      'GET /v1/tickets/{ticketId}',
      'GET /v1/tickets/{ticketId}/attachments/{attachmentId}',
      'GET /v1/users',
      'PATCH /v1/calls/{callId}/parties/{party}',
      'PATCH /v1/calls/{callId}/recording',
      'PATCH /v1/handovers/{handoverId}',
      'POST /v1/calls',
      'POST /v1/calls/{callId}/decisions',
      'POST /v1/calls/{callId}/parties',
      'POST /v1/calls/{callId}/parties/{party}/drop',
      'POST /v1/catalogue/imports',
      'POST /v1/decisions',
      'POST /v1/deliveries/replay',
      'POST /v1/deliveries/{deliveryId}/replay',
      'POST /v1/handovers',
      'POST /v1/handovers/{handoverId}/cancel',
      'POST /v1/handovers/{handoverId}/confirm',
      'POST /v1/handovers/{handoverId}/outcome',
      'POST /v1/inbox/{endpoint}',
      'POST /v1/keys',
      'POST /v1/ledger/erasures',
      'POST /v1/need-to-know/{record}/lift',
      'POST /v1/phones/{agent}/revocations',
      'POST /v1/recommendations',
      'POST /v1/recommendations/choices',
      'POST /v1/sessions',
      'POST /v1/test-calls',
      'POST /v1/tickets',
      'POST /v1/tickets/{ticketId}/accept',
      'POST /v1/tickets/{ticketId}/attachments',
      'POST /v1/tickets/{ticketId}/close',
      'POST /v1/tickets/{ticketId}/confer',
      'POST /v1/tickets/{ticketId}/intake',
      'POST /v1/tickets/{ticketId}/reopen',
      'POST /v1/tickets/{ticketId}/reports',
      'POST /v1/tickets/{ticketId}/resend',
      'POST /v1/tickets/{ticketId}/return',
      'POST /v1/tickets/{ticketId}/withdraw',
      'PUT /v1/agents/{agent}/state',
      'PUT /v1/catalogue/matters/{matter}',
      'PUT /v1/knowledge/{entry}',
      'PUT /v1/need-to-know/{record}',
      'PUT /v1/sessions/current/password',
      'PUT /v1/users/{user}',
    ])
  })

  it('names its schemas, and every reference leads somewhere', () => {
    expect(Object.keys(document.components.schemas).toSorted()).toEqual(['Call', 'Delivery', 'Event', 'Handover', 'Problem', 'Recording', 'TestCall', 'Ticket'])
    const refs = refsIn(document)
    expect(refs.length).toBeGreaterThan(20)
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
    expect(refs.filter((ref) => !known.includes(ref))).toEqual([])
    expect(JSON.stringify(document)).not.toContain('"$id"')
  })

  it('gives each operation a name of its own, a summary, and its path parameters', () => {
    expect(new Set(operations.map(([, { operationId }]) => operationId)).size).toBe(operations.length)
    for (const [name, { summary, tags, parameters = [] }] of operations) {
      expect([name, summary.length > 0, tags.length]).toEqual([name, true, 1])
      const inPath = parameters.filter((parameter) => parameter.in === 'path' && parameter.required)
      expect(inPath.map((parameter) => `{${parameter.name}}`)).toEqual(name.match(/\{\w+\}/g) ?? [])
    }
  })

  it('lets every operation answer with problems, by their own media type', () => {
    expect(document.components.schemas['Problem']?.properties['code']?.enum).toEqual(Object.keys(problems))
    for (const [name, { responses }] of operations) {
      expect([name, ...Object.values(responses).map(({ description }) => description)]).not.toContain('Default Response')
      const failures = Object.entries(responses).filter(([status]) => Number(status) >= 400)
      expect([name, ...failures.map(([status]) => status)]).toEqual(expect.arrayContaining([name, '400', '401', '500']))
      for (const [, { content }] of failures) {
        expect(content).toEqual({ 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } })
      }
    }
  })

  it('asks for a key everywhere', () => {
    expect(document.components.securitySchemes).toMatchObject({ key: { type: 'http', scheme: 'bearer' }, browser: { type: 'http', scheme: 'basic' } })
    expect(document.security).toEqual([{ key: [] }, { browser: [] }])
    expect(operations.filter(([, operation]) => 'security' in operation).map(([name]) => name)).toEqual(expect.arrayContaining(['POST /v1/sessions', 'POST /v1/inbox/{endpoint}']))
  })

  it('describes the webhooks that are sent', () => {
    expect(Object.keys(document.webhooks)).toEqual([...ticketEvents])
    for (const [event, { post }] of Object.entries(document.webhooks)) {
      const { schema, example } = post.requestBody.content['application/json'] ?? {}
      expect([event, schema && Value.Errors(schema as TSchema, example)]).toEqual([event, []])
      expect(example).toMatchObject({ type: event })
      expect(post.requestBody.content['application/json']?.schema).toMatchObject({ required: ['type', 'version', 'timestamp', 'data'] })
    }
  })
})

describe('the page to read it', () => {
  it('is served with all that it loads', async () => {
    const page = await get('/docs')
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => new URL(address, 'http://tandem/docs/').pathname)
    expect(assets.length).toBeGreaterThan(4)
    for (const asset of assets) {
      const { statusCode, rawPayload } = await get(asset)
      expect([asset, statusCode, rawPayload.length > 0]).toEqual([asset, 200, true])
    }
    const initializer = assets.find((asset) => asset.includes('initializer')) ?? ''
    expect((await get(initializer)).body).toContain("resolveUrl('./json')")
    expect((await get('/docs/json')).json()).toEqual(document)
  })
})
