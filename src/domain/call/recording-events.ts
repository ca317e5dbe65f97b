/** What is told and asked about the call's recordings, in whatever phase. */
import { type Draft, nothing } from './draft.ts'
import type { Context, RecordingEvent } from './events.ts'
import { answerCaller } from './moves.ts'
import { recordOf, runs } from './recordings.ts'
import { refuse } from './settling.ts'
import type { Recording, State } from './state.ts'

/** The caller is told that he is recorded while the desk rings, once; no desk waits for it. */
export function withNotice(draft: Draft, { notice }: Context): Draft {
  const { state } = draft
  const { recorded, noticed, direction, guests } = state.call
  if (!notice || !recorded || noticed || state.phase !== 'ringing' || direction === 'outbound' || guests.some(({ joined }) => joined)) return draft
  return {
    ...draft,
    state: { ...state, call: { ...state.call, noticed: true, callerUp: true } },
    actions: [...draft.actions, ...answerCaller(state.call)],
    lastly: [...(draft.lastly ?? []), { type: 'announce', prompt: 'recording-notice' }],
  }
}

export function recordingStep(state: State, event: RecordingEvent): Draft {
  if (event.type === 'recording-change-requested') return change(state, event)
  const recording = state.call.recordings.find(({ id }) => id === event.recording)
  if (!recording) return nothing(state)
  if (event.type === 'recording-started') {
    if (recording.startedAt !== undefined || state.phase === 'ended') return nothing(state)
    return became(state, { ...recording, state: recording.state === 'starting' ? 'recording' : recording.state, startedAt: event.at }, event.type)
  }
  if (!runs(recording)) return nothing(state)
  // One that cannot be paused must not go on.
  const draft = became(state, { ...recording, state: 'failed', reason: event.reason }, event.type)
  return { ...draft, lastly: [{ type: 'stop-recording', recording: recording.id }] }
}

function became(state: State, recording: Recording, type: 'recording-started' | 'recording-failed'): Draft {
  const call = { ...state.call, recordings: state.call.recordings.map((known) => (known.id === recording.id ? recording : known)) }
  return { state: { ...state, call }, actions: [], facts: [{ type, recording: recordOf(call, recording) }] }
}

/** What runs is paused or resumed; what begins later is paused from its beginning. */
function change(state: State, event: Extract<RecordingEvent, { command: string }>): Draft {
  const { paused, by, command } = event
  if (state.phase === 'ended') return refuse(state, event, 'call-ended')
  if (!state.call.recorded) return refuse(state, event, 'call-not-recorded')
  if (!state.call.callerUp) return refuse(state, event, 'call-not-answered')
  const done = { type: 'reply', command, reply: { kind: 'call' } } as const
  if (state.call.recordingPaused === paused) return { state, actions: [done] }
  const call = { ...state.call, recordingPaused: paused }
  const type = paused ? 'recording-paused' : 'recording-resumed'
  return {
    state: { ...state, call },
    actions: [],
    lastly: [done],
    facts: call.recordings.filter(runs).map((recording) => ({ type, recording: recordOf(call, recording), by })),
  }
}
