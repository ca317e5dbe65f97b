import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { annex } from '../../src/matters/annex.ts'
import { type Choice, Learned, mostGained } from '../../src/recommendation/learned.ts'
import { recommenderFor } from '../../src/recommendation/recommender-for.ts'

const recommender = recommenderFor(annex)
const choice = (matter: string, text: string): Choice => ({ matter, features: recommender.knownOf(text) })
const learnedFrom = (...choices: readonly Choice[]) => new Learned(choices)
const scoreOf = (text: string, id: string, learned?: Learned) => recommender.recommend(text, { most: 133, ...(learned ? { learned } : {}) }).matters.find((matter) => matter.id === id)?.score ?? 0

const matters = ['路灯好几天不亮', '窨井盖没了', '垃圾没人收', '广场舞音响吵', '身份证丢了', '老板不发工资', '网购不退款', '小区停车难']
/** Two matters in one breath: the second is not far behind the first. */
const [said = ''] = matters.flatMap((one, index) => matters.slice(index + 1).map((other) => `${one}，还有${other}`)).filter((text) => {
  const [first, second] = recommender.recommend(text, { most: 2 }).matters
  return first && second && first.score < 3 * second.score
})

describe('what agents chose', () => {

  it('moves the matter up for the same words, and for like ones; once more moves it further', () => {
    const wanted = recommender.recommend(said).matters[1]?.id ?? ''
    const [none, once, often] = [0, 1, 5].map((times) => scoreOf(`${said}啊`, wanted, learnedFrom(...Array.from({ length: times }, () => choice(wanted, said)))))
    expect(once).toBeGreaterThan(none ?? 1)
    expect(often).toBeGreaterThan(once ?? 1)
  })

  it('makes it the first where the others led by little', () => {
    const [first, second] = recommender.recommend(said, { most: 133 }).matters
    const close = Math.log((first?.score ?? 0) / (second?.score ?? 1)) < mostGained
    expect(close).toBe(true)
    const many = learnedFrom(...Array.from({ length: 20 }, () => choice(second?.id ?? '', said)))
    expect(recommender.recommend(said, { most: 5, learned: many }).matters[0]?.id).toBe(second?.id)
  })

  it('says nothing of sentences that share only common words', () => {
    const learned = learnedFrom(...Array.from({ length: 50 }, () => choice('L2-24', said)))
    expect(recommender.recommend('我的身份证丢了', { most: 5, ...(learned ? { learned } : {}) })).toEqual(recommender.recommend('我的身份证丢了', { most: 5 }))
  })

  it('never moves danger', () => {
    const learned = learnedFrom(...Array.from({ length: 50 }, () => choice('L2-24', '有人拿刀砍人')))
    expect(recommender.recommend('有人拿刀砍人', { most: 5, ...(learned ? { learned } : {}) })).toMatchObject({ emergency: true, platform: '110' })
  })
})

test('the floor: whatever was chosen, and however often, no row loses more than the factor e^2 of its odds', () => {
  const lamp = '小区门口的路灯好几天不亮了'
  const before = new Map(recommender.recommend(lamp, { most: 133 }).matters.map(({ id, score }) => [id, score]))
  const [first] = recommender.recommend(lamp, { most: 1 }).matters
  const mistakes = fc.array(fc.record({ matter: fc.constantFrom(...annex.map(({ id }) => id)), times: fc.integer({ min: 1, max: 300 }) }), { maxLength: 5 })
  fc.assert(
    fc.property(mistakes, (made) => {
      const learned = learnedFrom(...made.flatMap(({ matter, times }) => Array.from({ length: times }, () => choice(matter, lamp))))
      const after = recommender.recommend(lamp, { most: 133, ...(learned ? { learned } : {}) }).matters
      // Odds against the row that was first: itself no row of the mistakes gains more than the most.
      const gained = after.filter(({ id, score }) => score / (after.find((one) => one.id === first?.id)?.score ?? 1) > (1.01 * Math.exp(mostGained) * (before.get(id) ?? 0) + 1e-3) / (first?.score ?? 1))
      expect(gained).toEqual([])
    }),
    { numRuns: 30 },
  )
})

test('what is kept of a text has no name, no number and no place that the recommender did not know', () => {
  const kept = choice('L2-02', '我叫欧阳懿婧，电话13812345678，路灯不亮').features.map(([feature]) => feature)
  expect(kept).toContain('路灯')
  expect(kept.filter((feature) => /懿婧|欧阳懿|1381/u.test(feature))).toEqual([])
})
