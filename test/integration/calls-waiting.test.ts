import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import { type GivenHttp, givenHttp } from '../support/given-http.ts'

let given: GivenHttp

beforeEach(async () => {
  given = await givenHttp({ agents: { '12345': ['1001'], '110': ['2001'] } })
})
afterEach(() => given.close())

const turn = () => new Promise((resolve) => setTimeout(resolve, 20))
const stateOf = (n: number) => given.calls.list()[n]?.state

it('a seat that refuses is not rung again at once: that is the retry pause’s business', async () => {
  given.control.arrive()
  given.control.ring('1001')
  given.control.busy('1001')
  expect(stateOf(0)).toBe('waiting')
  await turn()
  expect(given.control.dialled).toHaveLength(1)
})

it('two who wait do not ring a dead phone for each other', async () => {
  given.control.arrive()
  given.control.arrive()
  given.control.busy('1001')
  await turn()
  expect(given.control.dialled).toHaveLength(1)
})

it('whoever waits longest gets the agent who has stopped talking', async () => {
  const { caller } = given.control.talk('1001')
  given.control.arrive()
  given.control.arrive()
  expect([stateOf(1), stateOf(2)]).toEqual(['waiting', 'waiting'])
  given.control.callerLeaves(caller)
  await eventually(() => stateOf(0), (state) => state === 'ringing')
  expect(stateOf(1)).toBe('waiting')
  expect(given.control.dialled).toHaveLength(2)
})

it('with Asterisk away nothing is offered, and the process lives', async () => {
  const { caller } = given.control.talk('1001')
  given.control.arrive()
  given.control.up = false
  given.control.callerLeaves(caller)
  await turn()
  expect(given.control.dialled).toHaveLength(1)
  given.control.up = true
  given.calls.restored()
  await eventually(() => stateOf(0), (state) => state === 'ringing')
})
