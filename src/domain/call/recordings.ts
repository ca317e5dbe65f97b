/** The call's recordings (录音): they begin and end as the scene says, and are paused together. */
import type { RecordingRecord } from '../recording.ts'
import type { Action } from './actions.ts'
import { sameScene, type Scene, sceneOf } from './scene.ts'
import type { Call, Recording, Room, State } from './state.ts'

/** It has begun, or is to, and has not ended. */
export const runs = ({ state }: Recording): boolean => state === 'starting' || state === 'recording'

/** A recording of the call as told to the outside. */
export const told = ({ recordingPaused }: Call, recording: Recording): Omit<RecordingRecord, 'callId'> =>
  recordingPaused && runs(recording) ? { ...recording, state: 'paused' } : recording

export const recordOf = (call: Call, recording: Recording): RecordingRecord => ({ ...told(call, recording), callId: call.id })

/** The call's own is one from beginning to end; each consultation has another. */
function idFor(call: Call, room: Room): string {
  const before = call.recordings.filter((recording) => recording.room === room).length
  return room === 'call' ? call.id : `${call.id}-consultation-${before + 1}`
}

const start = ({ id, room }: Recording): Action => ({ type: 'start-recording', recording: id, room })
const pause = ({ id }: Recording, on: boolean): Action => ({ type: 'pause-recording', recording: id, on })

/** What the change of scene means for the recordings: the state with them as they now are, and what is to be done. */
export function followScene(before: Scene, state: State): { readonly state: State; readonly actions: readonly Action[] } {
  const { call } = state
  const after = sceneOf(state)
  const ending = call.recordings.filter((recording) => runs(recording) && !after.recorded.has(recording.room))
  const going = call.recordings.filter((recording) => runs(recording) && after.recorded.has(recording.room))
  const begun = [...after.recorded].filter((room) => !before.recorded.has(room)).map((room): Recording => ({ id: idFor(call, room), room, state: 'starting' }))
  const paused = before.recordingPaused === after.recordingPaused ? [] : going.map((recording) => pause(recording, after.recordingPaused))
  if (ending.length + begun.length === 0) return { state, actions: paused }
  const recordings = [...call.recordings.map((recording): Recording => (ending.includes(recording) ? { ...recording, state: 'finished' } : recording)), ...begun]
  const next: State = { ...state, call: { ...call, recordings } }
  sameScene(next, state)
  return {
    state: next,
    actions: [
      ...ending.map(({ id }): Action => ({ type: 'stop-recording', recording: id })),
      ...begun.map(start),
      ...paused,
      ...(after.recordingPaused ? begun.map((recording) => pause(recording, true)) : []),
    ],
  }
}

/** What has to run now, after a time in which nothing could be done. */
export function recordingsOf({ call }: State): readonly Action[] {
  return call.recordings.filter(runs).flatMap((recording) => [start(recording), ...(call.recordingPaused ? [pause(recording, true)] : [])])
}
