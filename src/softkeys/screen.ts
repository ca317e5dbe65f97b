/** What a phone shows of its call and hand-over, whoever made it. Pure. */
import type { CommandReply } from '../calls/commands.ts'
import { type Handover, settledStates } from '../domain/handover/handover.ts'
import type { Key, Part } from '../domain/keys.ts'
import type { Texts } from './texts.ts'

export interface Screen {
  readonly title: string
  readonly text: string
  readonly keys: readonly (Key | 'status')[]
  /** It will change by itself: to be asked for again. */
  readonly refreshes: boolean
}

export interface Shown {
  /** The call that the agent is in. */
  readonly part: Part | undefined
  /** The last hand-over of his, where he has left its call. */
  readonly last: Handover | undefined
  /** Why the key that was pressed did nothing. */
  readonly refused?: Extract<CommandReply, { kind: 'refused' }>['code']
}

export function screenOf({ part, last, refused }: Shown, texts: Texts): Screen {
  const handover = part?.handover ?? part?.last ?? last
  const open = handover !== undefined && !settledStates.includes(handover.state)
  const lines = [
    ...(refused === undefined ? [] : [`${texts.refused}: ${texts.refusals[refused] ?? refused}`]),
    ...(handover ? [stateOf(handover, part, texts)] : []),
    ...(open ? [] : [texts.states[part ? 'talking' : 'idle']]),
  ]
  return { title: handover ? texts.to(handover.to) : 'Tandem', text: lines.join('\n'), keys: keysFor(part), refreshes: open }
}

function stateOf({ state, mode, verified, failure }: Handover, part: Part | undefined, { states, failed, failures }: Texts): string {
  switch (state) {
    case 'requested':
    case 'dialling':
      return states.requested
    case 'ringing':
      return states.ringing
    case 'answered':
      return part?.phase === 'consulting' ? states.consulting : states.joining
    case 'joined':
      if (part?.phase === 'consulting') return states.consulting
      return mode === 'conference' ? states.conferring : verified ? states.confirming : states.completed
    case 'completed':
      return states.completed
    case 'cancelled':
      return states.cancelled
    case 'failed':
      return `${failed}: ${failure ? failures[failure.reason] : ''}${failure?.sipCode === undefined ? '' : ` (${failure.sipCode})`}`
  }
}

/** The keys that do something now, and a look at what has become of it. */
function keysFor(part: Part | undefined): Screen['keys'] {
  if (!part) return ['status']
  const { phase, handover, agent } = part
  if (!handover) return ['transfer', 'conference', 'consult', 'status']
  if (handover.agent !== agent) return handover.verified && handover.target === agent ? ['confirm', 'status'] : ['status']
  if (phase === 'consulting') return ['transfer', 'conference', 'back', 'status']
  if (phase === 'conferring') return ['transfer', 'consult', 'status']
  return phase === 'inviting' ? ['back', 'status'] : ['status']
}
