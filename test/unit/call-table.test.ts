import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type EventType, eventTypes } from '../../src/domain/call/events.ts'
import { type Phase, phases } from '../../src/domain/call/state.ts'
import type { Cell } from '../support/call-cells.ts'
import { oneDesk } from '../support/call-rows-one-desk.ts'
import { twoDesks } from '../support/call-rows-two-desks.ts'
import { given } from '../support/call-world.ts'

const expected: Record<Phase, Record<EventType, Cell>> = { ...oneDesk, ...twoDesks }

const cases = phases.flatMap((phase) =>
  eventTypes.flatMap((type) => expected[phase][type].map((cell, i) => ({ name: `${phase}, ${type} (${i + 1})`, from: phase, type, ...cell }))),
)

describe('the transition table of a call', () => {
  it.each(cases)('$name', ({ from, type, event, phase, does, same }) => {
    expect(event.type).toBe(type)
    const story = given[from]()
    expect(story.state.phase).toBe(from)
    const before = story.state
    story.tell(event)
    expect(story.did.toSorted()).toEqual(does.toSorted())
    expect(story.state.phase).toBe(phase ?? from)
    expect(isDeepStrictEqual(story.state, before)).toBe(same)
  })
})
