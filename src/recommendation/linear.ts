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
const negligible = 1e-3
const biasRate = 0.02

/** Multinomial logistic regression over sparse features, by stochastic gradient descent. The same samples give the same model. */
export class Linear {
  readonly #index = new Map<string, number>()
  readonly #classes: number
  readonly #bias: Float64Array
  #weights: Float32Array

  private constructor(classes: number) {
    this.#classes = classes
    this.#bias = new Float64Array(classes)
    this.#weights = new Float32Array()
  }

  static train(samples: readonly Sample[], training: Training): Linear {
    const model = new Linear(training.classes)
    const sparse = samples.map(({ features, of, weight }) => ({ ...model.#known(features, true), of, weight }))
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
    const { at, values } = this.#known(features, false)
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
    gradient[of] = (gradient[of] ?? 0) - 1
    const moved = [...gradient.keys()].filter((index) => Math.abs(gradient[index] ?? 0) > negligible)
    for (const index of moved) {
      const step = rate * (gradient[index] ?? 0)
      this.#bias[index] = (this.#bias[index] ?? 0) - biasRate * step
      for (let k = 0; k < at.length; k++) {
        const place = (at[k] ?? 0) * this.#classes + index
        this.#weights[place] = (this.#weights[place] ?? 0) - step * (kept[k] ?? 0)
      }
    }
  }

  #scores(at: Int32Array, values: Float64Array): Float64Array {
    const scores = Float64Array.from(this.#bias)
    for (let k = 0; k < at.length; k++) {
      const value = values[k] ?? 0
      if (value === 0) continue
      const start = (at[k] ?? 0) * this.#classes
      for (let index = 0; index < this.#classes; index++) scores[index] = (scores[index] ?? 0) + value * (this.#weights[start + index] ?? 0)
    }
    return scores
  }

  #known(features: ReadonlyMap<string, number>, add: boolean): Sparse {
    const at: number[] = []
    const values: number[] = []
    for (const [feature, value] of features) {
      if (add && !this.#index.has(feature)) this.#index.set(feature, this.#index.size)
      const index = this.#index.get(feature)
      if (index === undefined) continue
      at.push(index)
      values.push(value)
    }
    return { at: Int32Array.from(at), values: Float64Array.from(values) }
  }
}

interface Sparse {
  readonly at: Int32Array
  readonly values: Float64Array
}

function softmax(scores: Float64Array): Float64Array {
  const highest = scores.reduce((one, other) => Math.max(one, other), -Infinity)
  const powers = scores.map((score) => Math.exp(score - highest))
  const sum = powers.reduce((one, other) => one + other, 0)
  return powers.map((power) => power / sum)
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
