/** The parts of ARI's events that Tandem reads (Asterisk 22, events.json). */
export interface AriChannel {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly protocol_id?: string
  readonly caller: { readonly number: string; readonly name: string }
  readonly dialplan?: { readonly context: string; readonly exten: string; readonly app_name: string; readonly app_data: string }
  readonly channelvars?: Readonly<Record<string, string>>
  /** ISO 8601, in the form `…+0000`. */
  readonly creationtime?: string
}

export interface AriBridge {
  readonly id: string
  readonly name: string
  /** Ids of its members. */
  readonly channels: readonly string[]
}

/** A REFER of the phone (22.3 and newer): to a number, or to another call of its own, which a Replaces names. */
export interface TransferAriEvent {
  readonly type: 'ChannelTransfer'
  /** Of what we said of it ourselves. */
  readonly state?: string
  readonly refer_to: {
    readonly requested_destination: { readonly protocol_id?: string; readonly destination?: string }
    readonly destination_channel?: AriChannel
  }
  readonly referred_by: { readonly source_channel: AriChannel }
}

export interface RecordingAriEvent {
  readonly type: 'RecordingStarted' | 'RecordingFinished' | 'RecordingFailed'
  readonly timestamp: string
  readonly recording: { readonly name: string; readonly cause?: string }
}

export type AriEvent =
  | { readonly type: 'StasisStart'; readonly args: readonly string[]; readonly channel: AriChannel }
  | { readonly type: 'StasisEnd'; readonly channel: AriChannel }
  | { readonly type: 'Dial'; readonly dialstatus: string; readonly peer: AriChannel }
  | {
      readonly type: 'ChannelDestroyed'
      readonly channel: AriChannel
      readonly cause: number
      readonly cause_txt: string
      readonly tech_cause?: number
    }
  | { readonly type: 'ChannelHold' | 'ChannelUnhold'; readonly channel: AriChannel }
  | { readonly type: 'ChannelDtmfReceived'; readonly digit: string; readonly channel: AriChannel }
  | { readonly type: 'ChannelTalkingStarted'; readonly channel: AriChannel }
  | { readonly type: 'ChannelTalkingFinished'; readonly channel: AriChannel; readonly duration: number }
  | { readonly type: 'PlaybackFinished'; readonly playback: { readonly id: string; readonly state: string } }
  | RecordingAriEvent
  | TransferAriEvent
  | { readonly type: 'ApplicationReplaced'; readonly application: string }

const known = new Set(['StasisStart', 'StasisEnd', 'Dial', 'ChannelDestroyed', 'ChannelHold', 'ChannelUnhold', 'ChannelDtmfReceived', 'ChannelTransfer', 'ChannelTalkingStarted', 'ChannelTalkingFinished', 'PlaybackFinished', 'RecordingStarted', 'RecordingFinished', 'RecordingFailed', 'ApplicationReplaced'])

/** For ARI's event filter: nothing else is sent to us. Answers to our own requests pass through it too (22.10). */
export const eventFilter = { allowed: [...known, 'RESTResponse'].map((type) => ({ type })) }

export const isKnown = (event: { type: string }): event is AriEvent => known.has(event.type)
