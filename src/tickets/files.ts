/** The files of tickets, as links to them are made here and told by other platforms. Pure. */
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Ticket } from '../domain/ticket/ticket.ts'
import { type FileLink, linkedKinds } from '../recordings/links.ts'

const mostLinks = 100
const Links = Type.Object({
  links: Type.Array(
    Type.Object({
      kind: Type.Enum(linkedKinds),
      id: Type.String({ minLength: 1, maxLength: 100 }),
      name: Type.String({ minLength: 1, maxLength: 200 }),
      url: Type.String({ pattern: '^https?://[^\\s]+$', maxLength: 2_000 }),
      expiresAt: Type.String({ format: 'date-time', maxLength: 40 }),
    }),
    { maxItems: mostLinks },
  ),
})

/** Its recordings and attachments. */
export const filesOf = ({ recordings = [], attachments = [] }: Pick<Ticket, 'recordings' | 'attachments'>): readonly Pick<FileLink, 'kind' | 'id' | 'name'>[] => [
  ...recordings.map(({ id }) => ({ kind: 'recording' as const, id, name: '录音' })),
  ...attachments.map(({ id, name }) => ({ kind: 'attachment' as const, id, name })),
]

/** The links that another platform's message has; none where they are not as they must be. @param message as it came */
export function linksIn(message: string | undefined): readonly FileLink[] {
  if (message === undefined) return []
  const told: unknown = JSON.parse(message)
  return Value.Check(Links, told) ? told.links : []
}
