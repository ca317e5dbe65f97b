/** A ticket whose citizen is forgotten. Pure. */
import type { Ticket } from './ticket.ts'

/** In the place of what is forgotten. */
export const erased = 'erased'

const said = new Set(['callerNumber', 'callerName', 'title', 'content', 'address', 'handledSoFar', 'longitude', 'latitude'])

/** What happened to it stays; who it was about, where, and what anybody said do not. */
export function withoutCitizen({ intake, reason, steps, attachments, ...ticket }: Ticket): Ticket {
  return {
    ...ticket,
    intake: Object.fromEntries(Object.entries(intake).map(([field, value]) => [field, said.has(field) ? erased : value])),
    ...(attachments ? { attachments: [] } : {}),
    ...(reason === undefined ? {} : { reason: erased }),
    steps: steps.map((step) => (step.text === undefined ? step : { ...step, text: erased })),
  }
}
