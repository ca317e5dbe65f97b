import type { Direction, Phase, Purpose, Rating } from './call/state.ts'
import type { Repair } from './call/events.ts'
import type { Carried } from './edge/carried.ts'
import type { RecordingRecord } from './recording.ts'
import type { Failure, Handover, Platform } from './handover/handover.ts'
import type { CallerKind, PolicyFacts } from './policy/decide.ts'
import type { Deed, KeptDecision } from './policy/held-to.ts'
import type { NeedToKnowFact, ServiceFact } from './service-facts.ts'
import { type Marking, needToKnowFactTypes } from './sharing/need-to-know.ts'
import type { TestCall } from './test-call.ts'
import type { DeadlineName } from './ticket/deadlines.ts'
import type { IntakeRecord } from './ticket/intake.ts'
import type { TicketFactType } from './ticket/machine.ts'
import type { Ticket } from './ticket/ticket.ts'

/** The form of facts written by this version; older ones are up-cast when read. */
export const factVersion = 2

export const callFactTypes = ['call-made', 'call-arrived', 'call-adopted', 'call-answered', 'call-waiting', 'call-caller-left', 'call-rated', 'call-ended'] as const
export const handoverFactTypes = [
  'handover-requested',
  'handover-dialled',
  'handover-ringing',
  'handover-answered',
  'handover-joined',
  'handover-released',
  'handover-completed',
  'handover-failed',
  'handover-cancelled',
  'handover-changed',
  'handover-confirmed',
  'handover-decided',
] as const
export const partyFactTypes = ['party-invited', 'party-joined', 'party-failed', 'party-left', 'party-changed'] as const
/** While the call is there to tell them. */
export const recordingFactTypes = ['recording-started', 'recording-paused', 'recording-resumed', 'recording-failed'] as const
/** Of the file, also long after the call. */
export const fileFactTypes = ['recording-finished', 'recording-failed', 'recording-fetched', 'recording-deleted'] as const
export type CallFactType = (typeof callFactTypes)[number]
export type HandoverFactType = (typeof handoverFactTypes)[number]
export type PartyFactType = (typeof partyFactTypes)[number]
export type RecordingFactType = (typeof recordingFactTypes)[number]
export type FileFactType = (typeof fileFactTypes)[number]

export interface ChannelRef {
  readonly channelId: string
  readonly sipCallId?: string
  readonly endpoint?: string
}

export const partyRoles = ['caller', 'desk', 'peer', 'guest'] as const
export const partyStates = ['ringing', 'talking', 'consulting', 'whispering', 'held', 'apart'] as const

/** Somebody in the call, as told to the outside. */
export interface Party {
  /** `caller`, or the channel's id. */
  readonly id: string
  readonly role: (typeof partyRoles)[number]
  /** The agent, trunk or destination. */
  readonly endpoint?: string
  /** `consulting`: with the desks, the caller aside; `apart`: alone, hearing ringback or music. */
  readonly state: (typeof partyStates)[number]
  readonly muted?: true
}

/** A call as told to the outside: the metadata that goes with every ticket. */
export interface CallSummary {
  readonly id: string
  readonly state: Phase
  /** The platform whose number the citizen dialled. */
  readonly platform: Platform
  /** The platform whose desk talks with the caller, or rings for him. */
  readonly desk: Platform
  readonly agent?: string
  readonly caller: {
    readonly number: string
    readonly name?: string
    /** How often he was marked before as harassing the hotline (恶意骚扰). */
    readonly nuisanceMarks?: number
    /** Where his number is known. */
    readonly kind?: CallerKind
  }
  readonly dialled: string
  readonly direction: Direction
  /** It began in the call centre's own queue or dialplan. */
  readonly adopted?: true
  readonly purpose?: Purpose
  readonly ticket?: string
  /** Not to be shared (§7), as it stood then. */
  readonly needToKnow?: Marking
  /** Of a call that came from another network: what it brought of its hand-over there. */
  readonly carried?: Carried
  readonly arrivedAt: string
  readonly answeredAt?: string
  readonly endedAt?: string
  readonly endedBy?: string
  /** Of a call that an agent made: why the citizen was not reached. */
  readonly failure?: Failure
  /** Answer to the satisfaction question: 1 very satisfied, 2 satisfied, 3 dissatisfied. */
  readonly rating?: Rating
  readonly parties: readonly Party[]
  /** Of a call that is recorded, from its answer on. */
  readonly recordings?: readonly Omit<RecordingRecord, 'callId'>[]
  readonly channels: { readonly caller: ChannelRef; readonly agent?: ChannelRef; readonly peer?: ChannelRef }
}

interface FactBase {
  readonly version: typeof factVersion
  /** Place in the order of the call's facts, from 1. */
  readonly sequence: number
  /** UTC, ISO 8601. */
  readonly at: string
  readonly call: CallSummary
}

export interface CallFact extends FactBase {
  readonly type: CallFactType
}

/** Carries the hand-over as it stood after the fact. */
export interface HandoverFact extends FactBase {
  readonly type: HandoverFactType
  readonly handover: Handover
}

/** About one party. */
export interface PartyFact extends FactBase {
  readonly type: PartyFactType
  readonly party: string
  readonly endpoint?: string
  /** Who did it, where somebody asked for it. */
  readonly by?: string
  /** Why it could not be reached. */
  readonly failure?: Failure
}

/** The caller was lost before a desk had him: who is to call back. */
export interface CallBackFact extends FactBase {
  readonly type: 'call-back-requested'
  readonly platform: Platform
}

/** The call was otherwise than known, as a comparison with Asterisk found; it is as it should be again. */
export interface RepairFact extends FactBase {
  readonly type: 'call-repaired'
  readonly repair: Repair
  /** `caller`, or a channel. */
  readonly party?: string
}

/** Carries the recording as it stood after the fact. */
export interface RecordingFact extends FactBase {
  readonly type: RecordingFactType
  readonly recording: RecordingRecord
  /** Who paused or resumed it. */
  readonly by?: string
}

/** What became of a recording's file. Not in the order of the call's facts. */
export interface FileFact {
  readonly type: FileFactType
  readonly version: typeof factVersion
  readonly at: string
  readonly recording: RecordingRecord
  /** Who fetched it: the API key's name. */
  readonly by?: string
  /** Which part was asked for, as `bytes=0-999`; the whole of it when left out. */
  readonly range?: string
}

export const agentStates = ['available', 'paused', 'signed-out'] as const
export type AgentState = (typeof agentStates)[number]

/** An agent signs in or out, or pauses. Of no call. */
export interface AgentFact {
  readonly type: 'agent-changed'
  readonly version: typeof factVersion
  readonly at: string
  readonly agent: string
  readonly state: AgentState
}

export const testCallFactTypes = ['test-call-succeeded', 'test-call-failed'] as const

/** A test call has ended. Of no call: no citizen has part in it. */
export interface TestCallFact {
  readonly type: (typeof testCallFactTypes)[number]
  readonly version: typeof factVersion
  readonly at: string
  readonly testCall: TestCall
}

/** What was decided of a request that is not handed over: kept, explained (§4), refused (§10), or marked as harassment. Not in the order of the call's facts. */
export interface DecisionFact extends Deed {
  readonly type: 'decision-recorded'
  readonly version: typeof factVersion
  readonly at: string
  readonly by: string
  readonly callId: string
  readonly agent?: string
  readonly facts: PolicyFacts
  readonly decision: KeptDecision
  /** Why the agent did otherwise, or what else there is to say. */
  readonly reason?: string
}

/** Of a ticket (工单, 警单); carries it as it stood after the fact. Not in the order of a call's facts. */
export interface TicketFact {
  readonly type: TicketFactType
  readonly version: typeof factVersion
  /** UTC, ISO 8601. */
  readonly at: string
  /** Place in the order of the ticket's facts, from 1. */
  readonly sequence: number
  /** Who did it. */
  readonly platform: Platform
  readonly by: string
  /** The ticket system that told it, as in the configuration. */
  readonly via?: string
  /** Of `ticket-due-soon` and `ticket-overdue`: by when what is to be done. */
  readonly deadline?: DeadlineName
  /** Fields of its form that were filled in, or changed. */
  readonly filled?: IntakeRecord
  readonly ticket: Ticket
}

/** What happened to a call. */
export type CallsFact = CallFact | HandoverFact | PartyFact | CallBackFact | RepairFact | RecordingFact

export type Fact = CallsFact | AgentFact | FileFact | TestCallFact | DecisionFact | TicketFact | ServiceFact

export const isCallBack = (fact: Fact): fact is CallBackFact => fact.type === 'call-back-requested'

export const isAgentFact = (fact: Fact): fact is AgentFact => fact.type === 'agent-changed'

export const isTestCallFact = (fact: Fact): fact is TestCallFact => 'testCall' in fact

export const isTicketFact = (fact: Fact): fact is TicketFact => 'ticket' in fact

export const isNeedToKnowFact = (fact: Fact): fact is NeedToKnowFact => (needToKnowFactTypes as readonly string[]).includes(fact.type)

export const isOfCall = (fact: Fact): fact is CallsFact => 'call' in fact

export const isHandoverFact = (fact: Fact): fact is HandoverFact => 'handover' in fact

/** Of the call, or of the file. */
export const isRecordingFact = (fact: Fact): fact is RecordingFact | FileFact => 'recording' in fact

/** The record (`need-to-know.ts`) that a fact belongs to; undefined: to none. */
export function recordOfFact(fact: Fact): string | undefined {
  if (isOfCall(fact)) return fact.call.id
  if (isTicketFact(fact)) return fact.ticket.callId ?? fact.ticket.id
  if (isRecordingFact(fact)) return fact.recording.callId
  if (fact.type === 'record-viewed') return fact.record
  if (fact.type === 'decision-recorded' || fact.type === 'message-received' || fact.type === 'message-refused' || isNeedToKnowFact(fact)) return fact.callId ?? ('ticketId' in fact ? fact.ticketId : undefined)
  return undefined
}
