import { platforms } from '../domain/handover/handover.ts'
import { intakeStandards } from '../domain/ticket/intake.ts'

/** What a ticket system may speak. */
export const ticketSystemKinds = ['webhook', 'request-tracker', 'znuny', 'zammad', 'relay'] as const

/** What a ticket system's custom fields may hold. */
export const mappable: ReadonlySet<string> = new Set(['id', 'call', 'urgency', 'mode', 'category', 'item', ...platforms.flatMap((platform) => intakeStandards[platform].map(({ name }) => name))])
