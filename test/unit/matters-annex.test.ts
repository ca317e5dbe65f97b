import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { annex } from '../../src/matters/annex.ts'

const rowOf = (item: string) => annex.filter((row) => row.item === item)

test('the catalogue has 62 rows of list 1 and 71 of list 2, each with an id of its own', () => {
  expect([1, 2].map((list) => annex.filter((row) => row.list === list).length)).toEqual([62, 71])
  expect(new Set(annex.map(({ id }) => id)).size).toBe(133)
})

test('the first and last rows stand as they were published', () => {
  expect(annex[0]).toEqual({ id: 'L1-01', list: 1, category: '社会治安类', item: '黄赌毒黑', scope: '对卖淫嫖娼、赌博、贩卖或吸食毒品、涉黑涉恶的举报' })
  expect(annex.at(-1)).toEqual({ id: 'L2-71', list: 2, category: '其他', item: '其他', scope: '其他非紧急求助、非公安类政务服务和公共服务事项' })
})

test('the rows that lost a cell in layout have it', () => {
  expect(rowOf('广场生活噪音')).toMatchObject([{ list: 1, category: '社会治安类', scope: '对包括邻里、广场舞等生活噪声等的投诉和举报' }])
  expect(rowOf('污水排放')).toMatchObject([{ list: 2, category: '生态环境类', scope: '对水产养殖污水排放的举报、投诉等' }])
  expect(rowOf('网络消费纠纷')).toMatchObject([{ list: 2, category: '消费纠纷类', scope: '对涉及网络消费举报、投诉，以及由此引发的一般纠纷' }])
  expect(annex.filter((row) => row.list === 1).at(-1)).toMatchObject({ category: '其他', item: '其他', scope: '在处置过程中事态升级，有安全稳定隐患的紧急事项' })
})

test('the rows beside those keep their own category', () => {
  expect([rowOf('外置扩音器噪音'), rowOf('非法捕捞'), rowOf('虚假宣传'), rowOf('物权纠纷')].flat().map(({ category }) => category)).toEqual(['社会治安类', '生态环境类', '消费纠纷类', '经济纠纷类'])
})

interface Sentence {
  readonly id: string
  readonly text: string
  readonly platform: string
  readonly emergency: boolean
  readonly matters: readonly { readonly list: number; readonly category: string; readonly item: string }[]
}

const sentencesOf = (half: string): readonly Sentence[] =>
  readFileSync(join(import.meta.dirname, '../recommendation', `${half}.jsonl`), 'utf8').trim().split('\n').map((line): Sentence => JSON.parse(line))

test.each(['tuning', 'judging'])('every matter of the %s half of the sentences is in the catalogue, and no sentence stands in it twice', (half) => {
  const known = new Set(annex.map(({ list, category, item }) => `${list} ${category} ${item}`))
  const sentences = sentencesOf(half)
  expect(sentences.flatMap(({ id, matters }) => matters.filter(({ list, category, item }) => !known.has(`${list} ${category} ${item}`)).map(() => id))).toEqual([])
  expect(new Set(sentences.map(({ text }) => text)).size).toBe(sentences.length)
})

test('no sentence of the judging half was seen in tuning', () => {
  const tuned = new Set(sentencesOf('tuning').map(({ text }) => text))
  expect(sentencesOf('judging').filter(({ text }) => tuned.has(text)).map(({ id }) => id)).toEqual([])
})

test('the judging half has 300 dangers and more', () => {
  expect(sentencesOf('judging').filter(({ emergency }) => emergency).length).toBeGreaterThanOrEqual(300)
})
