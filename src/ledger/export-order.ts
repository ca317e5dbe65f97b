/** What can be exported, and how. Pure. */
export const exportFormats = ['csv', 'jsonl'] as const
export type ExportFormat = (typeof exportFormats)[number]
export const exportSubjects = ['handovers', 'calls', 'tickets', 'events'] as const
export type ExportSubject = (typeof exportSubjects)[number]

export interface ExportOrder {
  readonly subject: ExportSubject
  readonly format: ExportFormat
  /** Numbers and names as those see them who need not know them. */
  readonly masked?: boolean
  /** Begun then or later; UTC. */
  readonly from?: Date
  /** Begun before; UTC. */
  readonly to?: Date
}
