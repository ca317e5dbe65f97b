import type { RecordingControl } from '../calls/call-control.ts'
import type { Room } from '../domain/call/state.ts'
import { recordingName } from '../domain/recording.ts'
import { AriError } from './ari-error.ts'
import type { AriLink } from './ari-link.ts'

/** Recordings of bridges (ARI `POST /bridges/{id}/record`), 16-bit PCM at 8 kHz, mono. */
export class BridgeRecordings implements RecordingControl {
  readonly #link: AriLink
  readonly #application: string
  readonly #bridgeOf: (callId: string, room: Room) => string

  constructor(link: AriLink, application: string, bridgeOf: (callId: string, room: Room) => string) {
    this.#link = link
    this.#application = application
    this.#bridgeOf = bridgeOf
  }

  /** @throws AriError when the PBX refuses */
  async start(callId: string, recording: string, room: Room): Promise<void> {
    const bridgeId = this.#bridgeOf(callId, room)
    // By the channels in it alone we would not hear of the recording's end, which comes as the last of them leaves.
    const subscribed = this.#link.request('applications', 'subscribe', { applicationName: this.#application, eventSource: `bridge:${bridgeId}` })
    // Appended to only where Asterisk was away meanwhile. The call's end is told, not guessed from silence or length.
    const record = this.#link.request('bridges', 'record', { bridgeId, name: recordingName(recording), format: 'wav', ifExists: 'append' })
    await Promise.all([subscribed, unless(409, record)])
  }

  async stop(recording: string): Promise<void> {
    await unless(404, this.#link.request('recordings', 'stop', { recordingName: recordingName(recording) }))
  }

  async pause(recording: string, on: boolean): Promise<void> {
    await this.#link.request('recordings', on ? 'mute' : 'unmute', { recordingName: recordingName(recording) })
  }
}

/** It runs already, or has ended by itself: nothing is left to do. */
async function unless(status: number, request: Promise<unknown>): Promise<void> {
  try {
    await request
  } catch (error) {
    if (!(error instanceof AriError) || error.status !== status) throw error
  }
}
