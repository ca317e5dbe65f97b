import { Linear, softmax } from './linear.ts'

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
  /** In how many samples a feature must be: of one alone nothing can be learned for others. */
  readonly seen: number
  /** How often it is trained, each time in another order and with other features left out: the mean errs less than any. */
  readonly runs: number
}

/** Gradients below this change nothing that could be seen. */
const negligible = 5e-3
const biasRate = 0.02
const firstSeed = 7
/** Of the largest weight: smaller ones are left out of what is kept. */
const telling = 1 / 127

/**
 * Learns by stochastic gradient descent. The same samples give the same model.
 * @param begin a model to go on from: its classes come first, its features stay known
 */
export function train(samples: readonly Sample[], training: Training, begin?: Linear): Linear {
  const { classes, epochs, rate, dropout, runs } = training
  const features = [...new Set([...(begin?.parts.features ?? []), ...often(samples, training.seen)])]
  const mean = new Dense(classes, features)
  const sparse = samples.map((sample) => ({ ...sample, ...mean.known(sample.features) }))
  for (let run = 0; run < runs; run++) {
    const dense = new Dense(classes, features)
    if (begin) dense.take(begin)
    const random = randomFrom(firstSeed + run)
    const order = [...sparse.keys()]
    for (let epoch = 0; epoch < epochs; epoch++) {
      shuffle(order, random)
      const now = rate * (1 - epoch / epochs)
      for (const at of order) {
        const sample = sparse[at]
        if (sample) dense.step(sample, now * sample.weight, dropout, random)
      }
    }
    mean.add(dense, 1 / runs)
  }
  return mean.kept()
}

interface Sparse {
  readonly at: Int32Array
  readonly values: Float64Array
}

/** A model while it learns: every weight has its place. */
class Dense {
  readonly #classes: number
  readonly #features: readonly string[]
  readonly #index: ReadonlyMap<string, number>
  readonly #bias: Float64Array
  readonly #weights: Float32Array
  /** Classes that a step changes. */
  readonly #moved: Int32Array

  constructor(classes: number, features: readonly string[]) {
    this.#classes = classes
    this.#features = features
    this.#index = new Map(features.map((feature, index) => [feature, index]))
    this.#bias = new Float64Array(classes)
    this.#weights = new Float32Array(features.length * classes)
    this.#moved = new Int32Array(classes)
  }

  take(model: Linear): void {
    this.#bias.set(model.parts.bias)
    for (const [feature, index] of this.#index) for (const [of, weight] of model.weightsOf(feature)) this.#weights[index * this.#classes + of] = weight
  }

  /** A share of another of the same classes and features. */
  add(other: Dense, share: number): void {
    for (let index = 0; index < this.#bias.length; index++) this.#bias[index]! += share * other.#bias[index]!
    for (let index = 0; index < this.#weights.length; index++) this.#weights[index]! += share * other.#weights[index]!
  }

  known(features: ReadonlyMap<string, number>): Sparse {
    const found = [...features].flatMap(([feature, value]) => {
      const index = this.#index.get(feature)
      return index === undefined ? [] : [[index, value] as const]
    })
    return { at: Int32Array.from(found, ([index]) => index), values: Float64Array.from(found, ([, value]) => value) }
  }

  step({ at, values, of }: Sparse & { readonly of: number }, rate: number, dropout: number, random: () => number): void {
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

  /** What is worth keeping, in steps of a 127th of the largest weight. */
  kept(): Linear {
    const classes = this.#classes
    const scale = this.#weights.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 0) * telling || 1
    const from = new Uint32Array(this.#features.length + 1)
    const of: number[] = []
    const weights: number[] = []
    for (const index of this.#features.keys()) {
      for (let place = 0; place < classes; place++) {
        const weight = Math.round(this.#weights[index * classes + place]! / scale)
        if (weight === 0) continue
        of.push(place)
        weights.push(weight)
      }
      from[index + 1] = of.length
    }
    return new Linear({ classes, features: this.#features, from, of: Uint16Array.from(of), weights: Int8Array.from(weights), scale, bias: Float32Array.from(this.#bias) })
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
}

/** The most frequent first: these lie close together in memory. */
function often(samples: readonly Sample[], seen: number): readonly string[] {
  const times = new Map<string, number>()
  for (const { features } of samples) for (const feature of features.keys()) times.set(feature, (times.get(feature) ?? 0) + 1)
  const known = [...times].filter(([, count]) => count >= seen)
  return known.toSorted(([, one], [, other]) => other - one).map(([feature]) => feature)
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
