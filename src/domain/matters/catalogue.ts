/** The catalogue and its changes: each makes a new version, nothing is taken away. Pure. */
import type { KnowledgeEntry, List, MatterRow } from './matter.ts'

export interface CatalogueVersion {
  /** From 1, the published one. */
  readonly version: number
  /** UTC, ISO 8601. */
  readonly at: string
  /** Who made it. */
  readonly by: string
  readonly rows: readonly MatterRow[]
  readonly knowledge: readonly KnowledgeEntry[]
}

/** Rows and entries that are added, or come in the place of those of the same id. */
export interface CatalogueChange {
  readonly rows?: readonly MatterRow[]
  readonly knowledge?: readonly KnowledgeEntry[]
}

/** What is wrong with one row or entry of a change. */
export interface Fault {
  readonly of: 'rows' | 'knowledge'
  /** Its place in the change, from 0. */
  readonly index: number
  readonly field: string
  readonly reason: string
}

/** What a change came to, by ids. */
export interface Difference {
  readonly added: readonly string[]
  readonly changed: readonly string[]
}

const longest = { category: 60, item: 120, scope: 500, phrase: 60, question: 200, answer: 2_000 } as const
const mostPhrases = 200
/** What the recommender can hold in memory and learn in seconds. */
const mostRows = 500
/** Told at a time. */
const mostFaults = 50
/** Of the recommender's own answers. */
const reserved = new Set(['unclear', 'neither', 'none'])
const idForm = /^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/u

/** @returns the next version, or what is wrong with the change, `mostFaults` at most: then nothing of it is taken */
export function changed(before: CatalogueVersion, change: CatalogueChange, by: string, at: string): CatalogueVersion | readonly Fault[] {
  const { rows = [], knowledge = [] } = change
  const after = { ...before, version: before.version + 1, by, at, rows: put(before.rows, rows), knowledge: put(before.knowledge, knowledge) }
  const listOf = new Map(before.rows.map(({ id, list }) => [id, list]))
  const [ofRows, ofEntries] = [new Set(after.rows.map(({ id }) => id)), new Set(after.knowledge.map(({ id }) => id))]
  const faults = [
    ...(after.rows.length > mostRows ? [{ of: 'rows' as const, index: rows.length - 1, field: 'id', reason: `the catalogue would have more than ${mostRows} rows` }] : []),
    ...rows.flatMap((row, index) => [...rowFaults(row), ...listFaults(row, listOf.get(row.id)), ...otherFaults(row.id, ofEntries)].map((fault) => ({ of: 'rows' as const, index, ...fault }))),
    ...knowledge.flatMap((entry, index) => [...entryFaults(entry, ofRows), ...otherFaults(entry.id, ofRows)].map((fault) => ({ of: 'knowledge' as const, index, ...fault }))),
    ...twice(rows).map((index) => ({ of: 'rows' as const, index, field: 'id', reason: 'it stands in the change twice' })),
    ...twice(knowledge).map((index) => ({ of: 'knowledge' as const, index, field: 'id', reason: 'it stands in the change twice' })),
  ]
  return faults.length > 0 ? faults.slice(0, mostFaults) : after
}

/** What a version has that the one before had not, or otherwise. */
export function differenceOf(before: CatalogueVersion, after: CatalogueVersion): Difference {
  const known = new Map([...before.rows, ...before.knowledge].map((one) => [one.id, one]))
  const different = [...after.rows, ...after.knowledge].filter((one) => told(one) !== told(known.get(one.id) ?? {})).map(({ id }) => id)
  return { added: different.filter((id) => !known.has(id)), changed: different.filter((id) => known.has(id)) }
}

/** Whatever the order of its fields. */
const told = (one: object): string => JSON.stringify(Object.entries(one).toSorted(([left], [right]) => (left < right ? -1 : 1)))

function put<T extends { readonly id: string }>(before: readonly T[], news: readonly T[]): readonly T[] {
  const byId = new Map(news.map((one) => [one.id, one]))
  const known = new Set(before.map(({ id }) => id))
  return [...before.map((one) => byId.get(one.id) ?? one), ...news.filter(({ id }) => !known.has(id))]
}

type FieldFault = Pick<Fault, 'field' | 'reason'>

function rowFaults({ id, list, category, item, scope, phrases = [], ...validity }: MatterRow): readonly FieldFault[] {
  return [
    ...idFaults(id),
    ...((list as number) === 1 || (list as number) === 2 ? [] : [{ field: 'list', reason: 'neither 1 nor 2' }]),
    ...textFaults({ category, item, scope }),
    ...(phrases.length > mostPhrases ? [{ field: 'phrases', reason: `more than ${mostPhrases}` }] : []),
    ...phrases.flatMap((phrase) => (phrase.includes('、') ? [{ field: 'phrases', reason: 'it has 、, which stands between phrases' }] : textFaults({ phrase }))).map((fault) => ({ ...fault, field: 'phrases' })),
    ...validityFaults(validity),
  ]
}

function entryFaults({ id, matters, question, answer, ...validity }: KnowledgeEntry, known: ReadonlySet<string>): readonly FieldFault[] {
  const unknown = matters.filter((matter) => !known.has(matter))
  return [...idFaults(id), ...unknown.map((matter) => ({ field: 'matters', reason: `there is no row ${matter}` })), ...textFaults({ question, answer }), ...validityFaults(validity)]
}

/** A row that went over to the other list would send what falls under it to the other desk. */
function listFaults({ id, list }: MatterRow, before: List | undefined): readonly FieldFault[] {
  const [, named] = /^L([12])-/u.exec(id) ?? []
  if (before !== undefined && before !== list) return [{ field: 'list', reason: `the row is of list ${before}: retire it, and add another` }]
  return named !== undefined && Number(named) !== list ? [{ field: 'list', reason: `the id says list ${named}` }] : []
}

/** Rows and entries share their ids' names. */
const otherFaults = (id: string, others: ReadonlySet<string>): readonly FieldFault[] => (others.has(id) ? [{ field: 'id', reason: 'a row and a knowledge entry cannot have the same' }] : [])

const idFaults = (id: string): readonly FieldFault[] => (reserved.has(id) ? [{ field: 'id', reason: 'this word means something else in a recommendation' }] : idForm.test(id) ? [] : [{ field: 'id', reason: 'not 1 to 40 letters, digits and hyphens' }])

function textFaults(texts: Partial<Record<keyof typeof longest, string>>): readonly FieldFault[] {
  return (Object.entries(texts) as [keyof typeof longest, string][]).flatMap(([field, text]) => {
    if (text.trim() === '') return [{ field, reason: 'it is empty' }]
    if (text.length > longest[field]) return [{ field, reason: `longer than ${longest[field]} characters` }]
    // oxlint-disable-next-line no-control-regex -- these are looked for
    if (/[\u0000-\u001f\u007f]/u.test(text)) return [{ field, reason: 'it has a control character' }]
    // A spreadsheet would carry it out.
    return /^[=+\-@]/u.test(text) ? [{ field, reason: 'it begins with =, +, - or @, which a spreadsheet takes for a formula' }] : []
  })
}

function validityFaults(validity: { readonly validFrom?: string; readonly validUntil?: string }): readonly FieldFault[] {
  const wrong = (['validFrom', 'validUntil'] as const).flatMap((field) => (validity[field] === undefined || isDay(validity[field]) ? [] : [{ field, reason: 'not a day, as 2023-04-14' }]))
  const { validFrom, validUntil } = validity
  return wrong.length === 0 && validFrom !== undefined && validUntil !== undefined && validUntil < validFrom ? [{ field: 'validUntil', reason: 'before validFrom' }] : wrong
}

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/u.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)

function twice(news: readonly { readonly id: string }[]): readonly number[] {
  const seen = new Set<string>()
  return [...news.entries()].flatMap(([index, { id }]) => {
    if (seen.has(id)) return [index]
    seen.add(id)
    return []
  })
}
