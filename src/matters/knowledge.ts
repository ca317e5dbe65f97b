import type { KnowledgeEntry } from '../domain/matters/matter.ts'
import entries from './knowledge.json' with { type: 'json' }

/** Short answers for enquiries of the police kind (§9), to begin with: the city's police maintain them. */
export const shippedKnowledge: readonly KnowledgeEntry[] = entries
