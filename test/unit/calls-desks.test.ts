import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { Desks } from '../../src/calls/desks.ts'
import { Presence } from '../../src/calls/presence.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { State } from '../../src/domain/call/state.ts'
import * as on from '../support/call-world.ts'
import { arrival, Story } from '../support/call-world.ts'

const secret = 'only-for-this-test-00'

/** 12345 has 8001 to 8003; 110 is behind trunk A (3 channels, 1 reserved), then its seat 9001. */
function given(desk12345: object = {}, desk110: object = { routes: ['A', 'seats'] }) {
  const config = parseConfig(
    stringify({
      http: { apiKeys: [{ name: 'desk', key: secret }] },
      asterisk: { application: 'tandem', username: 'tandem', ariPassword: secret, amiPassword: secret },
      redis: { url: 'redis://127.0.0.1:1' },
      journal: { path: '/nowhere' },
      desks: { '12345': { numbers: ['12345'], ...desk12345 }, '110': { numbers: ['110'], ...desk110 } },
      agents: ['8001', '8002', '8003', '9001'].map((id) => ({ id, platform: id.startsWith('8') ? '12345' : '110', password: secret })),
      trunks: [{ id: 'A', host: '192.0.2.1', channels: 3, reserved: 1 }],
      destinations: [{ id: 'fire', trunk: 'A', dial: '119' }],
    }),
    {},
  )
  const clock = { ms: 0 }
  const presence = new Presence(config.agents)
  return { presence, clock, desks: new Desks(config, presence, () => clock.ms) }
}

const endpoints = (routes: readonly { endpoints: readonly string[] }[]) => routes.map((route) => route.endpoints)
const call = (id: string) => ({ ...arrival, id })
/** A call of this name that the endpoint has. */
const talkingWith = (endpoint: string, id: string): State => new Story({ '12345': [endpoint] }, call(id)).tell(on.answers(`${id}-1`)).state
const waiting = (id: string): State => new Story({ '12345': [] }, call(id)).state

const handedOver = (id: string, danger: boolean): State => {
  const story = new Story({ '110': [] }, call(id))
  story.desks = { staffed: true }
  return story.tell(on.answers(`${id}-1`), on.press('press', `h-${id}`, { danger })).state
}

describe('the seats of a desk', () => {
  it('are rung together, those that are free and whose agent is there', () => {
    const { desks, presence } = given()
    expect(endpoints(desks.at('12345', 'x').routes)).toEqual([['8001', '8002', '8003']])
    presence.set('8002', 'paused', 'now')
    desks.changed('one', undefined, talkingWith('8001', 'one'))
    expect(endpoints(desks.at('12345', 'x').routes)).toEqual([['8003']])
    presence.set('8003', 'signed-out', 'now')
    expect(desks.at('12345', 'x')).toMatchObject({ routes: [], staffed: true })
    presence.set('8001', 'signed-out', 'now')
    expect(desks.at('12345', 'x').staffed).toBe(false)
  })

  it('are rung one after the other, who has been without a call longest first', () => {
    const { desks, clock } = given({ strategy: 'longest-idle' })
    const [before, after] = [talkingWith('8001', 'one'), new Story({ '12345': ['8001'] }, call('one')).tell(on.callerLeaves).state]
    desks.changed('one', undefined, before)
    clock.ms = 5_000
    desks.changed('one', before, after)
    expect(endpoints(desks.at('12345', 'x').routes)).toEqual([['8002'], ['8003'], ['8001']])
    expect(desks.at('12345', 'x').routes[0]?.ringMs).toBe(12_000)
  })
})

describe('trunks', () => {
  it('come in the order of the routes, as long as channels are left; the reserved ones are for danger', () => {
    const { desks } = given()
    expect(endpoints(desks.at('110', 'x').routes)).toEqual([['A'], ['9001']])
    desks.changed('one', undefined, talkingWith('A', 'one'))
    // A destination on the same trunk takes a channel too.
    desks.changed('two', undefined, talkingWith('fire', 'two'))
    expect(endpoints(desks.at('110', 'x').routes)).toEqual([['9001']])
    expect(endpoints(desks.at('110', 'x').dangerRoutes)).toEqual([['A'], ['9001']])
    expect(desks.guest('fire')).toBe(false)
    desks.changed('three', undefined, talkingWith('A', 'three'))
    expect(endpoints(desks.at('110', 'x').dangerRoutes)).toEqual([['9001']])
  })
})

describe('who waits', () => {
  it('has his turn in order: others are not offered what he waits for', () => {
    const { desks } = given()
    desks.changed('one', undefined, waiting('one'))
    desks.changed('two', undefined, waiting('two'))
    expect(desks.at('12345', 'one')).toMatchObject({ ahead: 0, routes: [{ endpoints: ['8001', '8002', '8003'] }] })
    expect(desks.at('12345', 'two')).toMatchObject({ ahead: 1, routes: [] })
    expect(desks.at('12345', 'newcomer')).toMatchObject({ ahead: 2, routes: [] })
    desks.changed('one', waiting('one'), talkingWith('8001', 'one'))
    expect(desks.queues.first('12345')?.callId).toBe('two')
  })

  it('keeps his place and his waiting time while he is rung for in vain', () => {
    const { desks, clock } = given()
    const one = new Story({ '12345': [] }, call('one'))
    desks.changed('one', undefined, one.state)
    desks.changed('two', undefined, waiting('two'))
    clock.ms = 5_000
    one.seats = { '12345': ['8001'] }
    desks.changed('one', one.state, one.tell(on.deskFree).state)
    expect(desks.at('12345', 'two').ahead).toBe(0)
    desks.changed('one', one.state, one.tell(on.refuses('one-1', 486, 17)).state)
    expect(desks.queues.first('12345')).toMatchObject({ callId: 'one', since: 0 })
  })

  it('is offered only what somebody has stopped talking on, never what refused or rang in vain', () => {
    const { desks } = given()
    const [rings, refused] = [new Story({ '12345': ['8001'] }, call('one')).state, new Story({ '12345': ['8001'] }, call('one')).tell(on.refuses('one-1', 486, 17)).state]
    expect(desks.freed(rings, refused)).toBe(false)
    expect(desks.freed(talkingWith('8001', 'one'), new Story({}, call('one')).tell(on.callerLeaves).state)).toBe(true)
  })

  it('goes before the others when there is danger', () => {
    const { desks } = given({}, {})
    for (const [id, danger] of [['one', false], ['two', false], ['three', true], ['four', true]] as const) desks.changed(id, undefined, handedOver(id, danger))
    expect(['one', 'two', 'three', 'four'].map((id) => desks.queues.ahead('110', id))).toEqual([2, 3, 0, 1])
  })

  it('overflows to the other desk’s seats only after the agreed time, within the agreed number, and behind its own callers', () => {
    const { desks, clock } = given({ overflow: { afterMs: 10_000, maximum: 1 } }, {})
    desks.changed('one', undefined, waiting('one'))
    expect(desks.at('12345', 'one').overflow).toEqual([])
    clock.ms = 10_000
    expect(endpoints(desks.at('12345', 'one').overflow)).toEqual([['9001']])
    const story = new Story({ '12345': [] }, call('two'))
    story.desks = { overflow: [{ endpoints: ['9001'] }] }
    story.timeOut(on.retryMs)
    desks.changed('two', undefined, story.state)
    expect(desks.at('12345', 'one').overflow).toEqual([])
    desks.changed('two', story.state, story.tell(on.callerLeaves).state)
    expect(endpoints(desks.at('12345', 'one').overflow)).toEqual([['9001']])
    desks.changed('three', undefined, new Story({ '110': [] }, { ...call('three'), platform: '110' }).state)
    expect(desks.at('12345', 'one').overflow).toEqual([])
  })

  it('does not overflow without an agreement', () => {
    const { desks, clock } = given()
    desks.changed('one', undefined, waiting('one'))
    clock.ms = 3_600_000
    expect(desks.at('12345', 'one').overflow).toEqual([])
  })
})

describe('further parties', () => {
  it('are seats without a leg and destinations; anybody else is unknown', () => {
    const { desks } = given()
    desks.changed('one', undefined, talkingWith('8001', 'one'))
    expect(['8001', '8002', 'fire', 'A', 'nobody'].map((id) => desks.guest(id))).toEqual([false, true, true, undefined, undefined])
  })
})

describe('presence', () => {
  it('is what agents said last, and told only when it changes', () => {
    const { presence } = given()
    expect(presence.set('8001', 'available', 't1')).toBeUndefined()
    expect(presence.set('8001', 'paused', 't2')).toEqual({ version: 2, at: 't2', type: 'agent-changed', agent: '8001', state: 'paused' })
    expect(presence.set('8001', 'paused', 't3')).toBeUndefined()
    expect(presence.find('8001')).toEqual({ id: '8001', platform: '12345', state: 'paused', since: 't2' })
    expect(presence.find('nobody')).toBeUndefined()
  })
})
