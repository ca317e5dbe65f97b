import type { List, MatterRow } from '../domain/matters/matter.ts'
import type { Platform } from '../domain/handover/handover.ts'
import { featuresOf } from './features.ts'
import type { Choice, Learned } from './learned.ts'
import type { Linear } from './linear.ts'
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

/** From which probability on it is a danger: missing one is worse than a false alarm. */
const dangerFrom = 0.2
const mostWords = 4

/** From which weight on a feature says something about a matter. */
const telling = 1
/** Features of a choice. */
const mostKept = 100

/** How it is asked. */
export interface Asking {
  /** Matters told; 5 when left out. */
  readonly most?: number
  /** What agents chose. */
  readonly learned?: Learned
  /** Ids of rows that do not hold now. */
  readonly except?: readonly string[]
}

/** What the recommender has learned. */
export interface Model {
  /** The classes of `matters`: ids of the catalogue's rows, `unclear` and `neither`, and the dangers among them (`dangerClass`). */
  readonly classes: readonly string[]
  readonly matters: Linear
  /** Of two classes: the second is danger. */
  readonly danger: Linear
}

/** The class of what is a danger, of a row. */
export const dangerClass = (name: string): string => `${name}!`
const isDanger = (name: string): boolean => name.endsWith('!')
const plainOf = (name: string): string => name.replace(/!$/u, '')

/** Proposes platform and matter for what a citizen says. In memory; deterministic. */
export class Recommender {
  readonly #model: Model
  /** The row of each class; undefined for `unclear`, `neither`, and what is no more in the catalogue. */
  readonly #rows: readonly (MatterRow | undefined)[]

  /** @param rows of the catalogue that are recommended; the model should know them */
  constructor(model: Model, rows: readonly MatterRow[]) {
    this.#model = model
    this.#rows = model.classes.map((name) => rows.find(({ id }) => id === plainOf(name)))
  }

  /** Danger is judged without what agents chose. */
  recommend(text: string, { most = 5, learned, except = [] }: Asking = {}): Recommendation {
    const features = featuresOf(text)
    const probabilities = this.#model.matters.probabilities(features)
    const emergency = this.#dangerIn(features, probabilities) >= dangerFrom
    if (!emergency && ![...features.keys()].some((feature) => this.#model.matters.knows(feature))) return { platform: 'unclear', emergency, matters: [] }
    const judged = this.#without(probabilities, except)
    const moved = this.#moved(judged, learned?.gains(this.#telling(features)))
    const clean = normalised(text)
    const matters = this.#merged(moved).slice(0, most).map(({ row, score, of }) => ({ id: row.id, list: row.list, category: row.category, item: row.item, score: Math.round(score * 10_000) / 10_000, words: this.#words(clean, features, of) }))
    return { platform: emergency ? '110' : this.#platformOf(judged, moved), emergency, matters }
  }

  /** What is kept of a text for which a matter was chosen: by order of letters, a hundred at most, what says something about matters; names and numbers hardly ever do. */
  knownOf(text: string): Choice['features'] {
    return [...this.#telling(featuresOf(text))].toSorted(([one], [other]) => (one < other ? -1 : 1))
  }

  /** @returns how likely danger is to life, property or public safety, 0 to 1 */
  dangerOf(text: string): number {
    const features = featuresOf(text)
    return this.#dangerIn(features, this.#model.matters.probabilities(features))
  }

  /** Two judge: what tells danger from all else, and the matters' own dangers. Between them by their log-odds. */
  #dangerIn(features: ReadonlyMap<string, number>, probabilities: Float64Array): number {
    const ofMatters = probabilities.reduce((sum, probability, index) => (isDanger(this.#model.classes[index] ?? '') ? sum + probability : sum), 0)
    const logOdds = [ofMatters, this.#model.danger.probabilities(features)[1] ?? 0].map((one) => Math.log((one + 1e-6) / (1 - one + 1e-6)))
    return 1 / (1 + Math.exp(-logOdds.reduce((one, other) => one + other, 0) / 2))
  }

  /** Features that speak strongly for or against a matter, single characters aside; of unit length. */
  #telling(features: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const strengthOf = (feature: string) => Math.max(0, ...this.#model.matters.weightsOf(feature).map(([, weight]) => Math.abs(weight)))
    const strong = [...features].filter(([feature]) => feature.length > 1 && strengthOf(feature) >= telling).toSorted(([, one], [, other]) => other - one).slice(0, mostKept)
    const length = Math.hypot(...strong.map(([, value]) => value))
    return new Map(strong.map(([feature, value]) => [feature, value / length]))
  }

  /** Rows that do not hold now have no part. */
  #without(probabilities: Float64Array, except: readonly string[]): Float64Array {
    const gone = new Set(except)
    const left = probabilities.map((probability, index) => (gone.has(plainOf(this.#model.classes[index] ?? '')) ? 0 : probability))
    const sum = left.reduce((one, other) => one + other, 0)
    return sum > 0 ? left.map((probability) => probability / sum) : left
  }

  /** Choices tell whose matter it is, not whether that can be told. */
  #platformOf(judged: Float64Array, moved: Float64Array): Recommendation['platform'] {
    const platform = this.#platform(judged)
    return platform === 'unclear' || platform === 'neither' ? platform : this.#platform(moved)
  }

  #moved(probabilities: Float64Array, gains: ReadonlyMap<string, number> | undefined): Float64Array {
    if (!gains || gains.size === 0) return probabilities
    const byName = new Map(this.#rows.flatMap((row) => (row && gains.has(row.id) ? [[nameOf(row), gains.get(row.id) ?? 0] as const] : [])))
    const moved = probabilities.map((probability, index) => {
      const row = this.#rows[index]
      return probability * Math.exp((row && byName.get(nameOf(row))) ?? 0)
    })
    const sum = moved.reduce((one, other) => one + other, 0)
    return moved.map((probability) => probability / sum)
  }

  /** Rows that say the same (其他) count together. */
  #merged(probabilities: Float64Array): readonly { readonly row: MatterRow; readonly score: number; readonly of: number }[] {
    const byName = new Map<string, { row: MatterRow; score: number; of: number; best: number }>()
    for (const [of, row] of this.#rows.entries()) {
      if (!row) continue
      const score = probabilities[of] ?? 0
      const name = nameOf(row)
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
      const name = plainOf(this.#model.classes[index] ?? '')
      if (row) sums[row.list === 1 ? '110' : '12345'] += probability
      else if (name === 'unclear' || name === 'neither') sums[name] += probability
    }
    return (Object.keys(sums) as (keyof typeof sums)[]).toSorted((one, other) => sums[other] - sums[one])[0] ?? 'unclear'
  }

  #words(text: string, features: ReadonlyMap<string, number>, of: number): readonly string[] {
    const support = [...features].flatMap(([feature, value]) => {
      const word = feature.replace(/^#/u, '')
      return word.length > 1 && text.includes(word) ? [{ word, by: this.#model.matters.support(feature, value, of) }] : []
    })
    const spoken = support.filter(({ by }) => by > 0).toSorted((one, other) => other.by - one.by)
    return [...new Set(spoken.map(({ word }) => word))].slice(0, mostWords)
  }
}

/** Rows may say the same (其他). */
const nameOf = ({ list, category, item }: MatterRow): string => `${list} ${category} ${item}`
