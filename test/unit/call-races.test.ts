import { describe, expect, it } from 'vitest'
import { answers, given, press, refuses, rings } from '../support/call-world.ts'

describe('events in an unusual order', () => {
  it('a target rings before its dialling was told: the pair are parted at once', () => {
    const story = given.talking().tell(press(), rings('c-3'))
    expect(story.did).toContain('separate c-1')
    expect(story.did.at(-3)).toBe('sound ringback')
    expect(story.factTypes.slice(-2)).toEqual(['handover-dialled', 'handover-ringing'])
  })

  it('a target that rang before its dialling was told refuses: the pair talk again without ringback', () => {
    const story = given.talking().tell(press(), rings('c-3'), refuses('c-4', 486, 17), refuses('c-3', 486, 17))
    expect(story.did).toEqual(['sound nothing', 'join c-1', 'fact handover-failed'])
  })

  it('a target answers before anything was told of it: it has been dialled, and the first desk hears no more', () => {
    const story = given.talking().tell(press(), answers('c-3'))
    expect(story.did).toContain('separate c-1')
    expect(story.state).toMatchObject({ phase: 'joining', handover: { clock: { press: 0, dial: 10, answer: 10 } } })
  })
})
