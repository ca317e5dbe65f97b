/** What can be exported, and how. Pure. */
import type { Withheld } from '../users/clearance.ts'

export const exportFormats = ['csv', 'jsonl'] as const
export type ExportFormat = (typeof exportFormats)[number]
export const exportSubjects = ['handovers', 'calls', 'tickets', 'events'] as const
export type ExportSubject = (typeof exportSubjects)[number]

export interface ExportOrder {
  readonly subject: ExportSubject
  readonly format: ExportFormat
  /** Numbers and names as those see them who need not know them. */
  readonly masked?: boolean
  /** What whoever takes it may not know of; nothing when left out. */
  readonly withheld?: Withheld
  /** Begun then or later; UTC. */
  readonly from?: Date
  /** Begun before; UTC. */
  readonly to?: Date
}
