/** A tree of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

export const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The text at a place of the tree. @returns undefined where there is none, or something else */
export function textAt(tree: Json, ...path: readonly string[]): string | undefined {
  let at: Json | undefined = tree
  for (const name of path) at = isObject(at) ? at[name] : undefined
  return typeof at === 'string' && at !== '' ? at : undefined
}
