import { expect, it } from 'vitest'
import { type Gateway, type GatewayState, goesOn, heardOf, orderOf, unknownGateway } from '../../src/domain/edge/gateways.ts'

const gateway = (id: string, more: Partial<Gateway> = {}): Gateway => ({ id, priority: 10, weight: 10, ...more })
const states = (known: Readonly<Record<string, Partial<GatewayState>>> = {}) => (id: string): GatewayState => ({ ...unknownGateway, ...known[id] })
const ids = (gateways: readonly Gateway[]) => gateways.map(({ id }) => id)
const always = (value: number) => () => value

it('the lowest priority first', () => {
  expect(ids(orderOf([gateway('b', { priority: 20 }), gateway('a', { priority: 5 })], states(), always(0)))).toEqual(['a', 'b'])
})

it('of the same priority as many calls as the weight says', () => {
  const gateways = [gateway('a', { weight: 3 }), gateway('b', { weight: 1 })]
  const firsts = Array.from({ length: 400 }, (_, i) => ids(orderOf(gateways, states(), always(i / 400)))[0])
  expect([firsts.filter((id) => id === 'a').length, firsts.filter((id) => id === 'b').length]).toEqual([300, 100])
})

it('weight 0 is drawn only when no other is left', () => {
  const gateways = [gateway('spare', { weight: 0 }), gateway('a')]
  for (const draw of [0, 0.5, 0.999]) expect(ids(orderOf(gateways, states(), always(draw)))).toEqual(['a', 'spare'])
})

it('what is down comes last, whatever its priority, and is tried all the same', () => {
  const gateways = [gateway('a', { priority: 1 }), gateway('b', { priority: 2 })]
  expect(ids(orderOf(gateways, states({ a: { up: false } }), always(0)))).toEqual(['b', 'a'])
  expect(ids(orderOf(gateways, states({ a: { up: false }, b: { up: false } }), always(0)))).toEqual(['a', 'b'])
})

it('what is full is left out', () => {
  const gateways = [gateway('a', { channels: 2 }), gateway('b')]
  expect(ids(orderOf(gateways, states({ a: { calls: 2 } }), always(0)))).toEqual(['b'])
  expect(ids(orderOf(gateways, states({ a: { calls: 1 } }), always(0)))).toEqual(['a', 'b'])
})

it.each([408, 430, 500, 502, 503, 504, undefined])('%s leads on, unless it has rung', (status) => {
  expect([goesOn(status, false), goesOn(status, true)]).toEqual([true, false])
})

it.each([400, 401, 403, 404, 415, 480, 486, 487, 488, 600, 603])('%s is the answer', (status) => {
  expect(goesOn(status, false)).toBe(false)
})

it('down after two bad answers in a row, up with the first good one', () => {
  const once = heardOf(unknownGateway, undefined)
  expect(once.up).toBe(true)
  const twice = heardOf(once, 503)
  expect(twice.up).toBe(false)
  expect(heardOf(twice, undefined).up).toBe(false)
  expect(heardOf(twice, 200)).toEqual({ up: true, misses: 0, calls: 0 })
  expect(heardOf(heardOf(once, 404), 503).up).toBe(true)
})
