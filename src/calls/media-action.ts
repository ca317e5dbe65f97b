import type { Action, Background } from '../domain/call/actions.ts'
import type { Call } from '../domain/call/state.ts'
import type { CallControl } from './call-control.ts'

type MediaType =
  | 'open-bridge'
  | 'close-bridge'
  | 'answer-caller'
  | 'join-leg'
  | 'separate-leg'
  | 'whisper'
  | 'note-handover'
  | 'mute'
  | 'set-background'
  | 'announce'
  | 'brief-leg'
  | 'start-recording'
  | 'stop-recording'
  | 'pause-recording'

/** What changes a call's bridges, what is heard in them, or what is recorded of it: done one after the other. */
export type MediaAction = Extract<Action, { type: MediaType }>

/** All their requests have been sent when they have been begun. */
export const sentAtOnce: ReadonlySet<MediaType> = new Set<MediaType>(['join-leg', 'separate-leg', 'mute', 'set-background'])

/** @param from what the caller hears of ours before @throws AriError, LegGone */
export async function doMediaAction(control: CallControl, { id, caller, direction }: Call, action: MediaAction, from: Background): Promise<void> {
  const channelOf = (party: string): string => (party === 'caller' ? caller.channelId : party)
  switch (action.type) {
    case 'open-bridge':
      return control.openBridge(id, direction === 'inbound' ? caller.channelId : undefined)
    case 'close-bridge':
      return control.closeBridge(id)
    case 'answer-caller':
      return control.answerCaller(id, caller.channelId)
    case 'join-leg':
      return control.joinLeg(id, action.leg, action.room)
    case 'separate-leg':
      return control.separateLeg(id, action.leg, action.hears)
    case 'whisper':
      return control.whisper(id, action.leg, action.to)
    case 'note-handover':
      await Promise.all(action.parties.map((party) => control.noteHandover(channelOf(party), action.handoverId)))
      return
    case 'mute':
      return control.mute(channelOf(action.party), action.on)
    case 'brief-leg':
      return control.brief(action.leg, action.prompt)
    case 'announce':
      return control.announce(id, action.prompt)
    case 'set-background':
      return control.setBackground(id, caller.channelId, from, action.sound)
    case 'start-recording':
      return control.recordings.start(id, action.recording, action.room)
    case 'stop-recording':
      return control.recordings.stop(action.recording)
    case 'pause-recording':
      return control.recordings.pause(action.recording, action.on)
  }
}
