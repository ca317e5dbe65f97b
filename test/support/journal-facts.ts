import type { CallsFact, FileFact, FileFactType, HandoverFactType } from '../../src/domain/facts.ts'
import type { RecordingRecord } from '../../src/domain/recording.ts'
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

export const recordedCall = 'call-01a20eeb-7cfc-7145-8200-a737d1c85d9a'

/** About the file of a recording, of `recordedCall` unless told. */
export const fileFact = (type: FileFactType, more: Partial<RecordingRecord> = {}): FileFact => ({
  type,
  version: 2,
  at: '2026-11-24T19:00:00.000Z',
  recording: { id: recordedCall, callId: recordedCall, room: 'call', state: 'finished', startedAt: '2026-11-24T18:57:21.000Z', ...more },
})
