import { afterEach, beforeEach, expect, it } from 'vitest'
import type { TestCall } from '../../src/domain/test-call.ts'
import { type GivenHttp, givenHttp, withKey } from '../support/given-http.ts'

/** Test calls to 110 ring the phone of agent 2003. */
let given: GivenHttp

beforeEach(async () => {
  given = await givenHttp()
})
afterEach(() => given.close())

const make = () => given.http.inject({ method: 'POST', url: '/v1/test-calls', headers: withKey, payload: { platform: '110' } })
/** One that is under way. */
const begun = () => given.calls.testCalls.make('110', 'desk') as Promise<{ testCall: TestCall }>
const toCitizens = () => given.control.dialled.filter(({ role }) => role !== 'test').map(({ endpoint }) => endpoint)

it('while control is lost nothing is tried, and one that was under way then says so and is ended', async () => {
  const made = begun()
  given.calls.restored()
  expect((await made).testCall).toMatchObject({ ok: false, failure: { reason: 'control-lost' } })
  expect(given.control.hungUp).toContain(given.control.legTo('2003').leg)
  given.control.up = false
  expect((await make()).json()).toMatchObject({ status: 503, code: 'asterisk-away' })
})

it('gives up when nothing rings, and not sooner', async () => {
  const { testCall } = (await make()).json<{ testCall: TestCall }>()
  expect(testCall).toMatchObject({ ok: false, failure: { reason: 'unreachable' } })
  expect(given.control.hungUp).toEqual([given.control.legTo('2003').leg])
})

it('a seat that is tested is not rung for a citizen, and one that talks is not tested', async () => {
  const made = begun()
  given.control.arrive('110')
  expect(toCitizens()).toEqual(['2001', '2002'])
  await made
  given.control.arrive('110')
  given.control.answer('2003')
  expect((await make()).json()).toMatchObject({ status: 409, code: 'destination-busy' })
})

it('is ended when the service stops, and none is made after it', async () => {
  const made = begun()
  await given.calls.testCalls.close()
  expect((await made).testCall.failure?.reason).toBe('control-lost')
  expect(given.control.hungUp).toContain(given.control.legTo('2003').leg)
  expect((await make()).statusCode).toBe(503)
})

it('a caller who waits for the desk gets the seat as soon as the test call has ended', async () => {
  const lone = await givenHttp({ agents: { '12345': ['1001'], '110': ['2003'] } })
  const made = lone.calls.testCalls.make('110', 'desk')
  lone.control.arrive('110')
  const rung = () => lone.control.dialled.filter(({ role }) => role !== 'test').map(({ endpoint }) => endpoint)
  expect(rung()).toEqual([])
  await made
  await expect.poll(rung).toEqual(['2003'])
  await lone.close()
})
