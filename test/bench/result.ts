import type { Figures } from './statistics.ts'

/** The last line of every benchmark. */
export interface BenchResult {
  readonly name: string
  readonly samples: number
  readonly measured: object
  readonly reference: object
  readonly ratio: object
  readonly target: object
  /** What the figures say. */
  readonly ok: boolean
}

const cell = (value: number): string => value.toFixed(2).padStart(9)

const interval = (pair: readonly [number, number]): string => `${pair[0].toFixed(2)}–${pair[1].toFixed(2)}`

/** A table for people. */
export function printTable(rows: Readonly<Record<string, Figures>>): void {
  process.stdout.write(`\n${'ms'.padEnd(22)}${['median', 'p95', 'p99'].map((name) => name.padStart(9)).join('')}   95 % CI of median, of p99\n`)
  for (const [name, row] of Object.entries(rows)) {
    process.stdout.write(`${name.padEnd(22)}${cell(row.median)}${cell(row.p95)}${cell(row.p99)}   ${interval(row.medianCi)}, ${interval(row.p99Ci)}\n`)
  }
}
