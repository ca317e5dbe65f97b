/** What is learned from: a text's features, the class it belongs to, and how much it counts. */
export interface Sample {
  readonly features: ReadonlyMap<string, number>
  readonly of: number
  readonly weight: number
}

export interface Training {
  readonly classes: number
  readonly epochs: number
  /** Step at the beginning; it falls to nothing. */
  readonly rate: number
  /** Share of features that are left out each time, so that none is relied on alone. */
  readonly dropout: number
}

/** Gradients below this change nothing that could be seen. */
const negligible = 5e-3
const biasRate = 0.02

/** Multinomial logistic regression over sparse features, by stochastic gradient descent. The same samples give the same model. */
export class Linear {
  readonly #index = new Map<string, number>()
  readonly #classes: number
  readonly #bias: Float64Array
  /** Classes that a step changes. */
  readonly #moved: Int32Array
  #weights: Float32Array

  private constructor(classes: number) {
    this.#classes = classes
    this.#bias = new Float64Array(classes)
    this.#moved = new Int32Array(classes)
    this.#weights = new Float32Array()
  }

  static train(samples: readonly Sample[], training: Training): Linear {
    const model = new Linear(training.classes)
    for (const feature of often(samples)) model.#index.set(feature, model.#index.size)
    const sparse = samples.map(({ features, of, weight }) => ({ ...model.#known(features), of, weight }))
    model.#weights = new Float32Array(model.#index.size * training.classes)
    const random = randomFrom(7)
    const order = [...sparse.keys()]
    for (let epoch = 0; epoch < training.epochs; epoch++) {
      shuffle(order, random)
      const rate = training.rate * (1 - epoch / training.epochs)
      for (const at of order) {
        const sample = sparse[at]
        if (sample) model.#step(sample, rate * sample.weight, training.dropout, random)
      }
    }
    return model
  }

  /** @returns the probability of each class */
  probabilities(features: ReadonlyMap<string, number>): Float64Array {
    const { at, values } = this.#known(features)
    return softmax(this.#scores(at, values))
  }

  /** How much a feature speaks for a class, beside the others on average. */
  support(feature: string, value: number, of: number): number {
    const index = this.#index.get(feature)
    if (index === undefined) return 0
    const row = this.#weights.subarray(index * this.#classes, (index + 1) * this.#classes)
    return value * ((row[of] ?? 0) - row.reduce((sum, weight) => sum + weight, 0) / this.#classes)
  }

  #step({ at, values, of }: Sparse & { readonly of: number }, rate: number, dropout: number, random: () => number): void {
    const kept = values.map((value) => (random() < dropout ? 0 : value / (1 - dropout)))
    const gradient = softmax(this.#scores(at, kept))
    gradient[of]! -= 1
    // Names of its own: this is where the time goes.
    const [weights, bias, classes, moved] = [this.#weights, this.#bias, this.#classes, this.#moved]
    let count = 0
    for (let index = 0; index < classes; index++) if (Math.abs(gradient[index]!) > negligible) moved[count++] = index
    for (let k = 0; k < count; k++) bias[moved[k]!]! -= biasRate * rate * gradient[moved[k]!]!
    for (let k = 0; k < at.length; k++) {
      const step = rate * kept[k]!
      if (step === 0) continue
      const start = at[k]! * classes
      for (let m = 0; m < count; m++) weights[start + moved[m]!]! -= step * gradient[moved[m]!]!
    }
  }

  #scores(at: Int32Array, values: Float64Array): Float64Array {
    const scores = Float64Array.from(this.#bias)
    const [weights, classes] = [this.#weights, this.#classes]
    for (let k = 0; k < at.length; k++) {
      const value = values[k]!
      if (value === 0) continue
      const start = at[k]! * classes
      for (let index = 0; index < classes; index++) scores[index]! += value * weights[start + index]!
    }
    return scores
  }

  #known(features: ReadonlyMap<string, number>): Sparse {
    const at: number[] = []
    const values: number[] = []
    for (const [feature, value] of features) {
      const index = this.#index.get(feature)
      if (index === undefined) continue
      at.push(index)
      values.push(value)
    }
    return { at: Int32Array.from(at), values: Float64Array.from(values) }
  }
}

/** Features of more than one sample: of one alone nothing can be learned for others. The most frequent first: these lie close together in memory. */
function often(samples: readonly Sample[]): readonly string[] {
  const times = new Map<string, number>()
  for (const { features } of samples) for (const feature of features.keys()) times.set(feature, (times.get(feature) ?? 0) + 1)
  const known = [...times].filter(([, count]) => count > 1)
  return known.toSorted(([, one], [, other]) => other - one).map(([feature]) => feature)
}

interface Sparse {
  readonly at: Int32Array
  readonly values: Float64Array
}

/** In place. */
function softmax(scores: Float64Array): Float64Array {
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

/** Repeatable numbers from 0 up to 1 (Park and Miller, 1988). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Fisher and Yates. */
function shuffle(order: number[], random: () => number): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const kept = order[last] ?? 0
    order[last] = order[other] ?? 0
    order[other] = kept
  }
}
