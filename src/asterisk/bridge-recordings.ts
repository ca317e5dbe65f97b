import type { RecordingControl, RecordingListener } from '../calls/call-control.ts'
import type { Room } from '../domain/call/state.ts'
import { callOfRecording, recordingName } from '../domain/recording.ts'
import { AriError, unlessGone } from './ari-error.ts'
import type { RecordingAriEvent } from './ari-events.ts'
import type { AriLink } from './ari-link.ts'

/** Time from the request for a recording until it runs, ms. */
const startMs = 2_000

/** Recordings of bridges (ARI `POST /bridges/{id}/record`): WAV, 16-bit PCM at 8 kHz, mono. */
export class BridgeRecordings implements RecordingControl {
  readonly #link: AriLink
  readonly #bridgeOf: (callId: string, room: Room) => string
  readonly #listener: RecordingListener
  /** UTC of the first sample of what runs. */
  readonly #startedAt = new Map<string, string>()
  #lastEnded: string | undefined
  /** Who waits for a recording's start. */
  readonly #waiting = new Map<string, () => void>()

  constructor(link: AriLink, bridgeOf: (callId: string, room: Room) => string, listener: RecordingListener) {
    this.#link = link
    this.#bridgeOf = bridgeOf
    this.#listener = listener
  }

  /** @throws AriError when the PBX refuses */
  async start(callId: string, recording: string, room: Room): Promise<void> {
    const bridgeId = this.#bridgeOf(callId, room)
    // Appended to only where it ended while Asterisk was out of sight. Nothing but its talk's end ends it.
    const request = this.#link.request('bridges', 'record', { bridgeId, name: recordingName(recording), format: 'wav', ifExists: 'append' })
    await request.catch((error: unknown) => this.#unlessLive(recording, error))
  }

  /** 409 says that it runs already, and of a directory too that it cannot be made. */
  async #unlessLive(recording: string, error: unknown): Promise<void> {
    if (!(error instanceof AriError) || error.status !== 409 || !(await this.isLive(recording))) throw error
  }

  async stop(recording: string): Promise<void> {
    await unlessGone(this.#link.request('recordings', 'stop', { recordingName: recordingName(recording) }))
  }

  /** ARI's `mute`: its `pause` would take the time out of the file. @throws AriError */
  async pause(recording: string, on: boolean): Promise<void> {
    const request = () => this.#link.request('recordings', on ? 'mute' : 'unmute', { recordingName: recordingName(recording) })
    try {
      await request()
    } catch (error) {
      if (!(error instanceof AriError) || error.status !== 409) throw error
      // It is on its way; only what runs can be muted.
      await this.#begun(recording)
      await request()
    }
  }

  async isLive(recording: string): Promise<boolean> {
    try {
      await this.#link.request('recordings', 'getLive', { recordingName: recordingName(recording) })
      return true
    } catch (error) {
      if (error instanceof AriError && error.status === 404) return false
      throw error
    }
  }

  take({ type, timestamp, recording: { name, cause } }: RecordingAriEvent): void {
    const id = name.slice(name.lastIndexOf('/') + 1)
    if (callOfRecording(id) === undefined) return
    // Each is told twice: by the recorder's own channel, which alone is certain, and by the bridge.
    if (type === 'RecordingStarted' ? this.#startedAt.has(id) : this.#lastEnded === id) return
    this.#lastEnded = type === 'RecordingStarted' ? undefined : id
    if (type === 'RecordingStarted') {
      const at = new Date(timestamp).toISOString()
      this.#startedAt.set(id, at)
      this.#waiting.get(id)?.()
      this.#listener.started(id, at)
      return
    }
    const startedAt = this.#startedAt.get(id)
    this.#startedAt.delete(id)
    // A file that cannot be written is told as finished: whether it should have been is known by the call.
    this.#listener.ended(id, startedAt, cause ?? 'it ended by itself: its file could not be written, or there was nothing to record')
  }

  #begun(recording: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = () => {
      clearTimeout(timer)
      this.#waiting.delete(recording)
      resolve()
    }
    // Late or never: the request that follows is refused, and says so.
    const timer = setTimeout(done, startMs)
    this.#waiting.set(recording, done)
    if (this.#startedAt.has(recording)) done()
    return promise
  }
}
