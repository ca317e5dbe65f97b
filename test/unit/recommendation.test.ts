import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { annex } from '../../src/matters/annex.ts'
import { shippedExamples } from '../../src/recommendation/examples.ts'
import { featuresOf } from '../../src/recommendation/features.ts'
import { learn } from '../../src/recommendation/learning.ts'
import { digestOf, encoded, shippedModel } from '../../src/recommendation/model-file.ts'
import { Recommender } from '../../src/recommendation/recommender.ts'
import { recommenderFor } from '../../src/recommendation/recommender-for.ts'
import { whyNotRecommendable } from '../../src/recommendation/utterance.ts'

const recommender = recommenderFor(annex)

const sounds = (text: string) => [...featuresOf(text).keys()].filter((feature) => feature.startsWith('~'))

const textsOf = (half: string) => readFileSync(join(import.meta.dirname, '../recommendation', `${half}.jsonl`), 'utf8').trim().split('\n').map((one) => (JSON.parse(one) as { text: string }).text.replaceAll(/\s+/g, ' '))

describe('what is recommended', () => {
  test.each([
    ['我身份证掉了想补一张', '110', '身份证办理'],
    ['小区门口的路灯好几天不亮了', '12345', '路灯故障'],
    ['包工头欠我们三个月工钱不给', '12345', '劳资纠纷'],
    ['户口本丢了怎么补', '110', '户籍办理'],
    ['网上买的衣服不给退货', '12345', '网络消费纠纷'],
  ])('%s: %s, %s', (text, platform, item) => {
    expect(recommender.recommend(text, { most: 3 })).toMatchObject({ platform, emergency: false, matters: expect.arrayContaining([expect.objectContaining({ item })]) })
  })

  test('with the words that speak for it, each of them said', () => {
    const [best] = recommender.recommend('小区门口的路灯好几天不亮了').matters
    expect(best?.words.length).toBeGreaterThan(0)
    expect(best?.words.filter((word) => !'小区门口的路灯好几天不亮了'.includes(word))).toEqual([])
    expect(best?.words.join(' ')).toContain('路灯')
  })

  test.each(['救命，我老公拿刀要砍我', '有人掉河里了快来', '我家着火了', '他说要从楼顶跳下去'])('%s: a danger, so 110', (text) => {
    expect(recommender.recommend(text)).toMatchObject({ emergency: true, platform: '110' })
  })

  test('a row that a supervisor adds is recommended by its words alone, and the others are as they were', () => {
    const added = { id: 'L2-72', list: 2, category: '公共设施类', item: '共享雨伞损坏', scope: '对共享雨伞机损坏、雨伞借不出来的反映' } as const
    const further = recommenderFor([...annex, added])
    expect(further.recommend('共享雨伞机坏了伞借不出来').matters[0]?.id).toBe('L2-72')
    const tuning = textsOf('tuning').filter((_, index) => index % 10 === 0)
    const same = tuning.filter((text) => further.recommend(text, { most: 1 }).matters[0]?.id === recommender.recommend(text, { most: 1 }).matters[0]?.id)
    expect(same.length / tuning.length).toBeGreaterThan(0.95)
  })

  test('a row that is no more in the catalogue is not recommended', () => {
    const fewer = recommenderFor(annex.filter(({ item }) => item !== '路灯故障'))
    expect(fewer.recommend('小区门口的路灯好几天不亮了', { most: 133 }).matters.map(({ item }) => item)).not.toContain('路灯故障')
  })
})

describe('the model', () => {
  test('is of the catalogue and the examples that are here: `npm run learn` makes it anew', () => {
    expect(shippedModel().digest).toBe(digestOf(annex, shippedExamples()))
  })

  test('is the same when it is learned again from the same', () => {
    const few = shippedExamples().slice(0, 500)
    const [one, other] = [learn(annex, few), learn(annex, few)].map((model) => new Recommender(model, annex))
    expect(one?.recommend('楼上漏水把我家天花板泡了')).toEqual(other?.recommend('楼上漏水把我家天花板泡了'))
    expect(encoded(learn(annex, few), 'x').equals(encoded(learn(annex, few), 'x'))).toBe(true)
  })
})

describe('features', () => {
  test('homophones and slips sound alike', () => {
    expect(sounds('路登坏了')).toEqual(sounds('路灯坏了'))
    expect(sounds('诈片')).toEqual(sounds('诈骗'))
  })

  test('width, case, numbers and what is no word make no difference', () => {
    expect([...featuresOf('ＫＴＶ太吵😀！！１２３')]).toEqual([...featuresOf('ktv太吵 45')])
  })
})

describe('what cannot be judged', () => {
  test.each([
    ['', 'there is no Chinese or Latin word in it'],
    ['😀\u0007\u200b…', 'there is no Chinese or Latin word in it'],
    ['Помогите, пожар', 'there is no Chinese or Latin word in it'],
    ['字'.repeat(2_001), 'longer than 2000 characters'],
    ['字'.repeat(2_000), undefined],
    ['hello', undefined],
  ])('%j', (text, why) => {
    expect(whyNotRecommendable(text)).toBe(why)
  })
})

test('what is learned from has the tuning half, and nothing of the judging half', () => {
  const learned = new Set(shippedExamples().map(({ text }) => text))
  expect(textsOf('tuning').filter((text) => !learned.has(text))).toEqual([])
  expect(textsOf('judging').filter((text) => learned.has(text))).toEqual([])
})

test('every example is of a row, or of none', () => {
  const known = new Set([...annex.map(({ id }) => id), 'unclear', 'neither', 'none'])
  expect(shippedExamples().filter(({ of }) => !known.has(of))).toEqual([])
})
