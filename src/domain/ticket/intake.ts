/** What each platform wants to know of a matter before it takes it (§4: 按照对方受理标准登记). Forms, the API and what is refused are made from it. Pure. */
import type { Platform } from '../handover/handover.ts'

interface FieldBase {
  readonly name: string
  /** As it stands on the platform's form. */
  readonly label: string
  /** A matter that is pushed without it is refused. */
  readonly required?: true
  /** What it says, where the label does not. */
  readonly hint?: string
}

/** One value of a code list. */
export interface Code {
  readonly code: string
  readonly label: string
}

export type IntakeField = FieldBase &
  (
    | { readonly kind: 'text'; /** In characters. */ readonly longest: number; readonly lines?: true }
    | { readonly kind: 'code'; readonly codes: readonly Code[] }
    | { readonly kind: 'flag' }
    /** UTC, ISO 8601. */
    | { readonly kind: 'time' }
    | { readonly kind: 'number'; readonly from: number; readonly to: number }
    /** Digits, perhaps behind a plus. */
    | { readonly kind: 'telephone' }
  )

export type IntakeValue = string | boolean | number
export type IntakeRecord = Readonly<Record<string, IntakeValue>>

/** What is wrong with one field. `missing`: it is required, and not there. */
export interface IntakeFault {
  readonly field: string
  readonly missing: boolean
  readonly reason: string
}

const coded = (...pairs: readonly (readonly [code: string, label: string])[]): readonly Code[] => pairs.map(([code, label]) => ({ code, label }))

/** Of both. */
const caller: readonly IntakeField[] = [
  { name: 'callerName', label: '姓名', kind: 'text', longest: 60 },
  { name: 'callerNumber', label: '联系电话', kind: 'telephone', required: true },
]
const place: readonly IntakeField[] = [
  { name: 'address', label: '事发地址', kind: 'text', longest: 200, required: true },
  { name: 'longitude', label: '经度', kind: 'number', from: -180, to: 180, hint: 'WGS 84' },
  { name: 'latitude', label: '纬度', kind: 'number', from: -90, to: 90, hint: 'WGS 84' },
]

/** 12345 工单: what a hotline asks for; the request types are those of §1. */
const order: readonly IntakeField[] = [
  { name: 'title', label: '标题', kind: 'text', longest: 100, required: true },
  { name: 'content', label: '诉求内容', kind: 'text', longest: 4_000, lines: true, required: true },
  {
    name: 'requestType',
    label: '诉求类型',
    kind: 'code',
    required: true,
    codes: coded(['enquiry', '咨询'], ['help', '非紧急求助'], ['complaint', '投诉'], ['report', '举报'], ['suggestion', '意见建议']),
  },
  ...caller,
  ...place,
  { name: 'occurredAt', label: '事发时间', kind: 'time' },
  { name: 'handledSoFar', label: '先期处置情况', kind: 'text', longest: 2_000, lines: true },
  { name: 'replyWanted', label: '是否需要回复', kind: 'flag' },
  { name: 'confidential', label: '是否要求保密', kind: 'flag', hint: '不向被反映人透露姓名和电话' },
]

/** 110 警单: what a call-taker asks for; the types are those of §1, and the police's services, which annex list 1 hands over too. */
const incident: readonly IntakeField[] = [
  { name: 'content', label: '报警内容', kind: 'text', longest: 4_000, lines: true, required: true },
  {
    name: 'incidentType',
    label: '警情类别',
    kind: 'code',
    required: true,
    codes: coded(['criminal', '刑事类警情'], ['public-order', '治安类警情'], ['traffic', '道路交通类警情'], ['crowd', '群体性事件'], ['unlawful', '其他与违法犯罪有关的报警'], ['emergency', '险情、灾害事故和紧急求助'], ['police-complaint', '警务投诉'], ['service', '公安政务服务']),
  },
  { name: 'incidentLevel', label: '警情级别', kind: 'code', required: true, codes: coded(['1', '一级'], ['2', '二级'], ['3', '三级'], ['4', '四级']) },
  ...caller,
  ...place,
  { name: 'occurredAt', label: '案发时间', kind: 'time', required: true },
  { name: 'ongoing', label: '是否正在发生', kind: 'flag', required: true },
  { name: 'injured', label: '有无人员伤亡', kind: 'flag', required: true },
  { name: 'weapons', label: '是否涉及凶器或危险物品', kind: 'flag' },
  { name: 'suspectPresent', label: '嫌疑人是否在现场', kind: 'flag' },
  { name: 'handledSoFar', label: '先期处置情况', kind: 'text', longest: 2_000, lines: true },
]

/** The fields of each platform's form, in its order. */
export const intakeStandards: Readonly<Record<Platform, readonly IntakeField[]>> = { '12345': order, '110': incident }

/** What is wrong with a record by the platform's standard, every field of it. */
export function intakeFaults(platform: Platform, record: IntakeRecord): readonly IntakeFault[] {
  const fields = intakeStandards[platform]
  const known = new Set(fields.map(({ name }) => name))
  const unknown = Object.keys(record).filter((name) => !known.has(name))
  return [
    ...fields.flatMap((field) => {
      const value = record[field.name]
      if (value === undefined || value === '') return field.required ? [{ field: field.name, missing: true, reason: `${platform} takes nothing without it (${field.label})` }] : []
      const reason = whyNot(field, value)
      return reason === undefined ? [] : [{ field: field.name, missing: false, reason }]
    }),
    ...unknown.map((field) => ({ field, missing: false, reason: `${platform} has no such field` })),
  ]
}

/** Only what the standard has, and what is right: a call is handed over with what is known so far. */
export function fitting(platform: Platform, record: IntakeRecord): IntakeRecord {
  const wrong = new Set(intakeFaults(platform, record).map(({ field }) => field))
  return Object.fromEntries(Object.entries(record).filter(([name, value]) => !wrong.has(name) && value !== ''))
}

function whyNot(field: IntakeField, value: IntakeValue): string | undefined {
  switch (field.kind) {
    case 'text':
      if (typeof value !== 'string' || value.trim() === '') return 'no text'
      if (Array.from(value).length > field.longest) return `longer than ${field.longest} characters`
      // oxlint-disable-next-line no-control-regex -- these are looked for
      return (field.lines ? /[\u0000-\u0008\u000b-\u001f\u007f]/u : /[\u0000-\u001f\u007f]/u).test(value) ? 'it has a control character' : undefined
    case 'code':
      return field.codes.some(({ code }) => code === value) ? undefined : `none of ${field.codes.map(({ code }) => code).join(', ')}`
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'neither true nor false'
    case 'number':
      return typeof value === 'number' && value >= field.from && value <= field.to ? undefined : `not a number from ${field.from} to ${field.to}`
    case 'telephone':
      return typeof value === 'string' && /^\+?[0-9]{2,15}$/u.test(value) ? undefined : 'not 2 to 15 digits, perhaps behind a plus'
    case 'time':
      return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?(Z|[+-]\d{2}:\d{2})$/u.test(value) && !Number.isNaN(Date.parse(value)) ? undefined : 'not a time with its zone, as 2023-04-14T08:00:00Z'
  }
}
