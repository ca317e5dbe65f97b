import { describe, expect, it, test } from 'vitest'
import { type CatalogueVersion, changed, differenceOf } from '../../src/domain/matters/catalogue.ts'
import { holdsOn, type MatterRow } from '../../src/domain/matters/matter.ts'
import { fromCsv, fromJson, toCsv } from '../../src/matters/catalogue-file.ts'
import { annex } from '../../src/matters/annex.ts'
import { shippedKnowledge } from '../../src/matters/knowledge.ts'

const lamp: MatterRow = { id: 'L2-02', list: 2, category: '公共设施类', item: '路灯故障', scope: '对路灯不亮的反映' }
const umbrella: MatterRow = { id: 'L2-72', list: 2, category: '公共设施类', item: '共享雨伞损坏', scope: '对共享雨伞损坏的反映', phrases: ['借不出伞', '雨伞坏了'], validFrom: '2026-12-01', validUntil: '2027-12-01' }
const first: CatalogueVersion = { version: 1, at: '2023-04-14T00:00:00.000Z', by: 'city', rows: [lamp], knowledge: [{ id: 'k-1', matters: ['L2-02'], question: '几天修好？', answer: '三天。' }] }
const at = '2026-11-27T08:00:00.000Z'

const reasons = (change: object) => (changed(first, change, 'li', at) as readonly { reason: string }[]).map(({ reason }) => reason)

test('a change makes the next version: what it names is added or replaced, all else stays', () => {
  const after = changed(first, { rows: [umbrella, { ...lamp, scope: '对路灯不亮、常亮的反映' }] }, 'li', at)
  expect(after).toEqual({ ...first, version: 2, at, by: 'li', rows: [{ ...lamp, scope: '对路灯不亮、常亮的反映' }, umbrella] })
  expect(differenceOf(first, after as CatalogueVersion)).toEqual({ added: ['L2-72'], changed: ['L2-02'] })
})

test('an entry of knowledge may name a row that the same change adds', () => {
  const entry = { id: 'k-2', matters: ['L2-72'], question: '押金怎么退？', answer: '在小程序里退。' }
  expect(changed(first, { rows: [umbrella], knowledge: [entry] }, 'li', at)).toMatchObject({ version: 2, knowledge: [{ id: 'k-1' }, entry] })
})

describe('a change with a fault is refused whole, with place, field and reason', () => {
  it.each<[string, object, string, string]>([
    ['empty', { item: ' ' }, 'item', 'it is empty'],
    ['too long', { scope: '字'.repeat(501) }, 'scope', 'longer than 500 characters'],
    ['a control character', { category: '公共\u0000设施' }, 'category', 'it has a control character'],
    ['a line break', { scope: '一\n二' }, 'scope', 'it has a control character'],
    ['a formula', { item: '=1+1' }, 'item', 'it begins with =, +, - or @, which a spreadsheet takes for a formula'],
    ['another list than its id says', { id: 'L1-99' }, 'list', 'the id says list 1'],
    ['no id', { id: 'L2 02' }, 'id', 'not 1 to 40 letters, digits and hyphens'],
    ['no day', { validFrom: '2026-02-30' }, 'validFrom', 'not a day, as 2023-04-14'],
    ['an end before the beginning', { validFrom: '2026-02-03', validUntil: '2026-02-02' }, 'validUntil', 'before validFrom'],
    ['an empty phrase', { phrases: ['好', ''] }, 'phrases', 'it is empty'],
    ['a phrase that a CSV file would cut in two', { phrases: ['灯、杆'] }, 'phrases', 'it has 、, which stands between phrases'],
    ['too many phrases', { phrases: Array.from({ length: 201 }, (_, index) => `灯${index}`) }, 'phrases', 'more than 200'],
  ])('%s', (_, fault, field, reason) => {
    expect(changed(first, { rows: [umbrella, { ...lamp, ...fault }] }, 'li', at)).toEqual([{ of: 'rows', index: 1, field, reason }])
  })

  it('a list that is none, or another one than before: what falls under it would go to the other desk', () => {
    expect(reasons({ rows: [{ ...lamp, id: 'X-1', list: 3 }] })).toEqual(['neither 1 nor 2'])
    expect(reasons({ rows: [{ ...lamp, list: 1 }] })).toEqual(['the row is of list 2: retire it, and add another'])
  })

  it('ids that mean something else', () => {
    expect(reasons({ rows: [{ ...lamp, id: 'unclear' }] })).toEqual(['this word means something else in a recommendation'])
    expect(reasons({ rows: [{ ...lamp, id: 'k-1' }] })).toEqual(['a row and a knowledge entry cannot have the same'])
  })

  it('more rows than can be learned', () => {
    const many = Array.from({ length: 500 }, (_, index) => ({ ...lamp, id: `X-${index}` }))
    expect(changed(first, { rows: many }, 'li', at)).toMatchObject([{ reason: 'the catalogue would have more than 500 rows' }])
    expect(changed(first, { rows: many.slice(1) }, 'li', at)).toMatchObject({ version: 2 })
  })

  it('the same id twice, an answer to a row that is not there', () => {
    expect(changed(first, { rows: [umbrella, umbrella], knowledge: [{ id: 'k-2', matters: ['L2-99'], question: '问', answer: '答' }] }, 'li', at)).toEqual([
      { of: 'knowledge', index: 0, field: 'matters', reason: 'there is no row L2-99' },
      { of: 'rows', index: 1, field: 'id', reason: 'it stands in the change twice' },
    ])
  })
})

test('a row holds from its first day, and no more on the day of its end', () => {
  expect(['2026-11-30', '2026-12-01', '2027-11-30', '2027-12-01'].map((day) => holdsOn(umbrella, day))).toEqual([false, true, true, false])
  expect(holdsOn(lamp, '2026-11-27')).toBe(true)
})

test('what Tandem brings is without fault', () => {
  const none: CatalogueVersion = { ...first, rows: [], knowledge: [] }
  expect(changed(none, { rows: annex, knowledge: shippedKnowledge }, 'city', at)).toMatchObject({ version: 2 })
})

describe('catalogue files', () => {
  it('CSV for a spreadsheet: byte-order mark, CRLF, quotes where they are needed; the same rows come back', () => {
    const rows = [umbrella, { ...lamp, scope: '对“路灯”, "杆"的反映' }]
    const csv = toCsv(rows)
    expect(csv).toMatch(/^\uFEFFid,list,category,item,scope,phrases,validFrom,validUntil\r\nL2-72,2,公共设施类,共享雨伞损坏,对共享雨伞损坏的反映,借不出伞、雨伞坏了,2026-12-01,2027-12-01\r\n/u)
    expect(csv).toContain('"对“路灯”, ""杆""的反映"')
    expect(fromCsv(csv)).toEqual({ rows, lines: [2, 3] })
    expect(fromCsv(toCsv(annex)).rows).toEqual(annex)
  })

  it('CSV as a spreadsheet saves it: days with slashes, empty lines', () => {
    const saved = toCsv([umbrella]).replace('2026-12-01', '2026/12/1').replace('\r\n', '\r\n\r\n')
    expect(fromCsv(saved)).toEqual({ rows: [umbrella], lines: [3] })
  })

  it('JSON: rows alone, or with knowledge', () => {
    expect(fromJson(JSON.stringify([lamp]))).toEqual({ rows: [lamp] })
    expect(fromJson(JSON.stringify(first))).toEqual({ rows: [lamp], knowledge: first.knowledge })
  })

  it.each<[string, () => unknown, RegExp]>([
    ['no such column', () => fromCsv('id,list,item\r\n'), /line 1: no column category, scope, phrases, validFrom, validUntil/u],
    ['an unknown column', () => fromCsv(toCsv([lamp]).replace('scope', 'scope,note').replace(lamp.scope, `${lamp.scope},x`)), /line 1: unknown column note/u],
    ['a cell too many', () => fromCsv(`${toCsv([lamp])}L2-03,2,a,b,c,,,,,\r\n`), /line 3/u],
    ['an open quote', () => fromCsv(`${toCsv([lamp])}L2-03,2,"a\r\n`), /opening quote at line/u],
    ['no JSON', () => fromJson('{"rows":'), /not JSON/u],
    ['neither rows nor a catalogue', () => fromJson('7'), /neither rows nor a catalogue/u],
  ])('%s: said with its line', (_, read, message) => {
    expect(read).toThrow(message)
  })
})
