import { describe, expect, it } from 'vitest'
import { allLegsOf, callerOf } from '../../src/calls/comparison.ts'
import { fromText, toText } from '../../src/domain/call/snapshot.ts'
import * as on from '../support/call-world.ts'
import { adoption, Story } from '../support/call-world.ts'

const given = () => new Story({}, adoption)

describe('a talk that is adopted', () => {
  it('is a call in which desk and caller talk: both come into its bridge, and the record tells where it came from', () => {
    const story = given()
    expect(story.did).toEqual(['open bridge', 'answer caller', 'join own-leg', 'fact call-adopted'])
    expect(story.facts).toMatchObject([
      { type: 'call-adopted', sequence: 1, call: { state: 'talking', adopted: true, direction: 'inbound', agent: '8001', dialled: '600', arrivedAt: '2026-01-05T07:59:00.000Z', channels: { agent: { channelId: 'own-leg' } } } },
    ])
  })

  it('is recorded from then on, where calls are', () => {
    const story = new Story({}, adoption, { recorded: true, notice: true })
    expect(story.did).toContain('start recording c')
    expect(story.did.join()).not.toContain('announce')
  })

  it('is handed over as any other', () => {
    const story = given().tell(on.joins('own-leg'), on.press(), on.dialled('c-1'), on.rings('c-1'), on.answers('c-1'), on.joins('c-1'))
    expect(story.did).toContain('hang up own-leg: normal')
    expect(story.tell(on.hangsUp('own-leg')).state).toMatchObject({ phase: 'talking', desk: { id: 'c-1', platform: '110' } })
  })

  it('talks on when the other desk does not take it', () => {
    const story = given().tell(on.press(), on.rings('c-1'), on.rings('c-2'), on.refuses('c-1', 486, 17), on.refuses('c-2', 486, 17))
    expect(story.state).toMatchObject({ phase: 'talking', desk: { id: 'own-leg' } })
  })

  it('ends as a call ends: the desk hangs up, or the caller', () => {
    expect(given().tell(on.hangsUp('own-leg')).did).toContain('hang up the caller: 8001')
    expect(given().tell(on.callerLeaves).did).toContain('hang up own-leg: normal')
  })

  it('a desk whose phone breaks is rung again', () => {
    expect(given().tell(on.breaks('own-leg')).state).toMatchObject({ phase: 'ringing', legs: [{ id: 'c-1' }, { id: 'c-2' }] })
  })

  it('is kept and taken over as any other: both legs are known', () => {
    const kept = fromText(toText({ state: given().state, facts: [] }))
    expect(kept && [callerOf(kept.state), ...allLegsOf(kept.state)]).toEqual(['caller-channel', 'own-leg'])
  })
})
