import { EventEmitter } from 'node:events'
import type { BaresipEvent } from './phone-control.ts'

export type PhoneState = 'idle' | 'dialling' | 'ringing' | 'early' | 'incoming' | 'established'

export interface PhoneEvent {
  /** `performance.now()` when it was read. */
  readonly atMs: number
  /** baresip's name for it: `CALL_INCOMING`, `CALL_RINGING`, `CALL_ESTABLISHED`, `CALL_CLOSED`, `REGISTER_OK` … */
  readonly type: string
  /** The state after it. */
  readonly state: PhoneState
  /** Of `CALL_CLOSED`: the SIP answer (`486 Busy Here`), or who ended it in words. */
  readonly param?: string
  readonly peerUri?: string
  readonly peerName?: string
  /** SIP Call-ID. */
  readonly callId?: string
}

/** A phone did not come to a state in time; the message tells its last events. */
export class PhoneTimeoutError extends Error {
  override readonly name = 'PhoneTimeoutError'
}

const stateAfter: Readonly<Record<string, PhoneState>> = {
  CALL_INCOMING: 'incoming',
  CALL_RINGING: 'ringing',
  CALL_PROGRESS: 'early',
  CALL_ESTABLISHED: 'established',
  CALL_CLOSED: 'idle',
}

/** What happened at one phone, and the state that follows from it. */
export class PhoneLog {
  readonly events: PhoneEvent[] = []
  state: PhoneState = 'idle'
  /** Of the present or last call. */
  callId: string | undefined
  readonly #name: string
  readonly #emitter = new EventEmitter<{ event: [PhoneEvent] }>()

  constructor(name: string) {
    this.#name = name
  }

  take(raw: BaresipEvent): void {
    this.state = stateAfter[raw.type] ?? this.state
    this.callId = raw.id ?? this.callId
    const event: PhoneEvent = {
      atMs: performance.now(),
      type: raw.type,
      state: this.state,
      ...(raw.param !== undefined && { param: raw.param }),
      ...(raw.peeruri !== undefined && { peerUri: raw.peeruri }),
      ...(raw.peerdisplayname !== undefined && { peerName: raw.peerdisplayname }),
      ...(raw.id !== undefined && { callId: raw.id }),
    }
    this.events.push(event)
    this.#emitter.emit('event', event)
  }

  on(listener: (event: PhoneEvent) => void): () => void {
    this.#emitter.on('event', listener)
    return () => this.#emitter.off('event', listener)
  }

  /**
   * Waits for an event yet to come.
   *
   * @throws PhoneTimeoutError
   */
  next(wanted: (event: PhoneEvent) => boolean, description: string, timeoutMs: number): Promise<PhoneEvent> {
    return new Promise((resolve, reject) => {
      const off = this.on((event) => {
        if (!wanted(event)) return
        clearTimeout(timer)
        off()
        resolve(event)
      })
      const timer = setTimeout(() => {
        off()
        const last = this.events.slice(-6).map((event) => `${event.type} ${event.param ?? ''}`.trim())
        reject(new PhoneTimeoutError(`${this.#name}: no ${description} in ${timeoutMs} ms, but: ${last.join(', ')}`))
      }, timeoutMs)
    })
  }
}
