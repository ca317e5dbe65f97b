import { isDeepStrictEqual } from 'node:util'
import type { MatterRow } from '../domain/matters/matter.ts'
import { annex } from '../matters/annex.ts'
import { shippedExamples } from './examples.ts'
import { learnFurther } from './learning.ts'
import { shippedModel } from './model-file.ts'
import { Recommender } from './recommender.ts'

/** The recommender for a catalogue: what Tandem brings knows the rows as published; others are learned now, which takes seconds. */
export function recommenderFor(rows: readonly MatterRow[]): Recommender {
  const published = new Map(annex.map((row) => [row.id, row]))
  const changed = rows.filter((row) => !says(row, published.get(row.id)))
  const model = shippedModel()
  return new Recommender(changed.length === 0 ? model : learnFurther(model, changed, shippedExamples()), rows)
}

/** Whether it says the same; when it holds makes no difference. */
const says = ({ id, list, category, item, scope, phrases }: MatterRow, published: MatterRow | undefined): boolean =>
  isDeepStrictEqual({ id, list, category, item, scope, ...(phrases ? { phrases } : {}) }, published)
