import type { RecordingEvent } from '../domain/call/events.ts'
import { runs } from '../domain/call/recordings.ts'
import { callOfRecording } from '../domain/recording.ts'
import type { CallBook } from './call-book.ts'
import type { RecordingListener } from './call-control.ts'
import type { CallRunner } from './call-runner.ts'
import type { CommandResult } from './commands.ts'

/** A recording ends as its last party leaves; that this one has left may be told a little later, ms. */
const partyLeavesMs = 1_000

type ChangeRequested = Extract<RecordingEvent, { command: string }>
type Ended = (recording: string, startedAt: string | undefined) => void

/** Brings what the PBX tells of recordings to their calls, and tells of those that have ended. */
export class CallRecordings implements RecordingListener {
  readonly #book: CallBook
  readonly #command: (callId: string, event: ChangeRequested) => CommandResult
  readonly #ended: Ended

  constructor(book: CallBook, command: (callId: string, event: ChangeRequested) => CommandResult, ended: Ended = () => undefined) {
    this.#book = book
    this.#command = command
    this.#ended = ended
  }

  /** For what must not be kept. @param by who pauses or resumes, for the record */
  pause(callId: string, paused: boolean, by: string): CommandResult {
    return this.#command(callId, { type: 'recording-change-requested', command: 'pause-recording', paused, by })
  }

  started(recording: string, at: string): void {
    this.#callOf(recording)?.deliver({ type: 'recording-started', recording, at })
  }

  ended(recording: string, startedAt: string | undefined, reason: string): void {
    const call = this.#callOf(recording)
    // Of another application at this PBX; or of a call that is not ours yet, or any more: found when files are looked after.
    if (!call) return
    const over = () => {
      call.deliver({ type: 'recording-failed', recording, reason })
      this.#ended(recording, startedAt)
    }
    if (this.runs(recording)) setTimeout(over, partyLeavesMs).unref()
    else over()
  }

  /** Whether a live call takes it to be running. */
  runs(recording: string): boolean {
    return this.#callOf(recording)?.state.call.recordings.some((known) => known.id === recording && runs(known)) ?? false
  }

  #callOf(recording: string): CallRunner | undefined {
    const callId = callOfRecording(recording)
    return callId === undefined ? undefined : this.#book.get(callId)
  }
}
