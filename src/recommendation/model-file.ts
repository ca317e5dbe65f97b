import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import type { MatterRow } from '../domain/matters/matter.ts'
import type { Example } from './examples.ts'
import { featuresOf } from './features.ts'
import { recipe } from './learning.ts'
import { Linear, type LinearParts } from './linear.ts'
import type { Model } from './recommender.ts'

/** The model that Tandem brings: `npm run learn` makes it. */
export const shippedModelFile = join(import.meta.dirname, 'model.bin')

interface Kept {
  /** Of what it was learned from: `digestOf`. */
  readonly digest: string
  readonly classes: readonly string[]
  readonly matters: LinearParts
  readonly danger: LinearParts
}

/** Every so manieth example stands for the code that makes features. */
const probeEvery = 500

/** Tells whether a model is of these rows and examples. SHA-256, hex. */
export function digestOf(rows: readonly MatterRow[], examples: readonly Example[]): string {
  const probes = examples.filter((_, index) => index % probeEvery === 0).map(({ text }) => [...featuresOf(text)])
  return createHash('sha256').update(JSON.stringify([recipe, rows, examples, probes])).digest('hex')
}

export const encoded = ({ classes, matters, danger }: Model, digest: string): Buffer => brotliCompressSync(serialize({ digest, classes, matters: matters.parts, danger: danger.parts } satisfies Kept))

/** @throws Error when the file is none of ours */
export function shippedModel(): Model & { readonly digest: string } {
  const { digest, classes, matters, danger } = deserialize(brotliDecompressSync(readFileSync(shippedModelFile))) as Kept
  return { digest, classes, matters: new Linear(matters), danger: new Linear(danger) }
}
