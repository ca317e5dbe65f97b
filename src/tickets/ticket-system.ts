import type { FileLink } from '../recordings/links.ts'
import type { Notice } from './payload.ts'

/** What a ticket system is to be told. */
export interface Telling {
  /** The delivery's: the same at each attempt. */
  readonly id: string
  readonly payload: Notice['payload']
  /** Ids of earlier ones of its hand-over that were given up. */
  readonly missed: readonly string[]
  /** To the recordings and attachments of its ticket, on either side. */
  readonly links: readonly FileLink[]
}

export interface Told {
  /** For the record, as `http-204` or `ticket-17`. */
  readonly outcome: string
  /** Begin of what it answered. */
  readonly answer: string
  /** The number that the ticket has there. */
  readonly reference?: string
}

/** One ticket system, whatever it speaks. To be told the same twice is harmless: each `tell` finds what the one before has left. */
export interface TicketSystem {
  /** Resolves when it has taken it. @throws DeliveryError, or `signal`'s reason when that was aborted */
  tell(telling: Telling, signal: AbortSignal): Promise<Told>
  /** What has happened there since; a system that says so by itself has no such question. @param after the cursor; undefined: from now on @throws as `tell` */
  happened?(after: number | undefined, signal: AbortSignal): Promise<Happened>
  /** Looks whether what its settings name is there, and may be used. Changes nothing. @throws as `tell` */
  check?(signal: AbortSignal): Promise<readonly SettingFault[]>
}

/** Something that the settings name and that the system has not, or not for Tandem. */
export interface SettingFault {
  /** As `queue` or `fields/address`, below the endpoint. */
  readonly setting: string
  readonly reason: string
}

/** What people did there. */
export interface HappenedMessage {
  /** The same whenever it is read. */
  readonly id: string
  /** As the inbox takes it. */
  readonly message: object
  /** Told when it has been dealt with. */
  readonly done?: (heard: Heard) => Promise<void>
}

/** What became of a message: it was taken, or refused for good. */
export type Heard = true | { readonly refused: string }

export interface Happened {
  readonly messages: readonly HappenedMessage[]
  /** Where to go on. */
  readonly cursor: number
  /** There is more already. */
  readonly more: boolean
  /** What could not be read, and is not asked for again. */
  readonly passedOver?: readonly string[]
}
