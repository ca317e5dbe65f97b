import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/domain/call/events.ts'
import * as on from '../support/call-world.ts'
import { given, type Story } from '../support/call-world.ts'

const asked = (start: () => Story, ...events: readonly Event[]) => {
  const story = start()
  story.satisfactionMs = 15_000
  return story.tell(...events)
}

describe('the satisfaction question (满意度)', () => {
  it('is put to the caller when the desk hangs up, and the answer is kept with the call', () => {
    const story = asked(given.talking, on.hangsUp('c-1'))
    expect(story.did).toEqual(['announce satisfaction', 'timer 15000'])
    expect(story.tell(on.digit('3')).did).toEqual(['hang up the caller: 8001', 'close bridge', 'fact call-rated', 'fact call-ended'])
    expect(story.facts.at(-1)?.call).toMatchObject({ state: 'ended', endedBy: '8001', rating: 3 })
  })

  it('is over when the time is, without an answer', () => {
    const story = asked(given.talking, on.hangsUp('c-1')).timeOut(15_000)
    expect(story.did).toContain('hang up the caller: 8001')
    expect(story.facts.at(-1)?.call).not.toHaveProperty('rating')
  })

  it('is not for a caller whose desk was lost, nor while somebody else talks with him', () => {
    expect(asked(given.talking, on.breaks('c-1')).state.phase).toBe('ringing')
    expect(asked(given.conferring, on.hangsUp('c-1')).state.phase).toBe('talking')
  })

  it('keys mean nothing before it', () => {
    expect(given.talking().tell(on.digit('1')).did).toEqual([])
  })
})
