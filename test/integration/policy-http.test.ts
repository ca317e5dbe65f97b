import { afterEach, expect, it } from 'vitest'
import type { Recommendation } from '../../src/recommendation/recommender.ts'
import { type GivenHttp, givenHttp, withKey } from '../support/given-http.ts'

let given: GivenHttp
afterEach(() => given.close())

const post = async (url: string, payload: object) => {
  const answer = await given.http.inject({ method: 'POST', url, headers: withKey, payload })
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() }
}
const recommendation: Recommendation = {
  platform: '110',
  emergency: true,
  matters: [{ id: 'L1-09', list: 1, category: '社会治安类', item: '自杀', score: 0.8, words: ['想不开'] }],
}

it('tells platform, danger and matters, and by which paragraph to pass it on', async () => {
  given = await givenHttp({ recommendation })
  const { status, body } = await post('/v1/recommendations', { text: '他想不开', at: '12345' })
  expect(status).toBe(200)
  expect(body).toEqual({ ...recommendation, catalogueVersion: 1, decision: { mode: 'transfer', platform: '110', urgency: 'emergency', because: [{ paragraph: '§4', text: expect.stringContaining('由 110 先行派警处置') }], warnings: [] } })
})

it.each([
  [{ text: '', at: '12345' }, '/body/text'],
  [{ text: '😀😀', at: '12345' }, '/body/text'],
  [{ text: '\u0007\u200b', at: '12345' }, '/body/text'],
  [{ text: '字'.repeat(10_000), at: '12345' }, '/body/text'],
  [{ text: '路灯', at: '119' }, '/body/at'],
  [{ text: '路灯', at: '110', most: 21 }, '/body/most'],
])('refuses %j, naming the field', async (payload, path) => {
  given = await givenHttp({ recommendation })
  const { status, body } = await post('/v1/recommendations', payload)
  expect({ status, code: body['code'] }).toEqual({ status: 400, code: 'invalid-request' })
  expect(body['errors']).toEqual(expect.arrayContaining([expect.objectContaining({ path })]))
})

it('decides by what is known', async () => {
  given = await givenHttp()
  expect((await post('/v1/decisions', { at: '110', channel: 'phone', responsibility: '12345', handledFirst: true })).body).toMatchObject({ mode: 'push', platform: '12345', urgency: 'routine' })
  expect((await post('/v1/decisions', { at: '12345', channel: 'phone', responsibility: '110', caller: 'police-officer' })).body).toMatchObject({ mode: 'refuse', because: [{ paragraph: '§10' }] })
  expect((await post('/v1/decisions', { at: '12345', channel: 'phone', responsibility: 'neither', urgent: true })).status).toBe(400)
})
