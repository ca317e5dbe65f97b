import type { Catalogues } from '../../src/matters/catalogues.ts'
import { annex } from '../../src/matters/annex.ts'

/** The catalogue as published, which nobody changes. */
export const publishedCatalogue: Pick<Catalogues, 'lasting' | 'onChange'> = { lasting: () => annex, onChange: () => () => undefined }
