/** What happened to the service itself: who used it, what was changed in it. */
import type { factVersion } from './facts.ts'
import type { Platform } from './handover/handover.ts'
import type { Marked, NeedToKnowFactType } from './sharing/need-to-know.ts'

/** A channel or bridge of ours that belonged to no call was removed. Of no call. */
export interface ClearedFact {
  readonly type: 'asterisk-cleared'
  readonly version: typeof factVersion
  readonly at: string
  readonly removed: 'channel' | 'bridge'
  /** Its id in Asterisk. */
  readonly id: string
}

/** Somebody took a part of the ledger with him. Of no call. */
export interface ExportFact {
  readonly type: 'ledger-exported'
  readonly version: typeof factVersion
  readonly at: string
  readonly by: string
  readonly subject: string
  readonly format: string
  readonly from?: string
  readonly to?: string
}

/** Numbers, names and what was said in these calls were forgotten. Of no call: it says no number. */
export interface ErasureFact {
  readonly type: 'personal-data-erased'
  readonly version: typeof factVersion
  readonly at: string
  readonly by: string
  /** Of how many calls. */
  readonly calls: number
}

export const accountFactTypes = ['user-changed', 'key-changed', 'signed-in', 'sign-in-refused'] as const

/** Who may use the API has changed, or somebody has signed in or tried to. Of no call; it says no password and no key. */
export interface AccountFact {
  readonly type: (typeof accountFactTypes)[number]
  readonly version: typeof factVersion
  readonly at: string
  readonly user?: string
  readonly key?: string
  readonly role?: string
  readonly agent?: string
  readonly platform?: Platform
  /** It is gone. */
  readonly revoked?: true
  /** Who did it; the address of who signs in. */
  readonly by: string
}

/** Somebody looked at what is kept of a citizen. Of no call. */
export interface ViewFact {
  readonly type: 'record-viewed'
  readonly version: typeof factVersion
  readonly at: string
  readonly by: string
  readonly role: string
  /** As `GET /v1/calls/:callId`. */
  readonly route: string
  /** Which one, or what was asked for; a number masked. */
  readonly of: string
  /** Of a need-to-know record: which. */
  readonly record?: string
}

/** A signed message from another system was taken, or refused. Of no call. */
export interface MessageFact {
  readonly type: 'message-received' | 'message-refused'
  readonly version: typeof factVersion
  readonly at: string
  /** The ticket system, as in the configuration. */
  readonly endpoint: string
  /** Its `webhook-id`; of a refused one as it said. */
  readonly id?: string
  /** The body, JSON. */
  readonly message?: string
  /** The ticket that it is about, and its call. */
  readonly ticketId?: string
  readonly callId?: string
  /** Why it was refused. */
  readonly code?: string
  /** So many more were refused before it, and are not kept. */
  readonly more?: number
}

/** The matter catalogue has a new version. Of no call. */
export interface CatalogueFact {
  readonly type: 'catalogue-changed'
  readonly version: typeof factVersion
  readonly at: string
  readonly by: string
  readonly catalogue: {
    readonly version: number
    /** Ids of rows and knowledge entries. */
    readonly added: readonly string[]
    readonly changed: readonly string[]
  }
}

/** A number is no more known as harassing the hotline. Of no call: it says no number. */
export interface NuisanceFact {
  readonly type: 'nuisance-caller-cleared'
  readonly version: typeof factVersion
  readonly at: string
  readonly by: string
}

/** A record became need-to-know (§7), was handed over to one more platform, or is so no more. */
export interface NeedToKnowFact extends Omit<Marked, 'of'> {
  readonly type: NeedToKnowFactType
  readonly version: typeof factVersion
  readonly at: string
  readonly by: string
  readonly platform: Platform
  /** Of a call and all that belongs to it; otherwise `ticketId`. */
  readonly callId?: string
  readonly ticketId?: string
  /** Why it was lifted. */
  readonly cause?: string
  /** The ticket system that told it, as in the configuration. */
  readonly via?: string
}

export type LedgerFact = ExportFact | ErasureFact

/** Of no call and no agent. */
export type ServiceFact = ClearedFact | LedgerFact | AccountFact | ViewFact | MessageFact | CatalogueFact | NuisanceFact | NeedToKnowFact
