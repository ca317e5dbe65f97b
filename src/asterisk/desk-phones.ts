import type { Logger } from 'pino'
import type { PhoneControl, PhoneListener, TransferProgress } from '../calls/call-control.ts'
import { unlessGone } from './ari-error.ts'
import type { AriEvent, TransferAriEvent } from './ari-events.ts'
import type { AriLink } from './ari-link.ts'
import type { Bridges } from './bridges.ts'
import { referring } from './legs.ts'
import { bridgeOf } from './names.ts'

type Listener = Pick<PhoneListener, 'referred' | 'lineDialled' | 'lineHeld' | 'lineEnded'>

/** Lines by which desk phones call by themselves, their Transfer keys, and their lamps. What fails here is logged: no call waits for it. */
export class DeskPhones implements PhoneControl {
  readonly #ari: AriLink
  readonly #bridges: Bridges
  readonly #logger: Logger
  readonly #listener: Listener
  readonly #refers: ReadonlySet<string>
  readonly #lines = new Set<string>()

  /** @param refers endpoints whose Transfer keys are told */
  constructor(ari: AriLink, bridges: Bridges, logger: Logger, listener: Listener, refers: ReadonlySet<string>) {
    this.#ari = ari
    this.#bridges = bridges
    this.#logger = logger
    this.#listener = listener
    this.#refers = refers
  }

  /** Whether the event concerned a line, or was a Transfer key. */
  take(event: AriEvent): boolean {
    if (event.type === 'ChannelTransfer') {
      this.#referred(event)
      return true
    }
    if (!('channel' in event)) return false
    const { id } = event.channel
    if (event.type === 'StasisStart') {
      const [kind, endpoint = '', extension = ''] = event.args
      if (kind !== 'desk') return false
      this.#lines.add(id)
      this.letRefer(id, endpoint)
      this.#listener.lineDialled(id, endpoint, extension)
      return true
    }
    if (!this.#lines.has(id)) return false
    if (event.type === 'ChannelHold' || event.type === 'ChannelUnhold') this.#listener.lineHeld(id, event.type === 'ChannelHold')
    if (event.type === 'StasisEnd') {
      this.#lines.delete(id)
      this.#listener.lineEnded(id)
    }
    // Its keys are its desk's.
    return event.type !== 'ChannelDtmfReceived'
  }

  /** A channel that we did not make: its REFER is told from now on. Refused, as by another kind of channel, it is what the PBX makes of it. */
  letRefer(channelId: string, endpoint: string): void {
    if (!this.#refers.has(endpoint)) return
    for (const [variable, value] of Object.entries(referring)) this.#quietly('its Transfer key', this.#ari.request('channels', 'setChannelVar', { channelId, variable, value }))
  }

  has(line: string): boolean {
    return this.#lines.has(line)
  }

  tellProgress(leg: string, progress: TransferProgress): void {
    this.#quietly('transfer progress', this.#ari.request('channels', 'transfer_progress', { channelId: leg, states: progress }))
  }

  ringLine(line: string): void {
    this.#quietly('ringing', this.#ari.request('channels', 'ring', { channelId: line }))
  }

  joinLine(callId: string, line: string): void {
    const joined = Promise.all([
      this.#ari.request('channels', 'answer', { channelId: line }),
      this.#bridges.openConsultation(callId, 'consultation'),
      this.#ari.request('bridges', 'addChannel', { bridgeId: bridgeOf(callId, 'consultation'), channel: line, absorbDTMF: true }),
    ])
    this.#quietly('a line', joined)
  }

  endLine(line: string, cause?: number): void {
    const answered = cause === undefined && this.#ari.request('channels', 'answer', { channelId: line })
    const ended = this.#ari.request('channels', 'hangup', { channelId: line, ...(cause === undefined ? {} : { reason_code: String(cause) }) })
    this.#quietly('the end of a line', Promise.all([answered, ended]))
  }

  async setLamp(lamp: string, state: string): Promise<void> {
    await this.#ari.request('deviceStates', 'update', { deviceName: `Stasis:${lamp}`, deviceState: state })
  }

  /** What we tell of the transfer comes back as an event too, with its state. */
  #referred({ state, refer_to: { requested_destination: wanted, destination_channel: other }, referred_by: { source_channel: source } }: TransferAriEvent): void {
    if (state !== undefined) return
    // With a Replaces the destination may be there too, and means nothing; of a call that Asterisk does not know it has no channel.
    this.#listener.referred(source.id, wanted.protocol_id === undefined ? { extension: wanted.destination ?? '' } : { channel: other?.id ?? '' })
  }

  #quietly(what: string, done: Promise<unknown>): void {
    // Gone meanwhile: the phone has ended it.
    unlessGone(done).catch((error: unknown) => this.#logger.warn({ err: error, what }, 'a desk phone could not be told'))
  }
}
