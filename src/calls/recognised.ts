import type { Config } from '../config/schema.ts'
import type { Caller } from '../domain/call/state.ts'

/** A caller with what is known of the number: how often it was marked as harassing the hotline, and whose it is. */
export function recognised(caller: Caller, { config, nuisanceMarks }: { readonly config: Pick<Config, 'knownCallers'>; readonly nuisanceMarks?: (number: string) => number }): Caller {
  const marks = nuisanceMarks?.(caller.number) ?? 0
  const kind = config.knownCallers.find(({ number }) => number === caller.number)?.kind
  return { ...caller, ...(marks > 0 ? { nuisanceMarks: marks } : {}), ...(kind ? { kind } : {}) }
}
