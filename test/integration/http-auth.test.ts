import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GivenHttp, givenHttp, keys, withKey } from '../support/given-http.ts'

let given: GivenHttp
let routes: { method: 'GET' | 'POST'; url: string }[]

beforeAll(async () => {
  given = await givenHttp()
  given.control.talk('1001')
  const { paths } = (await given.http.inject({ url: '/openapi.json', headers: withKey })).json<{ paths: Record<string, object> }>()
  // Signing in is for who has not, and a message or a link is signed.
  routes = Object.entries(paths).filter(([path]) => !['/v1/sessions', '/v1/inbox/{endpoint}', '/v1/links/recordings/{recordingId}', '/v1/links/attachments/{attachmentId}', '/v1/links/handovers/{handoverId}', '/v1/phones/{agent}/keys/{key}'].includes(path)).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => ({ method: method === 'post' ? ('POST' as const) : ('GET' as const), url: path.replace(/\{\w+\}/g, 'x') })),
  )
})
afterAll(() => given.close())

const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`any:${key}`).toString('base64')}` })
const body = { mode: 'transfer', agent: '1001' }
const others = ['/', '/nothing', '/docs', '/docs/', '/docs/json', '/docs/yaml', '/docs/static/swagger-ui.css', '/docs/static/index.html', '/openapi.json']
const statusOf = async (request: InjectOptions) => {
  const answer = await given.http.inject({ ...request, payloadAsStream: true })
  answer.stream().destroy()
  return answer.statusCode
}

describe('without a key', () => {
  it.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer wrong' }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['only its beginning', { authorization: `Bearer ${keys.desk.slice(0, -1)}` }],
    ['a wrong one for a browser', basic('wrong')],
    ['another scheme', { authorization: `Digest ${keys.desk}` }],
  ])('%s: every route and every other address answers 401, and nothing is done', async (_what, headers) => {
    expect(routes.length).toBeGreaterThan(6)
    const dialled = given.control.dialled.length
    for (const { method, url } of [...routes, ...others.map((address) => ({ method: 'GET' as const, url: address }))]) {
      const answer = await given.http.inject({ method, url, headers, ...(method === 'POST' ? { payload: body } : {}) })
      expect([url, answer.statusCode, answer.json<{ code: string }>().code]).toEqual([url, 401, 'unauthorized'])
      expect(answer.headers['www-authenticate']).toContain('Bearer')
    }
    expect(given.control.dialled).toHaveLength(dialled)
  })
})

describe('with a key', () => {
  it.each(Object.values(keys))('every route lets it in', async (key) => {
    for (const { method, url } of routes) {
      expect(await statusOf({ method, url, headers: { authorization: `bearer ${key}` } })).not.toBe(401)
    }
  })

  it('a browser may read with it, and do nothing', async () => {
    for (const { method, url } of [...routes, { method: 'GET' as const, url: '/docs' }]) {
      const payload = method === 'POST' ? { payload: body } : {}
      const status = await statusOf({ method, url, headers: basic(keys.desk), ...payload })
      expect([method, url, status === 401]).toEqual([method, url, method === 'POST'])
    }
    expect(given.control.dialled.filter(({ role }) => role === 'peer')).toEqual([])
  })

  it('a browser is asked for it where it may read, and nowhere else', async () => {
    const [read, press] = [await given.http.inject('/docs'), await given.http.inject({ method: 'POST', url: '/v1/handovers', payload: body })]
    expect(read.headers['www-authenticate']).toContain('Basic')
    expect(press.headers['www-authenticate']).not.toContain('Basic')
  })
})
