import { beforeEach, describe, expect, it } from 'vitest'
import { Circuit, type Permit } from '../../src/tickets/circuit.ts'

let circuit: Circuit
beforeEach(() => {
  circuit = new Circuit({ failures: 3, pauseMs: 1_000, longestPauseMs: 3_000 })
})

const permitAt = (now: number): Permit => {
  const permit = circuit.ask(now)
  if ('askAgainAt' in permit) throw new Error(`no permit at ${now}`)
  return permit
}
const failsAt = (...times: readonly number[]) => times.map((now) => circuit.tell(permitAt(now), 'failing', now))

describe('the circuit of a ticket system', () => {
  it('lets everything through while fewer fail in a row than it bears', () => {
    failsAt(0, 1)
    circuit.tell(permitAt(2), 'alive', 2)
    failsAt(3, 4)
    expect(circuit.state(5)).toBe('closed')
    expect(circuit.ask(5)).toEqual({ probe: false })
  })

  it('opens at the last of so many; who asks is told when to ask again', () => {
    failsAt(0, 1, 2)
    expect(circuit.state(3)).toBe('open')
    expect(circuit.ask(3)).toEqual({ askAgainAt: 1_002 })
  })

  it('lets one alone through after the pause; when that arrives, all may come', () => {
    failsAt(0, 1, 2)
    const probe = permitAt(1_002)
    expect(circuit.state(1_002)).toBe('half-open')
    expect(circuit.ask(1_003)).toEqual({ askAgainAt: 2_003 })
    expect(circuit.tell(probe, 'alive', 1_010)).toBe(true)
    expect(circuit.ask(1_011)).toEqual({ probe: false })
    failsAt(1_012, 1_013)
    expect(circuit.state(1_014)).toBe('closed')
  })

  it('waits twice as long after each probe that fails, and never longer than the longest pause', () => {
    failsAt(0, 1, 2, 1_002)
    expect(circuit.ask(1_003)).toEqual({ askAgainAt: 3_002 })
    failsAt(3_002)
    expect(circuit.ask(3_003)).toEqual({ askAgainAt: 6_002 })
    failsAt(6_002)
    expect(circuit.ask(6_003)).toEqual({ askAgainAt: 9_002 })
  })

  it('begins with the first pause again once it has been closed', () => {
    failsAt(0, 1, 2, 1_002)
    circuit.tell(permitAt(3_002), 'alive', 3_002)
    failsAt(4_000, 4_001, 4_002)
    expect(circuit.ask(4_003)).toEqual({ askAgainAt: 5_002 })
  })

  it('does not count what was under way as it opened; an answer to that closes it', () => {
    const [late, later] = [permitAt(0), permitAt(0)]
    failsAt(0, 1, 2)
    expect(circuit.tell(late, 'failing', 500)).toBe(false)
    expect(circuit.ask(501)).toEqual({ askAgainAt: 1_002 })
    expect(circuit.tell(later, 'alive', 600)).toBe(true)
    expect(circuit.state(601)).toBe('closed')
  })

  it('gives the probe to the next one when it was broken off', () => {
    failsAt(0, 1, 2)
    expect(circuit.tell(permitAt(1_002), undefined, 1_100)).toBe(false)
    expect(circuit.ask(1_101)).toEqual({ probe: true })
  })
})
