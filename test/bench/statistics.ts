/** Figures of one series, in milliseconds. The intervals are 95 % confidence intervals. */
export interface Figures {
  readonly median: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  readonly medianCi: readonly [number, number]
  readonly p95Ci: readonly [number, number]
  readonly p99Ci: readonly [number, number]
}

const z95 = 1.96
const resamples = 1_000

const ascending = (values: readonly number[]): readonly number[] => values.toSorted((one, other) => one - other)
const round = (value: number): number => Math.round(value * 1000) / 1000

/** The q-quantile of sorted values, nearest rank. */
const at = (sorted: readonly number[], q: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? NaN

/** A distribution-free interval of a quantile: the ranks between which it lies (binomial, normal approximation). */
function interval(sorted: readonly number[], q: number): [number, number] {
  const n = sorted.length
  const spread = (z95 * Math.sqrt(q * (1 - q) * n)) / n
  return [round(at(sorted, q - spread)), round(at(sorted, q + spread))]
}

export function figures(values: readonly number[]): Figures {
  const sorted = ascending(values)
  return {
    median: round(at(sorted, 0.5)),
    p95: round(at(sorted, 0.95)),
    p99: round(at(sorted, 0.99)),
    max: round(at(sorted, 1)),
    medianCi: interval(sorted, 0.5),
    p95Ci: interval(sorted, 0.95),
    p99Ci: interval(sorted, 0.99),
  }
}

/** How much one series adds to another at a quantile, with a bootstrap interval. */
export function added(
  measured: readonly number[],
  reference: readonly number[],
  q: number,
  random: () => number,
): { readonly value: number; readonly ci: readonly [number, number] } {
  const difference = (one: readonly number[], other: readonly number[]) => at(ascending(one), q) - at(ascending(other), q)
  const again = (values: readonly number[]) => values.map(() => values[Math.floor(random() * values.length)] ?? NaN)
  const drawn = ascending(Array.from({ length: resamples }, () => difference(again(measured), again(reference))))
  return { value: round(difference(measured, reference)), ci: [round(at(drawn, 0.025)), round(at(drawn, 0.975))] }
}

export const ratio = (measured: Figures, reference: Figures) => ({
  median: round(measured.median / reference.median),
  p95: round(measured.p95 / reference.p95),
  p99: round(measured.p99 / reference.p99),
})

/** A repeatable source of numbers from 0 up to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function shuffled<T>(values: readonly T[], random: () => number): readonly T[] {
  return values.map((value) => ({ value, key: random() })).toSorted((one, other) => one.key - other.key).map(({ value }) => value)
}
