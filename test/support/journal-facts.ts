import type { CallsFact, HandoverFactType } from '../../src/domain/facts.ts'
import type { Handover, HandoverState } from '../../src/domain/handover/handover.ts'

export const callOf = (id: string) =>
  ({
    id,
    state: 'talking',
    platform: '12345',
    desk: '12345',
    agent: 'a1',
    caller: { number: '+8613800000000' },
    dialled: '12345',
    arrivedAt: '2026-11-23T08:00:00.000Z',
    direction: 'inbound',
    parties: [],
    channels: { caller: { channelId: `${id}-c` } },
  }) as const

export const handoverOf = (id: string, state: HandoverState): Handover => ({
  id,
  callId: `call-${id}`,
  mode: 'transfer',
  state,
  from: '12345',
  to: '110',
  agent: 'a1',
  requestedAt: '2026-11-23T08:00:01.000Z',
  clock: { press: 0 },
})

/** The fact of that type of a hand-over from 12345 to 110. */
export const handoverFact = (id: string, type: HandoverFactType, sequence: number): CallsFact => ({
  version: 2,
  sequence,
  at: '2026-11-23T08:00:01.000Z',
  type,
  call: callOf(`call-${id}`),
  handover: handoverOf(id, type.slice('handover-'.length) as HandoverState),
})

export const callFact = (id: string, sequence: number): CallsFact => ({
  version: 2,
  sequence,
  at: '2026-11-23T08:00:00.000Z',
  type: 'call-arrived',
  call: callOf(id),
})
