import type { MatterRow } from '../domain/matters/matter.ts'
import rows from './annex.json' with { type: 'json' }

/** The catalogue as it was published: 62 rows of list 1, 71 of list 2, in the document's order. */
export const annex: readonly MatterRow[] = rows.map(({ list, ...row }) => ({ ...row, list: list === 1 ? 1 : 2 }))
