import { otherThan, type Platform } from '../handover/handover.ts'

/** Whose matter it is by the catalogue: one platform's, both platforms', not to be told, or nobody's here. */
export const responsibilities = ['12345', '110', 'shared', 'unclear', 'neither'] as const
export type Responsibility = (typeof responsibilities)[number]

export const callerKinds = ['citizen', 'police-officer', 'member-unit'] as const
export type CallerKind = (typeof callerKinds)[number]

/** What is known of a request when somebody has to decide. */
export interface PolicyFacts {
  /** Who has it now. */
  readonly at: Platform
  readonly channel: 'phone' | 'internet'
  readonly responsibility: Responsibility
  /** Danger to life, property or public safety. */
  readonly danger?: boolean
  /** It was dealt with first and then found not to be urgent (先行受理、先期处置). */
  readonly handledFirst?: boolean
  /** A three-way call has not settled it. */
  readonly unresolved?: boolean
  /** Who answered first (首接); `at` when left out. */
  readonly first?: Platform
  /** A clue that touches social stability. */
  readonly stabilityClue?: boolean
  /** A dispute that may turn violent, or a conflict that gets out of hand or unlawful. */
  readonly violenceThreatened?: boolean
  readonly caller?: CallerKind
  /** Malicious harassment of the hotline (恶意骚扰). */
  readonly nuisance?: boolean
}

/** `keep`: whoever has it goes on; `guide`: explain where to turn; `refuse`: explain why not. */
export const decisionModes = ['transfer', 'conference', 'push', 'keep', 'guide', 'refuse'] as const
export type DecisionMode = (typeof decisionModes)[number]

export interface Reason {
  /** Of 启政办发〔2023〕18号, as `§4`. */
  readonly paragraph: string
  /** The document's own words. */
  readonly text: string
}

export const warnings = ['nuisance-caller', 'inform-12345', 'nobody-named-for-this'] as const
export type Warning = (typeof warnings)[number]

export const urgencies = ['emergency', 'at-once', 'routine'] as const

export interface Decision {
  readonly mode: DecisionMode
  /** Who has it afterwards; left out where neither has. */
  readonly platform?: Platform
  readonly urgency: (typeof urgencies)[number]
  readonly because: readonly Reason[]
  readonly warnings: readonly Warning[]
}

const texts = {
  danger: { paragraph: '§4', text: '如存在危及人身和财产安全、公共安全的紧急情况，由 110 先行派警处置' },
  nuisance: { paragraph: '四（三）', text: '对恶意侮辱谩骂、扬言恐吓、频繁滋扰等行为，由公安机关依法调查处理' },
  policeWork: { paragraph: '§10', text: '公安机关（如社区派出所的民警或辅警）人员，不得打 12345 热线电话要求处理警情类事件' },
  violence: { paragraph: '§10', text: '全市 110 接到可能引发违法犯罪特别是暴力事件、个人极端事件的矛盾纠纷时，第一时间派警处置，属于 12345 受理范围的转交 12345' },
  escalation: { paragraph: '§10', text: '12345 成员单位发现矛盾激化、事态难以控制或者涉及违法犯罪的，应联动 110 派警处置' },
  stability: { paragraph: '§10', text: '12345 接到影响社会稳定的线索，要第一时间转交 110 处置' },
  neither: { paragraph: '§4', text: '对明确不属于 12345 与 110 受理范围的事项，话务人员要做好合理引导和解释工作' },
  unresolved: { paragraph: '§4', text: '协商后仍无法确定的由首接平台受理' },
  handledFirst: { paragraph: '§4', text: '对于先行受理、先期处置后，确认为非紧急类事项的……通过系统推送方式转交' },
  internet: { paragraph: '§4', text: '通过互联网渠道接到明确属于对方受理范围内的事项，通过系统推送方式转交' },
  neverUrgent: { paragraph: '§4', text: '对于从 110 推送到 12345 的事件，12345 热线将一律视作非紧急事件进行处理' },
  unclear: { paragraph: '§4', text: '责任单位不明确或者职责交叉的，通过三方通话（诉求方、12345、110）方式协商确定' },
  clear: { paragraph: '§4', text: '通过电话接到明确属于对方受理范围的事项，以一键转接方式转交对方受理' },
  own: { paragraph: '§1', text: '明晰职责边界' },
} as const satisfies Record<string, Reason>

const isUnsettled = ({ responsibility }: PolicyFacts): boolean => responsibility === 'shared' || responsibility === 'unclear'

/**
 * How to pass a request on, and by which paragraph (R2–R4, R12, R16). The first rule that applies decides: SPEC.md has them in order.
 * What it says is advice to an agent; danger is before everything.
 */
export function decide(facts: PolicyFacts): Decision {
  return urgent(facts) ?? refused(facts) ?? settled(facts)
}

/** 110 acts first. */
function urgent(facts: PolicyFacts): Decision | undefined {
  const { at, danger, violenceThreatened, stabilityClue } = facts
  if (danger) return { ...toPolice(facts, isUnsettled(facts)), urgency: 'emergency', because: [texts.danger], warnings: [] }
  if (violenceThreatened) {
    const informs = at === '110' && facts.responsibility === '12345'
    return { ...toPolice(facts, false), urgency: 'emergency', because: [at === '12345' && facts.caller === 'member-unit' ? texts.escalation : texts.violence], warnings: informs ? ['inform-12345'] : [] }
  }
  return stabilityClue ? { ...toPolice(facts, false), urgency: 'at-once', because: [texts.stability], warnings: [] } : undefined
}

function toPolice({ at, channel }: PolicyFacts, together: boolean): Pick<Decision, 'mode' | 'platform'> {
  if (at === '110') return { mode: 'keep', platform: '110' }
  if (channel === 'internet') return { mode: 'push', platform: '110' }
  return { mode: together ? 'conference' : 'transfer', platform: '110' }
}

/** Who answered first has it, or gets it back. */
const backTo = (first: Platform, { at, channel }: PolicyFacts): Pick<Decision, 'mode' | 'platform'> => ({ mode: first === at ? 'keep' : channel === 'phone' ? 'transfer' : 'push', platform: first })

function refused(facts: PolicyFacts): Decision | undefined {
  const { at, caller, nuisance, responsibility } = facts
  if (caller === 'police-officer' && at === '12345' && responsibility === '110') return { mode: 'refuse', urgency: 'routine', because: [texts.policeWork], warnings: [] }
  if (nuisance) return { ...toPolice(facts, false), urgency: 'routine', because: [texts.nuisance], warnings: ['nuisance-caller'] }
  return responsibility === 'neither' ? { mode: 'guide', urgency: 'routine', because: [texts.neither], warnings: [] } : undefined
}

function settled(facts: PolicyFacts): Decision {
  const { at, channel, responsibility, handledFirst, unresolved } = facts
  const routine = { urgency: 'routine', warnings: [] } as const
  if (unresolved) return { ...routine, ...backTo(facts.first ?? at, facts), because: [texts.unresolved] }
  if (isUnsettled(facts)) {
    if (channel === 'phone') return { ...routine, mode: 'conference', platform: otherThan(at), because: [texts.unclear] }
    // Nobody can be asked: whoever has it keeps it, as after a call that settles nothing.
    return { ...routine, mode: 'keep', platform: at, because: [texts.unresolved], warnings: ['nobody-named-for-this'] }
  }
  if (responsibility === at) return { ...routine, mode: 'keep', platform: at, because: [texts.own] }
  if (!handledFirst && channel === 'phone') return { ...routine, mode: 'transfer', platform: otherThan(at), because: [texts.clear] }
  return { ...routine, mode: 'push', platform: otherThan(at), because: [handledFirst ? texts.handledFirst : texts.internet, ...(at === '110' ? [texts.neverUrgent] : [])] }
}
