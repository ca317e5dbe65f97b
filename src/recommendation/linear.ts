/** The parts of a model as they are kept. Weights that say nothing are left out. */
export interface LinearParts {
  /** How many classes there are. */
  readonly classes: number
  readonly features: readonly string[]
  /** Where each feature's weights begin, and the end. */
  readonly from: Uint32Array
  /** Of which class each weight is. */
  readonly of: Uint16Array
  /** In units of `scale`. */
  readonly weights: Int8Array
  readonly scale: number
  readonly bias: Float32Array
}

/** Multinomial logistic regression over sparse features, as it was trained. */
export class Linear {
  readonly parts: LinearParts
  readonly #index: ReadonlyMap<string, number>

  constructor(parts: LinearParts) {
    this.parts = parts
    this.#index = new Map(parts.features.map((feature, index) => [feature, index]))
  }

  /** @returns the probability of each class */
  probabilities(features: ReadonlyMap<string, number>): Float64Array {
    const { bias, from, of, weights, scale } = this.parts
    const scores = Float64Array.from(bias)
    for (const [feature, value] of features) {
      const index = this.#index.get(feature)
      if (index === undefined) continue
      const step = value * scale
      for (let at = from[index]!; at < from[index + 1]!; at++) scores[of[at]!]! += step * weights[at]!
    }
    return softmax(scores)
  }

  /** Whether it was learned from. */
  knows(feature: string): boolean {
    return this.#index.has(feature)
  }

  /** Weights of a feature, by class. */
  weightsOf(feature: string): readonly (readonly [of: number, weight: number])[] {
    const index = this.#index.get(feature)
    if (index === undefined) return []
    const { from, of, weights, scale } = this.parts
    return Array.from({ length: from[index + 1]! - from[index]! }, (_, offset) => {
      const at = from[index]! + offset
      return [of[at]!, scale * weights[at]!]
    })
  }

  /** How much a feature speaks for a class, beside the others on average. */
  support(feature: string, value: number, of: number): number {
    const weights = this.weightsOf(feature)
    const own = weights.find(([place]) => place === of)?.[1] ?? 0
    return value * (own - weights.reduce((sum, [, weight]) => sum + weight, 0) / this.parts.classes)
  }
}

/** In place. */
export function softmax(scores: Float64Array): Float64Array {
  let highest = -Infinity
  for (const score of scores) highest = Math.max(highest, score)
  let sum = 0
  for (let index = 0; index < scores.length; index++) {
    scores[index] = Math.exp(scores[index]! - highest)
    sum += scores[index]!
  }
  for (let index = 0; index < scores.length; index++) scores[index]! /= sum
  return scores
}
