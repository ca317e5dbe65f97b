import { type CallsFact, type Fact, factVersion } from '../domain/facts.ts'

/**
 * A stored fact in today's form.
 * @throws Error for a version that this program does not know: it was written by a later one.
 */
export function upcast(stored: { readonly version: number }): Fact {
  if (stored.version === 1) return second(stored as unknown as FirstFact)
  if (stored.version !== factVersion) {
    throw new Error(`The journal holds a fact of version ${stored.version}; this program knows up to ${factVersion}.`)
  }
  return stored as Fact
}

/** Version 1 knew no parties, and called the phase in which the other desk rings `transferring`. */
type FirstFact = Omit<CallsFact, 'call'> & { readonly call: Omit<CallsFact['call'], 'parties' | 'state' | 'direction'> & { readonly state: string } }

function second(fact: FirstFact): Fact {
  const state = fact.call.state === 'transferring' ? 'inviting' : fact.call.state
  return { ...fact, version: factVersion, call: { ...fact.call, state, parties: [], direction: 'inbound' } } as unknown as Fact
}
