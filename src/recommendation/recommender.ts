import type { List, MatterRow } from '../domain/matters/matter.ts'
import type { Platform } from '../domain/handover/handover.ts'
import type { Example } from './examples.ts'
import { featuresOf } from './features.ts'
import { Linear, type Sample } from './linear.ts'
import { normalised } from './normalised.ts'

export interface RecommendedMatter {
  /** Of the catalogue's row. */
  readonly id: string
  readonly list: List
  readonly category: string
  readonly item: string
  /** Probability, 0 to 1. */
  readonly score: number
  /** What was said that speaks for it. */
  readonly words: readonly string[]
}

export interface Recommendation {
  /** `unclear`: a three-way call (§4); `neither`: guide and explain (§4). */
  readonly platform: Platform | 'unclear' | 'neither'
  /** Danger to life, property or public safety: 110 first (§4). */
  readonly emergency: boolean
  /** The best first. */
  readonly matters: readonly RecommendedMatter[]
}

const training = { epochs: 8, rate: 6, dropout: 0.4 } as const
/** Danger is told by few strong words: slower, or these alone would decide. */
const dangerTraining = { ...training, rate: 2 } as const
/** A phrase counts less than a sentence: it was not said by anybody. */
const phraseWeight = 0.7
const scopeWeight = 0.7
/** From which probability on it is a danger: missing one is worse than a false alarm. */
const dangerFrom = 0.3
const mostWords = 4

/** Proposes platform and matter for what a citizen says. In memory; deterministic. */
export class Recommender {
  readonly #rows: readonly MatterRow[]
  readonly #classes: readonly string[]
  readonly #matters: Linear
  readonly #danger: Linear

  private constructor(rows: readonly MatterRow[], classes: readonly string[], matters: Linear, danger: Linear) {
    this.#rows = rows
    this.#classes = classes
    this.#matters = matters
    this.#danger = danger
  }

  /** Takes seconds of processor time. */
  static train(rows: readonly MatterRow[], examples: readonly Example[]): Recommender {
    const classes = [...rows.map(({ id }) => id), 'unclear', 'neither']
    const place = new Map(classes.map((name, index) => [name, index]))
    const heard = examples.map((example) => ({ ...example, features: featuresOf(example.text) }))
    const said = heard.flatMap(({ of, features, danger }): Sample[] => {
      const index = place.get(of)
      return index === undefined ? [] : [{ features, of: index, weight: danger === undefined ? phraseWeight : 1 }]
    })
    const published = rows.flatMap(({ item, scope, phrases = [] }, of): Sample[] => [
      { features: featuresOf(item), of, weight: 1 },
      { features: featuresOf(scope), of, weight: scopeWeight },
      ...phrases.map((phrase) => ({ features: featuresOf(phrase), of, weight: 1 })),
    ])
    const dangers = heard.flatMap(({ features, danger }): Sample[] => (danger === undefined ? [] : [{ features, of: danger ? 1 : 0, weight: 1 }]))
    const matters = balanced([...published, ...said], classes.length)
    return new Recommender(rows, classes, Linear.train(matters, { classes: classes.length, ...training }), Linear.train(dangers, { classes: 2, ...dangerTraining }))
  }

  /** @param most matters told */
  recommend(text: string, most = 5): Recommendation {
    const features = featuresOf(text)
    const emergency = this.#dangerIn(features) >= dangerFrom
    const probabilities = this.#matters.probabilities(features)
    const ranked = this.#merged(probabilities)
    const platform = emergency ? '110' : this.#platform(probabilities)
    const clean = normalised(text)
    const matters = ranked.slice(0, most).map(({ row, score, of }) => ({ id: row.id, list: row.list, category: row.category, item: row.item, score: Math.round(score * 10_000) / 10_000, words: this.#words(clean, features, of) }))
    return { platform, emergency, matters }
  }

  /** @returns how likely danger is to life, property or public safety, 0 to 1 */
  dangerOf(text: string): number {
    return this.#dangerIn(featuresOf(text))
  }

  #dangerIn(features: ReadonlyMap<string, number>): number {
    return this.#danger.probabilities(features)[1] ?? 0
  }

  /** Rows that say the same (其他) count together. */
  #merged(probabilities: Float64Array): readonly { readonly row: MatterRow; readonly score: number; readonly of: number }[] {
    const byName = new Map<string, { row: MatterRow; score: number; of: number; best: number }>()
    for (const [of, row] of this.#rows.entries()) {
      const score = probabilities[of] ?? 0
      const name = `${row.list} ${row.category} ${row.item}`
      const known = byName.get(name)
      const better = !known || score > known.best
      byName.set(name, { row: better ? row : known.row, of: better ? of : known.of, best: better ? score : known.best, score: score + (known?.score ?? 0) })
    }
    return [...byName.values()].toSorted((one, other) => other.score - one.score)
  }

  #platform(probabilities: Float64Array): Recommendation['platform'] {
    const sums = { '110': 0, '12345': 0, unclear: 0, neither: 0 }
    for (const [index, probability] of probabilities.entries()) {
      const row = this.#rows[index]
      const name = this.#classes[index]
      sums[row ? (row.list === 1 ? '110' : '12345') : name === 'unclear' ? 'unclear' : 'neither'] += probability
    }
    return (Object.keys(sums) as (keyof typeof sums)[]).toSorted((one, other) => sums[other] - sums[one])[0] ?? 'unclear'
  }

  #words(text: string, features: ReadonlyMap<string, number>, of: number): readonly string[] {
    const support = [...features].flatMap(([feature, value]) => {
      const word = feature.replace(/^#/u, '')
      return word.length > 1 && text.includes(word) ? [{ word, by: this.#matters.support(feature, value, of) }] : []
    })
    const spoken = support.filter(({ by }) => by > 0).toSorted((one, other) => other.by - one.by)
    return [...new Set(spoken.map(({ word }) => word))].slice(0, mostWords)
  }
}

/** Of a class with many examples each counts less, by the square root: a matter is not likelier for being well documented. */
function balanced(samples: readonly Sample[], classes: number): readonly Sample[] {
  const counts = new Float64Array(classes)
  for (const { of, weight } of samples) counts[of] = (counts[of] ?? 0) + weight
  const mean = counts.reduce((one, other) => one + other, 0) / classes
  return samples.map((sample) => ({ ...sample, weight: sample.weight * Math.sqrt(mean / (counts[sample.of] ?? mean)) }))
}
