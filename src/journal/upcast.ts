import { type Fact, factVersion } from '../domain/facts.ts'

/**
 * A stored fact in today's form.
 * @throws Error for a version that this program does not know: it was written by a later one.
 */
export function upcast(stored: { readonly version: number }): Fact {
  if (stored.version !== factVersion) {
    throw new Error(`The journal holds a fact of version ${stored.version}; this program knows up to ${factVersion}.`)
  }
  return stored as Fact
}
